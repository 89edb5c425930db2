"""How compiling grows with the size of a spec, how many specs one process checks a second, and how
fast the proofs go over the flow graph."""

from __future__ import annotations

import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from gantral.cli.specs import uncollected
from gantral.compiler import Project, analyse
from gantral.compiler.flow import build_flow
from gantral.compiler.generate import generate
from gantral.compiler.proofs import PROOFS
from sizes import size

ROOT = Path(__file__).resolve().parents[1]
SIZES = size((5, 50, 500, 5000), (5, 50))
SPECS = size(50, 1)
# So many gates after one another: a run of many more would be over Temporal's limits (P6).
PATH = 50
FILES = ("refund.gantral", "shared/people.gantral")


# Gates of one workflow: ninety, with votes to spare for each, are too many for one history (P6).
CHUNK = 50


def spec(gates: int) -> str:
    """That many gates, each asked once and its effect called, in workflows of CHUNK."""
    lines = [
        "role clerk  role manager",
        'service bank on queue "bank" {',
        "  effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } {",
        "    timeout 1m } }",
    ]
    for first in range(0, gates, CHUNK):
        numbers = range(first, min(first + CHUNK, gates))
        lines += [
            f'workflow many{first} version "1.0.0" {{',
            "  team payments  start by clerk",
            "  input { invoice: string(max: 64), amount: decimal(scale: 2, min: 0) }",
            "  output { reference: string }",
        ]
        for number in numbers:
            lines += [
                f"  gate g{number}(invoice: string, amount: decimal(scale: 2)) {{",
                "    releases bank.pay  decide 2 of manager",
                "    clock { after 8h remind  after 72h reject }  lasts 30m, uses 1 }",
            ]
        lines.append("  run {")
        for number in numbers:
            lines += [
                f"    let ok{number} = ask g{number}(invoice: input.invoice, amount: input.amount)",
                f"    let done{number} = bank.pay(invoice: ok{number}.invoice, "
                f"amount: ok{number}.amount) under ok{number}",
            ]
        lines += [f"    complete {{ reference: done{numbers[-1]}.reference }}", "  }", "}"]
    return "\n".join(lines)


def run() -> None:
    """Measure and print."""
    print("compile: one process a size; 10 times the statements may take 12 times as long")
    before: dict[str, float] = {}
    for gates in SIZES:
        told = subprocess.run(
            [sys.executable, __file__, str(gates)], check=True, capture_output=True, text=True
        )
        found = json.loads(told.stdout)
        growth = ""
        if before:
            wanted = found["gates"] / before["gates"]
            growth = (
                f"  {wanted:.0f} times the gates: {found['seconds'] / before['seconds']:.1f} times"
                f" the time, {found['mib'] / before['mib']:.1f} times the memory"
            )
        print(
            f"  {gates:>5} gates, {found['lines']:>6} lines {found['seconds']:8.3f} s"
            f" {found['mib']:6.0f} MiB{growth}"
        )
        before = found
    print(
        f"  proofs of the largest: {found['states'] / 1000:.0f} k states/s (a state: a node of the"
        f" flow graph in one proof), budget at least 500 k"
    )
    _rate()
    gates = SIZES[-2]
    print(f"  where the time goes in {gates} gates (own time, profiled):")
    _profile(gates)


def _one(gates: int) -> None:
    text = spec(gates)
    with uncollected():
        began = time.perf_counter()
        found = analyse(Project({"many.gantral": text}.get), "many.gantral")
        assert found.programs
        for program in found.programs:
            generate(program, {"many.gantral": text})
        seconds = time.perf_counter() - began
        flows = [build_flow(program) for program in found.programs]
        began = time.perf_counter()
        assert not [one for flow in flows for prove in PROOFS.values() for one in prove(flow)]
        proving = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "gates": gates,
        "lines": text.count("\n") + 1,
        "seconds": seconds,
        "mib": usage.ru_maxrss / 1024,
        "states": sum(len(flow.nodes) for flow in flows) * len(PROOFS) / proving,
    }
    print(json.dumps(told))


def _rate() -> None:
    example = ROOT / "examples" / "refund"
    texts = {name: (example / name).read_text("utf-8") for name in FILES}
    rates = []
    for _ in range(5):
        with uncollected():
            began = time.perf_counter()
            for _ in range(SPECS):
                assert analyse(Project(texts.get), FILES[0]).programs
            rates.append(SPECS / (time.perf_counter() - began))
    lines = sum(text.count("\n") for text in texts.values())
    print(
        f"  the refund spec with its import, {lines} lines, again and again in one process:"
        f" {median(rates):.0f} specs/s ({min(rates):.0f} to {max(rates):.0f}), budget at least 100"
    )


def _profile(gates: int) -> None:
    text = spec(gates)
    profile = cProfile.Profile()
    with uncollected():
        profile.runcall(analyse, Project({"many.gantral": text}.get), "many.gantral")
    found = pstats.Stats(profile).get_stats_profile()
    slowest = sorted(found.func_profiles.items(), key=lambda one: -one[1].tottime)[:5]
    for name, one in slowest:
        print(f"    {one.tottime / found.total_tt:5.0%}  {Path(one.file_name).name}: {name}")


if __name__ == "__main__":
    _one(int(sys.argv[1]))

"""`gantral check` as a whole process against what its parser library costs to import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import compare, spread
from sizes import size

ROOT = Path(__file__).resolve().parents[1]
SPECS = ("refund.gantral", "shared/people.gantral")
POLICY = "policies/refund.rego"
ROUNDS = size(15, 1)


def run() -> None:
    """Measure and print: the specs alone, and with the description that stands beside the example,
    which `check` makes again to compare it (docs/adr/0076)."""
    example = ROOT / "examples" / "refund"
    lines = sum(len((example / name).read_text("utf-8").splitlines()) for name in SPECS)
    print(f"check: whole process, {lines} lines, median of {ROUNDS} (smallest to largest)")
    with tempfile.TemporaryDirectory(prefix="gantral-bench-") as made:
        folder = Path(made)
        for name in (*SPECS, POLICY):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(example / name, folder / name)
        _measured("gantral check", folder, "2.5")
        shutil.copyfile(example / "refund.md", folder / "refund.md")
        _measured("with its description", folder, "none")


def _measured(what: str, folder: Path, budget: str) -> None:
    check: list[str | Path] = [Path(sys.executable).with_name("gantral"), "check", SPECS[0]]

    # Compiled modules are kept, as they are where people work: compiling them anew each time would
    # be measured on both sides and bring the ratio nearer to one.
    kept = {name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def process(command: list[str | Path]) -> None:
        subprocess.run(command, cwd=folder, env=kept, check=True, capture_output=True)

    found = compare(
        lambda: process(check),
        lambda: process([sys.executable, "-c", "import lark"]),
        ROUNDS,
    )
    print(f"  {what:<23} {spread(found.ours, 1000, 'ms')}")
    print(f"  python -c 'import lark' {spread(found.theirs, 1000, 'ms')}")
    print(f"  ratio {found.ratio:.2f}, budget {'at most ' if budget != 'none' else ''}{budget}")

"""Verifying one bundle of very many artifacts: artifacts a second and peak memory of each process,
against what its bytes cost to read, hash and check alone.

``python bench/bundles.py 1000000`` measures with so many; `make bench` with 20,000, or with
ARTIFACTS=1000000. Of more than 100,000 there is one round; a million take 9 GB in a temporary
folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bundling
from gantral.cli.tools.go import go
from sizes import size

HERE = Path(__file__).parent
SOURCES = HERE.parent / "verify-go"
ARTIFACTS, ROUNDS, MANY = size(20_000, 200), size(3, 1), 100_000


@dataclass(frozen=True)
class Ran:
    """Seconds of one process and its children by the clock and of computing, and MB at its peak."""

    wall: float
    cpu: float
    peak: float


# A process begins with the peak of the one that started it: this one is small.
_START = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - began
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def ran(command: list[str]) -> Ran:
    """Run it to its end. Of several processes of one command the peak is the largest's."""
    start = [sys.executable, "-I", "-S", "-c", _START, *command]
    done = subprocess.run(start, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return Ran(*json.loads(done.stdout))


def run(artifacts: int) -> None:
    """Measure and print."""
    rounds = 1 if artifacts > MANY else ROUNDS
    with tempfile.TemporaryDirectory(prefix="gantral-bundle-") as made:
        folder = Path(made)
        second = _build(folder / "gantral-verify")
        small, large = folder / "small.evidence", folder / "large.evidence"
        bundling.write(small, artifacts // 10)
        began = time.perf_counter()
        number = bundling.write(large, artifacts)
        took = time.perf_counter() - began
        megabytes = large.stat().st_size / 1e6
        print(
            f"bundle: {number} instances, {number * bundling.ARTIFACTS} artifacts,"
            f" {megabytes:.0f} MB, made in {took:.0f} s",
            flush=True,
        )
        python, trust = sys.executable, str(bundling.TRUST)
        verify = [python, "-m", "gantral.cli", "verify", "--trust", trust]
        limit = [python, str(HERE / "limit.py")]
        cores = os.cpu_count() or 1
        both = [str(small), str(large)]

        def told(what: str, *command: str) -> Ran:
            return _tell(what, [[*command, one] for one in both], number, rounds)

        alone = told("reading, SHA-256, Ed25519", *limit, "alone", trust)
        strict = told("the same, parsed and written again", *limit, "strict", trust)
        ours = told("gantral verify", *verify)
        several = told(f"gantral verify --jobs {cores}", *verify, "--jobs", str(cores))
        theirs = told("gantral-verify (Go), all cores", second, "--trust", trust)
        print(
            f"  gantral verify is {strict.cpu / ours.cpu:.2f} times as fast as the second line,"
            f" budget 0.7, and {alone.cpu / ours.cpu:.2f} times as fast as the first"
        )
        print(f"  gantral-verify is {ours.wall / theirs.wall:.2f} times as fast as gantral verify")
        print(f"  {cores} processes are {ours.wall / several.wall:.2f} times as fast as one")


def _build(made: Path) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    command = [str(go()), "build", "-trimpath", "-o", str(made), "."]
    subprocess.run(command, cwd=SOURCES, env=environment, check=True)
    return str(made)


def _tell(what: str, commands: list[list[str]], number: int, rounds: int) -> Ran:
    """Of the small bundle the peak alone; of the large one the round with the median time."""
    few, many = commands
    before = ran(few).peak
    all_ = sorted((ran(many) for _ in range(rounds)), key=lambda one: one.cpu)
    found = all_[len(all_) // 2]
    rate = number * bundling.ARTIFACTS / found.cpu
    print(
        f"  {what:35} {rate:8.0f} artifacts/s of computing, {found.wall:7.1f} s by the clock,"
        f" peak {found.peak:5.0f} MB ({before:.0f} MB for a tenth)",
        flush=True,
    )
    return found


if __name__ == "__main__":
    run(int(sys.argv[1]))

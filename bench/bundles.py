"""Verifying one bundle of very many artifacts: artifacts a second and peak memory of each process,
against what its bytes cost to read, hash and check alone.

python bench/bundles.py 1000000     (one round, some 9 GB in a temporary folder)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bundling
from gantral.cli.tools.go import go

HERE = Path(__file__).parent
SOURCES = HERE.parent / "verify-go"
DEFAULT, ROUNDS = 20_000, 3


@dataclass(frozen=True)
class Ran:
    """Seconds of one process and its children by the clock and of computing, and MB at its peak."""

    wall: float
    cpu: float
    peak: float


def ran(command: list[str]) -> Ran:
    """Run it to its end. Of several processes of one command the peak is the largest's."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(said.decode())
    wall = time.perf_counter() - began
    return Ran(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def run(artifacts: int = DEFAULT, rounds: int = ROUNDS) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gantral-bundle-") as made:
        folder = Path(made)
        second = _build(folder / "gantral-verify")
        small, large = folder / "small.evidence", folder / "large.evidence"
        bundling.write(small, artifacts // 10)
        number = bundling.write(large, artifacts)
        size = large.stat().st_size / 1e6
        print(f"bundle: {number} instances, {number * bundling.ARTIFACTS} artifacts, {size:.0f} MB")
        python, trust = sys.executable, str(bundling.TRUST)
        verify = [python, "-m", "gantral.cli", "verify", "--trust", trust]
        limit = [python, str(HERE / "limit.py")]
        cores = os.cpu_count() or 1
        _tell(
            "reading, SHA-256, Ed25519",
            [[*limit, "alone", str(one), trust] for one in (small, large)],
            number,
            rounds,
        )
        strict = _tell(
            "the same, strict and re-encoded",
            [[*limit, "strict", str(one), trust] for one in (small, large)],
            number,
            rounds,
        )
        ours = _tell(
            "gantral verify", [[*verify, str(one)] for one in (small, large)], number, rounds
        )
        several = _tell(
            f"gantral verify --jobs {cores}",
            [[*verify, "--jobs", str(cores), str(one)] for one in (small, large)],
            number,
            rounds,
        )
        _tell(
            "gantral-verify (Go)",
            [[second, str(one), "--trust", trust] for one in (small, large)],
            number,
            rounds,
        )
        print(
            f"  gantral verify is {strict.cpu / ours.cpu:.2f} times as fast as the strict limit, budget at least 0.7"
        )
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
        f"  {what:33} {rate:8.0f} artifacts/s of computing, {found.wall:7.1f} s by the clock,"
        f" peak {found.peak:5.0f} MB ({before:.0f} MB for a tenth)",
        flush=True,
    )
    return found


if __name__ == "__main__":
    run(int(sys.argv[1]), 1)

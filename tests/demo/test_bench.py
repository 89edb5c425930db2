"""`make bench SMALL=1`: every part of it still runs, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "check: ", "compile: ", "simulate: ", "instances: ", "verify: ", "stores: ", "waiting: ",
    "bundle: ",
)  # fmt: skip


def test_every_part_measures_something(environment: Callable[..., Any]) -> None:
    found = environment(SMALL="1")
    # A part whose activities fail is tried by Temporal for ever: the limit is what tells.
    done = subprocess.run(
        [sys.executable, "bench"],
        cwd=ROOT,
        env=found.variables,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    begun = [line for line in done.stdout.splitlines() if line.startswith(PARTS)]
    assert len(begun) == len(PARTS), done.stdout
    assert not found.left()

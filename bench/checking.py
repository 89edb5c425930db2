"""`gantral check` as a whole process against what its parser library costs to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rounds import compare, spread

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 15


def run() -> None:
    """Measure and print."""
    folder = ROOT / "examples" / "refund"
    lines = sum(
        len((folder / name).read_text("utf-8").splitlines())
        for name in ("refund.gantral", "shared/people.gantral")
    )
    check: list[str | Path] = [Path(sys.executable).with_name("gantral"), "check", "refund.gantral"]

    def process(command: list[str | Path]) -> None:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    found = compare(
        lambda: process(check),
        lambda: process([sys.executable, "-c", "import lark"]),
        ROUNDS,
    )
    print(f"check: whole process, {lines} lines, median of {ROUNDS} (smallest to largest)")
    print(f"  gantral check           {spread(found.ours, 1000, 'ms')}")
    print(f"  python -c 'import lark' {spread(found.theirs, 1000, 'ms')}")
    print(f"  ratio {found.ratio:.2f}, budget at most 2.5")

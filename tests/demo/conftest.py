"""What a run of the command finds around it, and what it leaves running."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Environment:
    """What a run finds around it, with a mark that every process it starts inherits."""

    def __init__(self, **more: str) -> None:
        self.mark = f"mark-{uuid.uuid4()}"
        # COLUMNS is what some test runners say of a terminal that is not there.
        unwanted = ("PYTHONPATH", "COLUMNS")
        kept = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.variables = {
            **kept,
            "GANTRAL_TOOLS": str(ROOT / ".tools"),
            "GANTRAL_TEST_MARK": self.mark,
            "NO_COLOR": "1",
            **more,
        }

    def left(self) -> list[str]:
        """The command lines of processes with the mark that still run."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (process / "environ").read_bytes():
                    line = (process / "cmdline").read_bytes()
                    if line:
                        found.append(line.replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture(scope="session")
def environment() -> type[Environment]:
    """Makes one: `around = environment(COLUMNS="50")`."""
    return Environment

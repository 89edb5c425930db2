"""Unpack a wheel of the Python registry into a folder, with whatever installer is at hand."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.run import CommandError, run

_LIMIT = 600.0


def unpack(requirement: str, target: Path) -> None:
    """Put the files of ``requirement`` (``name==version``) into ``target``, dependencies left out.

    Tries uv, then this environment's pip, then the pip of a fresh virtual environment (an
    environment that uv made has no pip of its own).

    Raises:
        ToolMissing: none of them worked.
    """
    attempts: list[tuple[str, str]] = []
    uv = shutil.which("uv")
    if uv is None:
        attempts.append(("uv", "not on PATH"))
    else:
        try:
            uv_install = [uv, "pip", "install", "--no-deps", "--python", sys.executable]
            run([*uv_install, "--target", str(target), requirement], limit=_LIMIT)
            return
        except CommandError as error:
            attempts.append(("uv pip install", str(error)))
    pip_install = ["-m", "pip", "install", "--no-deps", "--target", str(target), requirement]
    try:
        run([sys.executable, *pip_install], limit=_LIMIT)
        return
    except CommandError as error:
        attempts.append(("python -m pip install", str(error)))
    with tempfile.TemporaryDirectory() as scratch:
        try:
            run([sys.executable, "-m", "venv", scratch], limit=_LIMIT)
            run([Path(scratch) / "bin" / "python", *pip_install], limit=_LIMIT)
            return
        except CommandError as error:
            attempts.append(("pip of a fresh virtual environment", str(error)))
    raise ToolMissing(
        requirement,
        attempts,
        "install uv or pip, and let this machine reach a Python package registry",
    )

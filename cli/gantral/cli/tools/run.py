"""Run a command that fetches or checks a tool, and say in a line how it went wrong."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class CommandError(Exception):
    """A command of a fetch did not succeed; the text is one line for :class:`ToolMissing`."""


def run(
    command: Sequence[str | Path], *, limit: float, env: Mapping[str, str] | None = None
) -> str:
    """Run ``command`` without input, within ``limit`` seconds, and return its stdout.

    Raises:
        CommandError: it is not there, did not end in time, or ended with another status than 0.
    """
    try:
        done = subprocess.run(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            env={**os.environ, **(env or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"no end within {limit:g} s") from None
    except OSError as error:
        raise CommandError(error.strerror or str(error)) from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise CommandError(f"exit {done.returncode}: {said[-1] if said else 'said nothing'}")
    return done.stdout

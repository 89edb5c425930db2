"""Findings in the words of a terminal or a tool: what every command that tells some shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from gantral.dsl.diagnostics import Diagnostic, render


def show(
    found: Sequence[Diagnostic], sources: Mapping[str, str], format: str, stream: TextIO
) -> None:
    """Print the findings, and on stderr how many there are."""
    color = format in ("full", "concise") and stream.isatty() and not os.environ.get("NO_COLOR")
    print(render(list(found), sources, format, color), end="", file=stream)  # type: ignore[arg-type]
    if found:
        print(_count(found), file=sys.stderr)


def some(count: int, what: str) -> str:
    """A number of things, in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _count(found: Sequence[Diagnostic]) -> str:
    errors = sum(one.severity == "error" for one in found)
    parts = [(errors, "error"), (len(found) - errors, "warning")]
    return ", ".join(some(count, what) for count, what in parts if count)

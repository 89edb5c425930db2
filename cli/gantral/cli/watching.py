"""A command said again whenever a file that it read changes (`check --watch`)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gantral.cli.failure import Failure

# Seconds between two looks: soon enough after a save, and no load.
EVERY = 0.3

# What is looked at: a file's path -> when it was written and how long it is; None: not there.
_Seen = dict[Path, tuple[int, int] | None]


def watch(look: Callable[[], Iterable[Path]], say: Callable[[], object]) -> None:
    """Calls `say` at once and again after each change of the files that `look` names (asked anew
    each time, so that a new file counts). Ends by KeyboardInterrupt alone.

    A Failure of `say` or `look` is told, and mended by whoever saves next.
    """
    before = _stamps(look)
    while True:
        _guarded(say)
        # What changed while it was said counts as changed; what it read for the first time not.
        seen = _stamps(look) | before
        print(f"watching {len(seen)} files, Ctrl-C ends", file=sys.stderr, flush=True)
        while (before := _stamps(look)) == seen:
            time.sleep(EVERY)


def _stamps(look: Callable[[], Iterable[Path]]) -> _Seen:
    try:
        return {file: _stamp(file) for file in look()}
    except Failure:
        return {}


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _guarded(say: Callable[[], object]) -> None:
    try:
        say()
        sys.stdout.flush()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)

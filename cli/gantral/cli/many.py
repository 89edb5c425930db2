"""Many specs checked at once: what comes out is the same in one process and in several.

For the first second this process works alone, so that few specs pay for no other process. Then,
when more than that is left, others help. They are spawned, never forked; each ends when this one
does, whatever ends it; and what one of them can't do, for whatever reason, is done here, so that
every error is told as if there were none of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gantral.cli.specs import Checked, Work, uncollected

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

# Seconds of work that no other process is started for, and after which progress is shown.
ALONE = 1.0
# Seconds between two looks of the bar.
_REDRAWN = 0.1


def check_many(work: Sequence[Work], processes: int | None = None) -> list[Checked]:
    """Each file's findings, in the order of `work`; `processes` at most help (None: one for each
    core that this process may use).

    Raises:
        Failure: of the first file that can't be read, in that order.
    """
    helpers = _cores() if processes is None else processes
    bar = _Bar(len(work))
    done: list[Checked | None] = []
    try:
        began = time.monotonic()
        for one in work:
            left = len(work) - len(done)
            spent = time.monotonic() - began
            if helpers > 1 and spent >= ALONE and left * spent >= ALONE * len(done) and left > 1:
                done += _shared(work[len(done) :], min(helpers, left), bar)
                break
            done.append(one.check())
            bar.add()
        return [found or one.check() for one, found in zip(work, done, strict=True)]
    finally:
        bar.end()


def _shared(work: Sequence[Work], helpers: int, bar: _Bar) -> list[Checked | None]:
    """What other processes find; None where none of them could."""
    from multiprocessing.connection import wait

    found: list[Checked | None] = [None] * len(work)
    waiting = iter(range(len(work)))
    with _helpers(helpers) as free:
        busy: dict[Connection, int] = {}
        while True:
            while free and (index := next(waiting, None)) is not None:
                helper = free.pop()
                try:
                    helper.send(work[index])
                except OSError:
                    continue  # it is gone: this file is done here
                busy[helper] = index
            if not busy:
                return found
            for one in wait(list(busy)):
                helper = one  # type: ignore[assignment]  # only connections were given
                index = busy.pop(helper)
                try:
                    found[index] = helper.recv()
                except (EOFError, OSError):
                    continue  # so is this one
                free.append(helper)
                bar.add()


@contextmanager
def _helpers(count: int) -> Iterator[list[Connection]]:
    """Processes that check what they are sent, while this lasts."""
    from multiprocessing import get_context, resource_tracker

    context = get_context("spawn")
    started: list[BaseProcess] = []
    ours: list[Connection] = []
    try:
        # It lets SIGINT through when it starts, so it starts before that is held back.
        resource_tracker.ensure_running()
        # Ctrl-C is for this process, which then ends the others; they inherit that it is blocked.
        with _held_back():
            for _ in range(count):
                here, there = context.Pipe()
                ours.append(here)
                process = context.Process(target=_serve, args=(there,), daemon=True)
                process.start()
                started.append(process)
                # Only the other process may hold it, so that its end is seen here.
                there.close()
        yield list(ours)
    except BaseException:
        for other in started:
            other.terminate()
        raise
    finally:
        for one in ours:
            one.close()
        for other in started:
            other.join()


@contextmanager
def _held_back() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """Check what comes until nothing more can come: its other end is closed, or gone with its
    process."""
    with uncollected():
        while True:
            try:
                work: Work = connection.recv()
            except (EOFError, OSError):
                return
            try:
                found: Checked | None = work.check()
            except Exception:
                # The other side does it again, and tells what is wrong.
                found = None
            try:
                connection.send(found)
            except OSError:
                return


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Bar:
    """How far it is, on standard error, when that is a terminal and a second has passed. It is
    plain text and gone at the end, so NO_COLOR has nothing to take from it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + ALONE
        self._length = 0

    def add(self) -> None:
        """One more is done."""
        self._done += 1
        if not self._shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REDRAWN
        count = f"checked {self._done} of {self._total}"
        width = min(40, shutil.get_terminal_size().columns - len(count) - 4)
        full = width * self._done // self._total
        drawn = f"{count} [{'#' * full}{'-' * (width - full)}]" if width >= 10 else count
        self._length = max(self._length, len(drawn))
        print(f"\r{drawn}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line as it was found."""
        if self._length:
            print(f"\r{' ' * self._length}\r", end="", file=sys.stderr, flush=True)

"""Branches of a `parallel`: one goes on at a time, and at each of its steps others may go on.

How long a step takes nobody knows, so every order of the branches' steps may be. Each branch has a
stack of its own (a greenlet), which it leaves where it waits its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gantral.dsl.span import Span
from greenlet import getcurrent, greenlet

from interpreter.book import Book, Lineage
from interpreter.schedule import Schedule


class Stopped(Exception):  # noqa: N818
    """Another branch has failed: this one does nothing more."""


class Turns:
    """The turns in one `parallel`, which may be in a branch of another (`around`)."""

    def __init__(self, schedule: Schedule, book: Book, head: Span, around: Turns | None) -> None:
        self.failure: Exception | None = None
        self._schedule = schedule
        self._book = book
        self._head = head
        self._around = around

    def run(self, branches: Mapping[str, Callable[[], None]]) -> None:
        """Runs all of them to their ends. What one raises is the failure, if it is the first."""
        left = {name: self._begun(name, body) for name, body in branches.items()}
        last = ""
        while left:
            self.others()
            word = self._schedule.pick([f"branch {name}" for name in left], self._head)
            name = word.partition(" ")[2]
            before, self._book.lineage = self._book.lineage, self._lineage(name)
            if last in left and last != name:
                self._book.reached.add("a branch between two steps of another")
            last = name
            left[name].switch()
            self._book.lineage = before
            if left[name].dead:
                del left[name]

    def others(self) -> None:
        """Branches beside the one that this `parallel` is in may go on."""
        if self._around is not None:
            self._around.turn()

    def turn(self) -> None:
        """The branch waits its turn."""
        getcurrent().parent.switch()

    @property
    def stopped(self) -> bool:
        """Whether a branch has failed, here or around."""
        return self.failure is not None or (self._around is not None and self._around.stopped)

    def _lineage(self, name: str) -> Lineage:
        return (*self._book.lineage, (self._head, name))

    def _begun(self, name: str, body: Callable[[], None]) -> greenlet:
        def whole() -> None:
            self._book.happened(self._head, f"branch {name}")
            try:
                body()
            except Stopped:
                self._book.reached.add("a branch stopped by another's failure")
            except Exception as failure:
                self.failure = self.failure or failure

        return greenlet(whole)

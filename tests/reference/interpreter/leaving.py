"""What leaves a block before its last statement: the run's end, or a value."""

from __future__ import annotations

from gantral.dsl.span import Span

from interpreter.book import Reached
from interpreter.data import Datum


class Ended(Exception):  # noqa: N818
    """The run has ended: "completed", "rejected" or "terminated", why, at which statement, and with
    what it leaves. Of a rejection `cause` is "no" or "late"; of a gate whose policy said no or
    nothing, before the vote or after, "policy_failed"; else a word of the runtime. A value that
    does not fit fails nowhere."""

    def __init__(self, how: str, cause: str, at: Span | None, output: Datum | None = None) -> None:
        super().__init__(how)
        self.how = how
        self.cause = cause
        self.at = at
        self.output = output


class Leaving(Exception):  # noqa: N818
    """A value on its way to what makes it, out of how many blocks so far, and of what they are."""

    def __init__(self, value: Datum) -> None:
        super().__init__()
        self.value = value
        self.blocks = 0
        self.out_of: set[Reached] = set()


class Gave(Leaving):
    """`give`."""


class Collected(Leaving):
    """`collect`, for a `for each`."""

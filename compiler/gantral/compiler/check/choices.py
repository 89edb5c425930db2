"""The choices on which it depends that a statement is reached (LANGUAGE section 8, rule 3).

A choice counts when the run may come to one place both by the statement and by the choice's other
side: where one of the two ends the run, nobody can ask which way it went. The graph finds the
same by itself (`flow/deciding.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gantral.compiler.check.leaving import GIVES, THROUGH, Leaving, Ways
from gantral.compiler.check.provenance import Origin
from gantral.dsl import syntax as syn


@dataclass(slots=True)
class _Choice:
    """`other`: the ways out of the side not taken; `depth`: the block that the choice stands in."""

    origin: Origin
    other: Ways
    depth: int


@dataclass(slots=True)
class _Block:
    """A block while its statement `at` is checked; `rest` is of its statements. `takes`: it is the
    handler that a `give` inside gives to."""

    rest: tuple[Ways, ...]
    takes: bool
    at: int = -1


class Choices:
    """The blocks and choices around the statement that is being checked."""

    def __init__(self) -> None:
        self.leaving = Leaving()
        self._blocks: list[_Block] = []
        self._made: list[_Choice] = []

    @property
    def count(self) -> int:
        """How many there are: those that a variable declared here doesn't carry."""
        return len(self._made)

    @property
    def depth(self) -> int:
        """How many blocks are around."""
        return len(self._blocks)

    @contextmanager
    def block(self, statements: Sequence[syn.Statement], *, takes: bool) -> Iterator[None]:
        """Inside a block."""
        before = len(self._made)
        self._blocks.append(_Block(self.leaving.rest(statements), takes))
        yield
        self._blocks.pop()
        if takes:
            # All that was given meets after the call.
            del self._made[before:]

    def step(self) -> None:
        """On to the next statement of the innermost block."""
        self._blocks[-1].at += 1

    @contextmanager
    def chosen(self, origin: Origin, side: Ways, other: Ways) -> Iterator[None]:
        """On one side of a choice; `other` is the ways out of the other."""
        at = len(self._made)
        self._made.append(_Choice(origin, other, len(self._blocks) - 1))
        yield
        if side.through:
            # What some way inside left by a `give` was decided by, decides what follows too.
            del self._made[at]
            for each in self._made[at:]:
                each.depth = len(self._blocks) - 1
        else:
            del self._made[at:]

    def left(self, origin: Origin) -> None:
        """Some way of a choice gave and left: what follows in the handler depends on it."""
        self._made.append(_Choice(origin, GIVES, len(self._blocks) - 1))

    def deciding(self, since: int) -> Iterator[Origin]:
        """What it depends on, from the choice of that number on, that this statement is reached."""
        for choice in self._made[since:]:
            if self._meet(choice):
                yield choice.origin

    def _meet(self, choice: _Choice) -> bool:
        here, other = THROUGH, None
        for depth in reversed(range(len(self._blocks))):
            block = self._blocks[depth]
            if depth == choice.depth:
                other = choice.other
            if other is not None and here.through and other.through:
                return True
            after = block.rest[block.at + 1]
            here = here.then(after)
            other = None if other is None else other.then(after)
            if block.takes:
                here = Ways(here.goes_on, False)
                other = None if other is None else Ways(other.goes_on, False)
            if not here.goes_on or (other is not None and not other.goes_on):
                return False
        return False

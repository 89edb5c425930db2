"""The choices on which it depends that a statement is reached (LANGUAGE section 8, rule 3).

A choice counts when the run may come to one place both by the statement and by the choice's other
side: where one of the two ends the run, nobody can ask which way it went. The graph finds the
same by itself (`flow/deciding.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gantral.compiler.check.leaving import THROUGH, Leaving, Making, Ways
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
    """A block while its statement `at` is checked; `rest` is of its statements. `takes`: what
    leaves it by these words goes on after what the block is a part of."""

    rest: tuple[Ways, ...]
    takes: tuple[Making, ...]
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

    @contextmanager
    def block(
        self, statements: Sequence[syn.Statement], *, takes: tuple[Making, ...]
    ) -> Iterator[None]:
        """Inside a block."""
        before = len(self._made)
        self._blocks.append(_Block(self.leaving.rest(statements), takes))
        yield
        self._blocks.pop()
        if takes:
            # All that it takes meets after it; what has left further does not.
            left = self._made[before:]
            del self._made[before:]
            for each in left:
                each.other = Ways(False, each.other.out - {*takes})
                if each.other.goes_on:
                    self._made.append(each)

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

    def left(self, origin: Origin, by: Iterable[Making]) -> None:
        """Some way of a choice left by these words: what follows in the block depends on it."""
        self._made.append(_Choice(origin, Ways(False, frozenset(by)), len(self._blocks) - 1))

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
            here = here.taken(block.takes)
            other = None if other is None else other.taken(block.takes)
            if not here.goes_on or (other is not None and not other.goes_on):
                return False
        return False

"""Chance from bytes, so that a shorter or smaller tape is a simpler program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Tape:
    """Reads a byte for each choice; where it ends every choice is the first."""

    def __init__(self, read: bytes) -> None:
        self._left = list(reversed(read))

    def below(self, number: int) -> int:
        """A number from 0."""
        return self._left.pop() % number if self._left else 0

    def one(self, options: Sequence[T]) -> T:
        """One of them; the first is the simplest."""
        return options[self.below(len(options))]

    def chance(self, of_ten: int) -> bool:
        """True so many times of ten."""
        return self.below(10) >= 10 - of_ten

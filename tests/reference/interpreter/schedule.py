"""What decides an execution: every choice that is not the program's own (what people, policies,
services and inputs answer) is one pick of a schedule."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gantral.dsl.span import Span

T = TypeVar("T")


class Schedule(Protocol):
    """Picks one of several answers. `at` is where in the source the question arises, if anywhere,
    so that a schedule can follow a path."""

    free: bool
    """Whether conditions are answered by the schedule instead of being computed."""

    def pick(self, options: Sequence[T], at: Span | None = None) -> T:
        """One of the options."""
        ...


@dataclass
class Trial:
    """Follows `start` for its first picks, then takes the first option each time. `taken` has every
    pick: the option's number and how many there were."""

    start: tuple[int, ...] = ()
    free: bool = False
    taken: list[tuple[int, int]] = field(default_factory=list)

    def pick(self, options: Sequence[T], at: Span | None = None) -> T:
        here = len(self.taken)
        number = self.start[here] if here < len(self.start) else 0
        self.taken.append((number, len(options)))
        return options[number]


@dataclass
class Dice:
    """Picks by chance, the same for the same seed; the first option, the usual one, more often."""

    seed: int
    free: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def pick(self, options: Sequence[T], at: Span | None = None) -> T:
        return usually(self._random, options)


def usually(chance: random.Random, options: Sequence[T], often: float = 0.5) -> T:
    """The first, so often; else any of them."""
    return options[0] if chance.random() < often else options[int(chance.random() * len(options))]


def trials(limit: int) -> Iterator[Trial]:
    """Every schedule there is, one after another, depth first; each must be run before the next is
    asked for. After `limit` of them it stops, whatever is left."""
    start: tuple[int, ...] = ()
    for _ in range(limit):
        trial = Trial(start)
        yield trial
        taken = trial.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        start = (*(number for number, _ in taken[:-1]), taken[-1][0] + 1)

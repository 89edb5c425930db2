"""Interleaved rounds and their medians: two things are measured in turns, so that what else the
machine does meets both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Compared:
    """Seconds of each round, ours and the other side's."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of ours over the median of theirs."""
        return median(self.ours) / median(self.theirs)


def compare(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> Compared:
    """Measure both, in turns, after one round that only warms up."""
    ours(), theirs()
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        # Whoever goes second finds warmer caches: they change places.
        for side in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            (ours, theirs)[side]()
            taken[side].append(time.perf_counter() - began)
    return Compared(tuple(taken[0]), tuple(taken[1]))


def spread(values: tuple[float, ...], scale: float, unit: str) -> str:
    """The median with the smallest and largest."""
    low, high = min(values) * scale, max(values) * scale
    return f"{median(values) * scale:8.1f} {unit}  ({low:.1f} to {high:.1f})"

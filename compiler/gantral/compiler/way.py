"""The conditions on the way to a point of the run, found by what they read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from gantral.compiler.program import Expr
from gantral.dsl.frozen import frozen

Path: TypeAlias = tuple[object, tuple[str, ...]]
"""What a read starts from, and the fields after it."""

_Key = tuple[object, str]


@frozen
class Condition:
    """A condition that was judged. `holds`: how it came out on this way, None: either way was
    taken. `guards` are the choices between which it was judged at all. `handled` says that it
    stands in a handler, which may not have run."""

    expression: Expr
    holds: bool | None
    guards: tuple[tuple[Expr, bool], ...]
    reads: frozenset[Path]
    handled: bool = False


@dataclass(slots=True)
class Way:
    """A stack of conditions with an index, so that a long run costs each ask no more."""

    _conditions: list[Condition] = field(default_factory=list)
    _index: dict[_Key, list[int]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many conditions there are."""
        return len(self._conditions)

    def add(self, condition: Condition) -> None:
        """One more."""
        for key in {_key(path) for path in condition.reads}:
            self._index.setdefault(key, []).append(len(self._conditions))
        self._conditions.append(condition)

    def extend(self, conditions: Iterable[Condition]) -> None:
        """More, in order."""
        for one in conditions:
            self.add(one)

    def cut(self, length: int) -> list[Condition]:
        """Takes off, and returns, those after the first `length`."""
        gone = self._conditions[length:]
        for condition in reversed(gone):
            for key in {_key(path) for path in condition.reads}:
                self._index[key].pop()
        del self._conditions[length:]
        return gone

    def reading(self, paths: Iterable[Path]) -> list[Condition]:
        """Those that read something of one of the paths, in order. A path is one scalar."""
        sought = list(paths)
        found = {
            place
            for path in sought
            for key in (_key(path), (path[0], ""))
            for place in self._index.get(key, ())
        }
        near = [self._conditions[place] for place in sorted(found)]
        return [one for one in near if any(overlap(a, b) for a in one.reads for b in sought)]


def _key(path: Path) -> _Key:
    return path[0], path[1][0] if path[1] else ""


def overlap(one: Path, other: Path) -> bool:
    """Whether reading one reads something of the other."""
    shorter = min(len(one[1]), len(other[1]))
    return one[0] == other[0] and one[1][:shorter] == other[1][:shorter]

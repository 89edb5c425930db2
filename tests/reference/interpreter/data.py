"""A datum: a value, who saw it, and where it comes from.

`by` is the set of executions of `ask` through which it was shown and approved; NOBODY in it: some
of it was shown to nobody. `of` are the places it was computed from: a path, whose first part is the
source (an input, an answer of a call, what one `ask` decided).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from gantral.compiler.program import Type

Place: TypeAlias = tuple[str | int, ...]
Places: TypeAlias = frozenset[Place]


@dataclass(frozen=True)
class Seen:
    """Approved by that execution of an `ask`; `result`: it is what that effect answered, done under
    the approval, rather than what people were shown."""

    execution: int
    result: str | None = None


NOBODY = Seen(-1)
GIVEN = Seen(-2)
"""No approval: a mark of what whoever starts the run, sends an event or runs in a child may say. It
stays through approvals."""
Seers: TypeAlias = frozenset[Seen]


@dataclass(frozen=True)
class Unknown:
    """Any value of the type, not chosen yet: the schedule picks one when something depends on it.
    Of one place it is the same value each time."""

    place: Place
    type: Type


@dataclass(frozen=True)
class Datum:
    """`value` is None, a scalar, an Unknown, a tuple of Datum (a list) or a dict of them (a
    record). A list or record has `by` and `of` of its own for its shape; its parts have theirs."""

    value: object
    by: Seers = frozenset()
    of: Places = frozenset()

    def parts(self) -> Iterable[Datum]:
        """What is directly inside."""
        match self.value:
            case dict() as fields:
                return fields.values()
            case tuple() as items:
                return items
            case _:
                return ()

    def all_by(self) -> Seers:
        """Who saw it, with all that is inside."""
        return self.by.union(*(part.all_by() for part in self.parts()))

    def all_of(self) -> Places:
        """The places it was computed from, with all that is inside."""
        return self.of.union(*(part.all_of() for part in self.parts()))

    def tinted(self, by: Seers, of: Places = frozenset()) -> Datum:
        """The same value, carrying that as well, in each part."""
        value = self.value
        if isinstance(value, dict):
            value = {name: part.tinted(by, of) for name, part in value.items()}
        elif isinstance(value, tuple):
            value = tuple(part.tinted(by, of) for part in value)
        return Datum(value, self.by | by, self.of | of)

    def anew(self, by: Seers, place: Place) -> Datum:
        """The same value as a new datum: seen by those alone, and at a place of its own."""
        value = self.value
        if isinstance(value, dict):
            value = {name: part.anew(by, (*place, name)) for name, part in value.items()}
        elif isinstance(value, tuple):
            value = tuple(part.anew(by, (*place, at)) for at, part in enumerate(value))
        return Datum(value, by | (self.by & {GIVEN}), frozenset({place}))

    def located(self, place: Place) -> Datum:
        """The same value, that may be read at that place as well."""
        value = self.value
        if isinstance(value, dict):
            value = {name: part.located((*place, name)) for name, part in value.items()}
        return Datum(value, self.by, self.of | {place})

    def field(self, name: str) -> Datum:
        """A field of a record whose shape is known."""
        assert isinstance(self.value, dict)
        found = self.value.get(name)
        return replace(self, value=None) if found is None else found


def unknown(type: Type, place: Place, by: Seers) -> Datum:
    """A new datum of which nothing is known yet."""
    return Datum(Unknown(place, type), by, frozenset({place}))


def overlap(one: Place, other: Place) -> bool:
    """Whether one place is in the other."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]

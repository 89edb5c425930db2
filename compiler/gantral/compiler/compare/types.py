"""Is a type no wider than another: does it let in no value that the other refuses?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gantral.compiler.program import (
    DecimalType,
    DurationType,
    EnumType,
    IntType,
    ListType,
    OptionalType,
    RecordType,
    StringType,
    Type,
)


def no_wider(new: Type, old: Type) -> bool:
    """Whether each value of `new` is one of `old`, by bounds alone. Fields that only one of two
    records has are told apart from this (`missing`)."""
    match old, new:
        case OptionalType(inner=was), OptionalType(inner=now):
            return no_wider(now, was)
        case OptionalType(inner=was), _:
            return no_wider(new, was)
        case StringType(), StringType():
            return old.pattern in (None, new.pattern) and _within(new, old)
        case DecimalType(), DecimalType():
            return old.scale == new.scale and _within(new, old)
        case (IntType(), IntType()) | (DurationType(), DurationType()):
            return _within(new, old)
        case EnumType(), EnumType():
            return set(new.words) <= set(old.words)
        case ListType(), ListType():
            return _within(new, old) and no_wider(new.element, old.element)
        case RecordType(), RecordType():
            return all(
                one.wire == before.wire and no_wider(one.type, before.type)
                for one in new.fields
                if (before := old.field(one.name)) is not None
            )
        case _:
            # What is left has no bounds: it is the same type, or no comparison.
            return old == new


def missing(old: Type, new: Type, at: str = "") -> Iterator[str]:
    """The paths of fields that `old` has and `new` has not."""
    match old, new:
        case OptionalType(inner=was), _:
            yield from missing(was, new, at)
        case _, OptionalType(inner=now):
            yield from missing(old, now, at)
        case ListType(), ListType():
            yield from missing(old.element, new.element, at)
        case RecordType(), RecordType():
            for one in old.fields:
                path = f"{at}.{one.name}" if at else one.name
                after = new.field(one.name)
                if after is None:
                    yield path
                else:
                    yield from missing(one.type, after.type, path)
        case _:
            pass


def _within(new: Any, old: Any) -> bool:
    low = old.min is None or (new.min is not None and new.min >= old.min)
    return low and (old.max is None or (new.max is not None and new.max <= old.max))

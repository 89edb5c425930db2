"""What refinements say of the values of a type: whether one type's hold wherever another's do.

They are no part of assignability (LANGUAGE section 3); a value that enters a declared type is held
to them in the run, unless it is seen here that it can be no other.
"""

from __future__ import annotations

from typing import Any

from gantral.compiler.program.types import (
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
from gantral.compiler.types.relate import join

Bounded = IntType | DecimalType | DurationType | StringType | ListType


def holds(given: Type, wanted: Type) -> bool:
    """Whether every value of `given`, which fits `wanted`, is within what `wanted` refines.

    A record is rebuilt as its own class, which holds its fields to their types: nothing is left to
    be asked of it.
    """
    match given, wanted:
        case OptionalType(inner=inner), OptionalType(inner=other):
            return holds(inner, other)
        case _, OptionalType(inner=other):
            return holds(given, other)
        case OptionalType(inner=inner), _:
            return holds(inner, wanted)
        case EnumType(words=words), StringType():
            lengths = [len(word) for word in words]
            return wanted.pattern is None and _inside(min(lengths), max(lengths), wanted)
        case StringType(), StringType():
            same = wanted.pattern is None or given.pattern == wanted.pattern
            return same and _inside(given.min or 0, given.max, wanted)
        case ListType(), ListType():
            return _inside(given.min or 0, given.max, wanted) and holds(
                given.element, wanted.element
            )
        case (IntType() | DecimalType() | DurationType()) as one, (
            (IntType() | DecimalType() | DurationType()) as other
        ):
            return _inside(one.min, one.max, other)
        case _:
            return True


def keeps(given: Type, wanted: Type) -> bool:
    """As `holds`, for a value that is not rebuilt: the fields of its records count as well."""
    match given, wanted:
        case OptionalType(inner=inner), _:
            return keeps(inner, wanted)
        case _, OptionalType(inner=other):
            return keeps(given, other)
        case ListType(), ListType():
            return holds(given, wanted) and keeps(given.element, wanted.element)
        case RecordType(), RecordType():
            return all(
                (field := wanted.field(one.name)) is None or keeps(one.type, field.type)
                for one in given.fields
            )
        case _:
            return holds(given, wanted)


def refined(type_: Type) -> bool:
    """Whether the type has a refinement of its own: outside of records, which hold theirs."""
    match type_:
        case OptionalType(inner=inner):
            return refined(inner)
        case ListType() | RecordType():
            return isinstance(type_, ListType)
        case StringType():
            return (type_.min, type_.max, type_.pattern) != (None, None, None)
        case IntType() | DecimalType() | DurationType():
            return (type_.min, type_.max) != (None, None)
        case _:
            return False


def apart(given: Type, wanted: Type) -> bool:
    """Whether no value of `given`, which fits `wanted`, is within what `wanted` refines."""
    if isinstance(wanted, OptionalType):
        return not isinstance(given, OptionalType) and apart(given, wanted.inner)
    if not isinstance(given, Bounded) or not isinstance(wanted, Bounded):
        return False
    low: Any = given.min
    high: Any = given.max
    return bool(
        (low is not None and wanted.max is not None and low > wanted.max)
        or (high is not None and wanted.min is not None and high < wanted.min)
    )


def loosened(settled: Type, given: Type) -> Type:
    """The type of a name to which a value of `given` is given after one of `settled`, which it
    fits: what is refined must hold of both. Records stay: they hold their fields themselves."""
    match settled:
        case OptionalType(inner=inner):
            other = given.inner if isinstance(given, OptionalType) else given
            return OptionalType(loosened(inner, other))
        case IntType() | DecimalType() | DurationType() | StringType() | ListType():
            bare = given.inner if isinstance(given, OptionalType) else given
            if holds(bare, settled):
                return settled
            both = join(settled, bare)
            return settled if both is None else both
        case _:
            return settled


def _inside(low: Any, high: Any, wanted: Bounded) -> bool:
    least: Any = wanted.min
    most: Any = wanted.max
    return (least is None or (low is not None and low >= least)) and (
        most is None or (high is not None and high <= most)
    )

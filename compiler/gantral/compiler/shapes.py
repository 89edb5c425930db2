"""Types as the closed shapes of the manifest, and scalars as canonical text (contract of the
manifest: everything is text, an absent bound is `none`)."""

from __future__ import annotations

import decimal

from gantral.compiler.digest import Tree
from gantral.compiler.program import (
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
    InstantType,
    IntType,
    JsonType,
    ListType,
    NothingType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)


def shape(type: Type) -> Tree:
    """The shape of a type, with all it is made of in place.

    Raises:
        ValueError: for a type that no declaration can have.
    """
    match type:
        case StringType(least, most, pattern):
            bounds = {"min": bound(least), "max": bound(most), "pattern": bound(pattern)}
            return ["string", {**bounds}]
        case IntType(least, most):
            return ["int", {"min": bound(least), "max": bound(most)}]
        case DecimalType(scale, lowest, highest):
            return [
                "decimal",
                {
                    "scale": str(scale),
                    "min": "none" if lowest is None else decimal_text(lowest, scale),
                    "max": "none" if highest is None else decimal_text(highest, scale),
                },
            ]
        case BoolType():
            return ["bool"]
        case DateType():
            return ["date"]
        case InstantType():
            return ["instant"]
        case DurationType(least, most):
            return ["duration", {"min": duration_or_none(least), "max": duration_or_none(most)}]
        case PersonType():
            return ["person"]
        case JsonType():
            return ["json"]
        case EnumType(words):
            return ["enum", [*words]]
        case ListType(element, least, most):
            return ["list", {"min": bound(least), "max": bound(most)}, shape(element)]
        case RecordType():
            return ["record", [_field(one) for one in type.fields]]
        case OptionalType(inner):
            return ["optional", shape(inner)]
        case NothingType():
            raise ValueError("nothing has no shape")


def _field(field: Field) -> Tree:
    personal = "true" if field.personal else "false"
    marks: Tree = {"personal": personal, "wire": field.wire or field.name}
    return [field.name, shape(field.type), marks]


def scalar_name(type: Type) -> str:
    """The word of a scalar in an expression of the manifest: an enum or person is a string."""
    match type:
        case OptionalType(inner):
            return scalar_name(inner)
        case DecimalType():
            return "decimal"
        case IntType():
            return "int"
        case BoolType():
            return "bool"
        case DateType():
            return "date"
        case InstantType():
            return "instant"
        case DurationType():
            return "duration"
        case _:
            return "string"


def bound(value: int | str | None) -> str:
    """A bound as text, `none` when absent."""
    return "none" if value is None else str(value)


def decimal_text(value: decimal.Decimal, scale: int) -> str:
    """A decimal with `scale` digits after the point, more when the value has more."""
    digits = max(scale, -int(value.normalize().as_tuple().exponent))
    whole = decimal.Context(prec=10_000).quantize(value, decimal.Decimal((0, (1,), -digits)))
    return format(whole.copy_abs() if whole.is_zero() else whole, "f")


def duration_text(milliseconds: int) -> str:
    """The canonical form of a duration: PT[nH][nM][n[.mmm]S]; zero is PT0S."""
    sign, rest = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, thousandths = divmod(rest, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if thousandths:
        text += f"{seconds}.{thousandths:03d}S"
    elif seconds or not text:
        text += f"{seconds}S"
    return f"{sign}PT{text}"


def duration_or_none(milliseconds: int | None) -> str:
    """As duration_text; `none` when absent."""
    return "none" if milliseconds is None else duration_text(milliseconds)

"""Constants as Python."""

from __future__ import annotations

import re

from gantral.compiler.codegen.layout import Atom, Invoke, Piece, Text
from gantral.compiler.program import (
    BoolType,
    DecimalType,
    DurationType,
    EnumType,
    IntType,
    JsonType,
    OptionalType,
    PersonType,
    StringType,
    Type,
)


def bare(type: Type) -> Type:
    """The type without its `?`."""
    return type.inner if isinstance(type, OptionalType) else type


def constant(value: str, type: Type) -> Piece:
    """A canonical text as a value of the type."""
    match bare(type):
        case StringType() | EnumType():
            return Text((value,))
        case JsonType():
            return Invoke("Json", (("", Text((value,))),))
        case PersonType():
            return Invoke("Person", (("", Text((value,))),))
        case IntType():
            return Atom(value)
        case DecimalType():
            whole = "." not in value
            return Invoke("Decimal", (("", Atom(value) if whole else Text((value,))),))
        case BoolType():
            return Atom("True" if value == "true" else "False")
        case DurationType():
            return Atom(f"timedelta({_length(value)})")
        case _:
            raise TypeError(f"{type} has no literal")


def _length(value: str) -> str:
    """`PT1M30S` as `minutes=1, seconds=30`."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{3}))?S)?", value)
    if found is None:
        raise ValueError(f"{value} is no canonical duration")
    names = ("hours", "minutes", "seconds", "milliseconds")
    parts = [
        f"{name}={int(digits)}"
        for name, digits in zip(names, found.groups(), strict=True)
        if digits is not None and int(digits)
    ]
    return ", ".join(parts)

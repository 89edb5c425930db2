"""Types of the language (LANGUAGE section 3), resolved: no name is left to look up."""

from __future__ import annotations

import decimal
from typing import TypeAlias

from gantral.dsl.frozen import frozen


@frozen
class StringType:
    """`string(min, max, pattern)`: lengths in code points; `pattern` matches the whole text."""

    min: int | None = None
    max: int | None = None
    pattern: str | None = None


@frozen
class IntType:
    """`int(min, max)`."""

    min: int | None = None
    max: int | None = None


@frozen
class DecimalType:
    """`decimal(scale, min, max)`: exactly `scale` digits after the point."""

    scale: int
    min: decimal.Decimal | None = None
    max: decimal.Decimal | None = None


@frozen
class BoolType:
    """`bool`."""


@frozen
class DateType:
    """`date`."""


@frozen
class InstantType:
    """`instant`, to the millisecond, UTC."""


@frozen
class DurationType:
    """`duration(min, max)`, bounds in milliseconds."""

    min: int | None = None
    max: int | None = None


@frozen
class PersonType:
    """`person`: the deployment's one identity claim."""


@frozen
class JsonType:
    """`json`: opaque, any JSON value as its canonical text."""


@frozen
class EnumType:
    """`"A" | "B"`, words in the order written; `name` when declared by `type`."""

    words: tuple[str, ...]
    name: str | None = None


@frozen
class ListType:
    """`list(min, max) of T`; `max` is None only for a list that an expression makes."""

    element: Type
    min: int | None = None
    max: int | None = None


@frozen
class Field:
    """A field of a record; also a parameter of a gate or an operation.

    `wire` is its name toward services (the spec name unless `as` says another).
    """

    name: str
    type: Type
    personal: bool = False
    wire: str = ""


@frozen
class RecordType:
    """`{ name: T, … }`; `name` when declared by `type` (an imported one: `alias_Name`)."""

    fields: tuple[Field, ...]
    name: str | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        for one in self.fields:
            if one.name == name:
                return one
        return None


@frozen
class OptionalType:
    """`T?`; never nested in itself."""

    inner: Type


@frozen
class NothingType:
    """What an operation without a result answers, and the type of a lone `none` inside `T?`."""


Type: TypeAlias = (
    StringType
    | IntType
    | DecimalType
    | BoolType
    | DateType
    | InstantType
    | DurationType
    | PersonType
    | JsonType
    | EnumType
    | ListType
    | RecordType
    | OptionalType
    | NothingType
)

SCALARS = (
    StringType,
    IntType,
    DecimalType,
    BoolType,
    DateType,
    InstantType,
    DurationType,
    PersonType,
    JsonType,
    EnumType,
)

DOCUMENT = RecordType(
    (
        Field("name", StringType(1, 255), wire="name"),
        Field("size", IntType(0), wire="size"),
        Field("sha256", StringType(pattern="[0-9a-f]{64}"), wire="sha256"),
        Field("uri", StringType(1, 2048), wire="uri"),
    )
)
"""`document` (ADR 0158): which bytes, by their digest, and where they lie. `size` in bytes."""


def is_document(type_: Type) -> bool:
    """Whether the type is `document`, or a name for it."""
    return isinstance(type_, RecordType) and type_.fields == DOCUMENT.fields

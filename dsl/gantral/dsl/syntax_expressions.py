"""The tree of names, types and expressions (LANGUAGE sections 3 and 4)."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gantral.dsl.span import Node

# --- names and plain text ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identifier(Node):
    """A word that names something, where it is bound or mentioned."""

    text: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`a.b.c`: at least one part."""

    parts: tuple[Identifier, ...]

    @property
    def text(self) -> str:
        """The parts joined with dots."""
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class PlainText(Node):
    """Text that is not an expression (version, queue, pattern, enum word): no holes, NFC."""

    value: str


# --- expressions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name read as a value."""

    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """`"text {hole}"`: pieces of text (NFC, never empty, never two in a row) and expressions.

    `""` has no parts.
    """

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Integer(Node):
    value: int


@dataclass(frozen=True, slots=True)
class Decimal(Node):
    """`12.50`: the value keeps its scale, here 2."""

    value: decimal.Decimal

    @property
    def scale(self) -> int:
        """Digits after the point."""
        return -int(self.value.as_tuple().exponent)


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """`30m`, in milliseconds; `text` is as written."""

    milliseconds: int
    text: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class NoneLiteral(Node):
    """`none`."""


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`target.name`, or `target?.name` when `optional`."""

    target: Expression
    name: Identifier
    optional: bool


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """`name: value`, or a bare value (only in a call of a function)."""

    name: Identifier | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Generator(Node):
    """`element for name in items where condition`."""

    element: Expression
    name: Identifier
    items: Expression
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`[generator]`."""

    generator: Generator


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call of a built-in function. An argument without a name may be a Generator.

    A call of a service is a ServiceCall and is never inside an expression.
    """

    function: Identifier
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class RecordField(Node):
    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True)
class Record(Node):
    """`{ a: 1 }`."""

    fields: tuple[RecordField, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: Literal["-", "not"]
    operand: Expression


BinaryOperator: TypeAlias = Literal["or", "and", "??", "+", "-", "*"]
ComparisonOperator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Left-associative: `a + b + c` is `(a + b) + c`."""

    operator: BinaryOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class NoneTest(Node):
    """`operand is none`, or `operand is some` when `some`."""

    operand: Expression
    some: bool


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`if condition then then else otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression


Expression: TypeAlias = (
    Name
    | Text
    | Integer
    | Decimal
    | Duration
    | Boolean
    | NoneLiteral
    | Member
    | Call
    | Generator
    | Comprehension
    | ListLiteral
    | Record
    | Unary
    | Binary
    | Comparison
    | NoneTest
    | Conditional
)

# --- types ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScalarType(Node):
    """`string(max: 64)`: a built-in type by its word, with its refinements (all named)."""

    name: Identifier
    refinements: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ListType(Node):
    """`list(max: 3) of T`."""

    refinements: tuple[Argument, ...]
    element: Type


@dataclass(frozen=True, slots=True)
class NamedType(Node):
    """`Order`, or `people.Address` where `module` is the import's alias."""

    module: Identifier | None
    name: Identifier


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of a record type, or a parameter of a gate or an operation."""

    name: Identifier
    type: Type
    personal: bool
    wire_name: PlainText | None


@dataclass(frozen=True, slots=True)
class RecordType(Node):
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class EnumType(Node):
    """`"A" | "B"`."""

    words: tuple[PlainText, ...]


@dataclass(frozen=True, slots=True)
class OptionalType(Node):
    """`T?`."""

    inner: Type


Type: TypeAlias = ScalarType | ListType | NamedType | RecordType | EnumType | OptionalType

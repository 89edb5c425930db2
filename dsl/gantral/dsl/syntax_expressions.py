"""The tree of names, types and expressions (LANGUAGE sections 3 and 4)."""

from __future__ import annotations

import decimal
from typing import Literal, TypeAlias

from gantral.dsl.frozen import frozen
from gantral.dsl.span import Node

# --- names and plain text ---------------------------------------------------------------------


@frozen
class Identifier(Node):
    """A word that names something, where it is bound or mentioned."""

    text: str


@frozen
class Path(Node):
    """`a.b.c`: at least one part."""

    parts: tuple[Identifier, ...]

    @property
    def text(self) -> str:
        """The parts joined with dots."""
        return ".".join(part.text for part in self.parts)


@frozen
class PlainText(Node):
    """Text that is not an expression (version, queue, pattern, enum word): no holes, NFC."""

    value: str


# --- expressions ------------------------------------------------------------------------------


@frozen
class Name(Node):
    """A name read as a value."""

    text: str


@frozen
class Text(Node):
    """`"text {hole}"`: pieces of text (NFC, never empty, never two in a row) and expressions.

    `""` has no parts.
    """

    parts: tuple[str | Expression, ...]


@frozen
class Integer(Node):
    value: int


@frozen
class Decimal(Node):
    """`12.50`: the value keeps its scale, here 2."""

    value: decimal.Decimal

    @property
    def scale(self) -> int:
        """Digits after the point."""
        return -int(self.value.as_tuple().exponent)


@frozen
class Duration(Node):
    """`30m`, in milliseconds; `text` is as written."""

    milliseconds: int
    text: str


@frozen
class Boolean(Node):
    value: bool


@frozen
class NoneLiteral(Node):
    """`none`."""


@frozen
class Member(Node):
    """`target.name`, or `target?.name` when `optional`."""

    target: Expression
    name: Identifier
    optional: bool


@frozen
class Argument(Node):
    """`name: value`, or a bare value (only in a call of a function)."""

    name: Identifier | None
    value: Expression


@frozen
class Generator(Node):
    """`element for name in items where condition`."""

    element: Expression
    name: Identifier
    items: Expression
    condition: Expression | None


@frozen
class Comprehension(Node):
    """`[generator]`."""

    generator: Generator


@frozen
class Call(Node):
    """A call of a built-in function. An argument without a name may be a Generator.

    A call of a service is a ServiceCall and is never inside an expression.
    """

    function: Identifier
    arguments: tuple[Argument, ...]


@frozen
class ListLiteral(Node):
    items: tuple[Expression, ...]


@frozen
class RecordField(Node):
    name: Identifier
    value: Expression


@frozen
class Record(Node):
    """`{ a: 1 }`."""

    fields: tuple[RecordField, ...]


@frozen
class Unary(Node):
    operator: Literal["-", "not"]
    operand: Expression


BinaryOperator: TypeAlias = Literal["or", "and", "??", "+", "-", "*"]
ComparisonOperator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@frozen
class Binary(Node):
    """Left-associative: `a + b + c` is `(a + b) + c`."""

    operator: BinaryOperator
    left: Expression
    right: Expression


@frozen
class Comparison(Node):
    operator: ComparisonOperator
    left: Expression
    right: Expression


@frozen
class NoneTest(Node):
    """`operand is none`, or `operand is some` when `some`."""

    operand: Expression
    some: bool


@frozen
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


@frozen
class ScalarType(Node):
    """`string(max: 64)`: a built-in type by its word, with its refinements (all named)."""

    name: Identifier
    refinements: tuple[Argument, ...]


@frozen
class ListType(Node):
    """`list(max: 3) of T`."""

    refinements: tuple[Argument, ...]
    element: Type


@frozen
class NamedType(Node):
    """`Order`, or `people.Address` where `module` is the import's alias."""

    module: Identifier | None
    name: Identifier


@frozen
class Field(Node):
    """A field of a record type, or a parameter of a gate or an operation."""

    name: Identifier
    type: Type
    personal: bool
    wire_name: PlainText | None


@frozen
class RecordType(Node):
    fields: tuple[Field, ...]


@frozen
class EnumType(Node):
    """`"A" | "B"`."""

    words: tuple[PlainText, ...]


@frozen
class OptionalType(Node):
    """`T?`."""

    inner: Type


Type: TypeAlias = ScalarType | ListType | NamedType | RecordType | EnumType | OptionalType

"""Typed expressions (LANGUAGE section 4).

Every node has `span`, `type` and `personal` (its value carries data marked `personal`; for a
record the fields of its type say which part does).
"""

from __future__ import annotations

from typing import Literal as Word
from typing import TypeAlias

from gantral.compiler.program.types import Type
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen(kw_only=True)
class Typed:
    """What every expression has."""

    span: Span
    type: Type
    personal: bool = False


@frozen(kw_only=True)
class Literal(Typed):
    """A constant as canonical text (docs/manifest.md): `12`, `40.00`, `true`, `PT30M`, text."""

    value: str


@frozen(kw_only=True)
class Absent(Typed):
    """`none`; the type is optional."""


@frozen(kw_only=True)
class TextExpr(Typed):
    """`"text {hole}"` with at least one hole; every hole is a scalar."""

    parts: tuple[str | Expr, ...]


@frozen(kw_only=True)
class LetRef(Typed):
    """A name bound by `let` (never an approval); `binding` is where, a key even across scopes."""

    name: str
    binding: Span


@frozen(kw_only=True)
class VarRef(Typed):
    """A variable; `binding` is where its `var` names it. It may change, so no test narrows it."""

    name: str
    binding: Span


@frozen(kw_only=True)
class InputRef(Typed):
    """`input`."""


@frozen(kw_only=True)
class InitiatorRef(Typed):
    """`initiator`."""


@frozen(kw_only=True)
class InstanceIdRef(Typed):
    """`instance.id`."""


@frozen(kw_only=True)
class StartedAtRef(Typed):
    """`instance.started_at`."""


@frozen(kw_only=True)
class Now(Typed):
    """`now()`: workflow time, another at each place it stands."""


@frozen(kw_only=True)
class FailureRef(Typed):
    """`f.cause` or `f.happened` of the handler that `binding` names; `r.gate`, `r.cause` and
    `r.reason` of a child's end that a case is bound to; `failure.cause` of the run (in
    `on failure`) has the name `failure` and no binding."""

    name: str
    field: Word["cause", "happened", "gate", "reason"]
    binding: Span | None


Outcome: TypeAlias = Word["completed", "rejected", "terminated"]


@frozen(kw_only=True)
class OutcomeTest(Typed):
    """Whether the child that `child` names has ended so: what a `match` over its outcome asks."""

    child: LetRef
    outcome: Outcome


@frozen(kw_only=True)
class OutcomeData(Typed):
    """What a child that ended so has left: what `completed as r` binds. Of one that completed its
    output; of any other only its fields are read."""

    child: LetRef
    outcome: Outcome


@frozen(kw_only=True)
class ElementRef(Typed):
    """The name that a comprehension binds; `binding` is where. It is read in its `where` and in
    its element only."""

    name: str
    binding: Span


@frozen(kw_only=True)
class ParamRef(Typed):
    """A parameter of the gate (only in that gate's clauses)."""

    name: str


@frozen(kw_only=True)
class OldRef(Typed):
    """`old` in `amend … where`: the proposed value of the field."""


@frozen(kw_only=True)
class NewRef(Typed):
    """`new` in `amend … where`: the value a vote puts there."""


@frozen(kw_only=True)
class ApprovalRef(Typed):
    """A name bound by `let … = ask …`; only ever the base of a Member. Its type is the record of
    the gate's parameters as they were approved."""

    name: str
    binding: Span


@frozen(kw_only=True)
class ApprovalMeta(Typed):
    """`ok.decision.deciders|at|reason|waived`: approved by nobody."""

    name: str
    binding: Span
    field: Word["deciders", "at", "reason", "waived"]


@frozen(kw_only=True)
class ProposedRef(Typed):
    """`ok.proposed`: the parameters before amendment, approved by nobody; base of a Member."""

    name: str
    binding: Span


@frozen(kw_only=True)
class Member(Typed):
    """`base.name`; with `optional`, `base?.name`: none when base is none."""

    base: Expr
    name: str
    optional: bool = False


@frozen(kw_only=True)
class Narrowed(Typed):
    """`base`, which a test on every path here has shown to be some (or one of fewer enum words)."""

    base: Expr


@frozen(kw_only=True)
class Widen(Typed):
    """`base` at its type here: a decimal at a larger scale, or a list or record rebuilt from the
    declared fields of another type with the same ones."""

    base: Expr


@frozen(kw_only=True)
class ReadJson(Typed):
    """A `json` read as a record: `let x: T = j`. What does not fit is a failed action."""

    base: Expr


@frozen(kw_only=True)
class Within(Typed):
    """`base`, held to what its type here refines: `let x: int(max: 3) = e`. A value outside is a
    failed action."""

    base: Expr


@frozen(kw_only=True)
class Negate(Typed):
    """`-x` of an int, decimal or duration."""

    operand: Expr


@frozen(kw_only=True)
class Binary(Typed):
    """`+ - *`; operand types may differ (instant ± duration, int * duration, decimal scales)."""

    operator: Word["+", "-", "*"]
    left: Expr
    right: Expr


@frozen(kw_only=True)
class Compare(Typed):
    """A comparison of two values of like type; decimals may differ in scale."""

    operator: Word["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@frozen(kw_only=True)
class Logic(Typed):
    """`and`, `or`, short-circuit."""

    operator: Word["and", "or"]
    left: Expr
    right: Expr


@frozen(kw_only=True)
class Not(Typed):
    """`not x`."""

    operand: Expr


@frozen(kw_only=True)
class Test(Typed):
    """`x is some` when `some`, else `x is none`."""

    operand: Expr
    some: bool


@frozen(kw_only=True)
class In(Typed):
    """`item in items`, negated: `item not in items`; `items` is a list."""

    item: Expr
    items: Expr
    negated: bool


@frozen(kw_only=True)
class Conditional(Typed):
    """`if condition then then else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr


@frozen(kw_only=True)
class Coalesce(Typed):
    """`left ?? right`."""

    left: Expr
    right: Expr


@frozen(kw_only=True)
class RecordExpr(Typed):
    """`{ a: 1 }` in the order of the type's fields; an optional left out is not listed."""

    fields: tuple[tuple[str, Expr], ...]


@frozen(kw_only=True)
class ListExpr(Typed):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@frozen(kw_only=True)
class Comprehension(Typed):
    """`[element for name in items where condition]`; a function over `element for …` has the same
    node as its one list."""

    element: Expr
    name: str
    binding: Span
    items: Expr
    condition: Expr | None


FunctionName: TypeAlias = Word[
    "len", "contains", "starts_with", "ends_with", "lower", "upper", "trim", "text", "join",
    "sum", "count", "min", "max", "any", "all", "first", "last", "sorted", "distinct", "mod",
    "date", "instant",
]  # fmt: skip


@frozen(kw_only=True)
class FunctionCall(Typed):
    """A built-in. `min max first last` take one list and are optional; `mod` takes the number and
    what it is divided by; `date` and `instant` take a zone second."""

    name: FunctionName
    arguments: tuple[Expr, ...]


@frozen(kw_only=True)
class ZonedCall(FunctionCall):
    """`date` or `instant` in a zone that is not UTC: `shifts` is the zone's table, which is a part
    of what the program means (ADR 0150)."""

    zone: str
    shifts: str


Rounding: TypeAlias = Word[
    "ceiling", "down", "floor", "half_down", "half_even", "half_up", "up"
]  # fmt: skip


@frozen(kw_only=True)
class Rounded(Typed):
    """`round(x, …)`, of one argument, or `div(x, by: y, …)`, of two: the exact value brought to
    `scale` digits after the point, or without one to an int."""

    function: Word["div", "round"]
    arguments: tuple[Expr, ...]
    scale: int | None
    rounding: Rounding


Expr: TypeAlias = (
    Literal
    | Absent
    | TextExpr
    | LetRef
    | VarRef
    | InputRef
    | InitiatorRef
    | InstanceIdRef
    | StartedAtRef
    | Now
    | FailureRef
    | ElementRef
    | OutcomeTest
    | OutcomeData
    | ParamRef
    | OldRef
    | NewRef
    | ApprovalRef
    | ApprovalMeta
    | ProposedRef
    | Member
    | Narrowed
    | Widen
    | ReadJson
    | Within
    | Negate
    | Binary
    | Compare
    | Logic
    | Not
    | Test
    | In
    | Conditional
    | Coalesce
    | RecordExpr
    | ListExpr
    | Comprehension
    | FunctionCall
    | Rounded
)


def children(expression: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside, in source order: enough to walk any of them."""
    match expression:
        case TextExpr():
            return tuple(part for part in expression.parts if not isinstance(part, str))
        case Member() | Narrowed() | Widen() | ReadJson() | Within():
            return (expression.base,)
        case OutcomeTest() | OutcomeData():
            return (expression.child,)
        case Negate() | Not() | Test():
            return (expression.operand,)
        case Binary() | Compare() | Logic() | Coalesce():
            return (expression.left, expression.right)
        case In():
            return (expression.item, expression.items)
        case Conditional():
            return (expression.condition, expression.then, expression.otherwise)
        case RecordExpr():
            return tuple(value for _, value in expression.fields)
        case ListExpr():
            return expression.items
        case Comprehension():
            condition = () if expression.condition is None else (expression.condition,)
            return (expression.items, *condition, expression.element)
        case FunctionCall() | Rounded():
            return expression.arguments
        case _:
            return ()

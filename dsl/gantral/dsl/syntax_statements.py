"""The tree of statements (LANGUAGE section 7)."""

from __future__ import annotations

from typing import TypeAlias

from gantral.dsl.frozen import frozen
from gantral.dsl.span import Node
from gantral.dsl.syntax_expressions import (
    Argument,
    Duration,
    Expression,
    Identifier,
    Integer,
    Path,
    PlainText,
    Record,
    Type,
)


@frozen
class Block(Node):
    """`{ … }`; the span has both braces."""

    statements: tuple[Statement, ...]


@frozen
class Handler(Node):
    """`else [as name] { … }` after a call."""

    name: Identifier | None
    body: Block


@frozen
class ServiceCall(Node):
    """`service.operation(…) [under a, b] [else …]`, a statement or the value of a let or set.

    `operation` has at least two parts; every argument is named.
    """

    operation: Path
    arguments: tuple[Argument, ...]
    under: tuple[Identifier, ...]
    handler: Handler | None


@frozen
class Ask(Node):
    """`ask gate(…) [only if condition]`, a statement or the value of a let."""

    gate: Path
    arguments: tuple[Argument, ...]
    only_if: Expression | None


@frozen
class RunWorkflow(Node):
    """`run workflow w(…)`: a child, a statement or the value of a let."""

    workflow: Path
    arguments: tuple[Argument, ...]


@frozen
class ForEach(Node):
    """`for each name in items at most n { … }`."""

    name: Identifier
    items: Expression
    at_most: Integer
    body: Block


@frozen
class Repeat(Node):
    """`repeat at most n [every d] { … } else { … }`."""

    at_most: Integer
    every: Duration | None
    body: Block
    otherwise: Block


@frozen
class Branch(Node):
    name: Identifier
    body: Block


@frozen
class Parallel(Node):
    branches: tuple[Branch, ...]


@frozen
class WaitCase(Node):
    """`for event [as name] { … }`; `body` is None only in the form `wait for event within`."""

    event: Path
    name: Identifier | None
    body: Block | None


@frozen
class Wait(Node):
    """Both forms of `wait`; the short one has exactly one case, and that has no body."""

    cases: tuple[WaitCase, ...]
    within: Expression
    otherwise: Block


Value: TypeAlias = Expression | ServiceCall | Ask | RunWorkflow | ForEach | Repeat | Parallel | Wait


@frozen
class Let(Node):
    name: Identifier
    type: Type | None
    value: Value


@frozen
class Var(Node):
    name: Identifier
    type: Type
    value: Expression


@frozen
class Set(Node):
    name: Identifier
    value: Value


@frozen
class Undo(Node):
    """`undo x`."""

    name: Identifier


@frozen
class Collect(Node):
    value: Expression


@frozen
class Give(Node):
    value: Expression


@frozen
class If(Node):
    condition: Expression
    then: Block
    otherwise: Block | If | None


@frozen
class EnumPattern(Node):
    """`"a" | "b"`."""

    words: tuple[PlainText, ...]


@frozen
class OutcomePattern(Node):
    """`completed as r`: an outcome of a child, with the name it is bound to."""

    outcome: Identifier
    name: Identifier | None


@frozen
class ElsePattern(Node):
    """`else`."""


Pattern: TypeAlias = EnumPattern | OutcomePattern | ElsePattern


@frozen
class Case(Node):
    pattern: Pattern
    body: Block


@frozen
class Match(Node):
    subject: Expression
    cases: tuple[Case, ...]


@frozen
class Sleep(Node):
    """`sleep d`, or `sleep until t` when `until`."""

    value: Expression
    until: bool


@frozen
class Require(Node):
    """`require condition else reason`."""

    condition: Expression
    reason: Expression


@frozen
class Terminate(Node):
    reason: Expression


@frozen
class Complete(Node):
    """`complete { … }`; None when nothing is said."""

    output: Record | None


Statement: TypeAlias = (
    Let
    | Var
    | Set
    | Undo
    | Collect
    | Give
    | ServiceCall
    | Ask
    | RunWorkflow
    | If
    | Match
    | ForEach
    | Repeat
    | Parallel
    | Wait
    | Sleep
    | Require
    | Terminate
    | Complete
)

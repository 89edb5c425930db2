"""The tree of statements (LANGUAGE section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

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


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`{ … }`; the span has both braces."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Handler(Node):
    """`else [as name] { … }` after a call."""

    name: Identifier | None
    body: Block


@dataclass(frozen=True, slots=True)
class ServiceCall(Node):
    """`service.operation(…) [under a, b] [else …]`, a statement or the value of a let or set.

    `operation` has at least two parts; every argument is named.
    """

    operation: Path
    arguments: tuple[Argument, ...]
    under: tuple[Identifier, ...]
    handler: Handler | None


@dataclass(frozen=True, slots=True)
class Ask(Node):
    """`ask gate(…) [only if condition]`, a statement or the value of a let."""

    gate: Path
    arguments: tuple[Argument, ...]
    only_if: Expression | None


@dataclass(frozen=True, slots=True)
class RunWorkflow(Node):
    """`run workflow w(…)`: a child, a statement or the value of a let."""

    workflow: Path
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ForEach(Node):
    """`for each name in items at most n { … }`."""

    name: Identifier
    items: Expression
    at_most: Integer
    body: Block


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """`repeat at most n [every d] { … } else { … }`."""

    at_most: Integer
    every: Duration | None
    body: Block
    otherwise: Block


@dataclass(frozen=True, slots=True)
class Branch(Node):
    name: Identifier
    body: Block


@dataclass(frozen=True, slots=True)
class Parallel(Node):
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class WaitCase(Node):
    """`for event [as name] { … }`; `body` is None only in the form `wait for event within`."""

    event: Path
    name: Identifier | None
    body: Block | None


@dataclass(frozen=True, slots=True)
class Wait(Node):
    """Both forms of `wait`; the short one has exactly one case, and that has no body."""

    cases: tuple[WaitCase, ...]
    within: Expression
    otherwise: Block


Value: TypeAlias = Expression | ServiceCall | Ask | RunWorkflow | ForEach | Repeat | Parallel | Wait


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: Identifier
    type: Type | None
    value: Value


@dataclass(frozen=True, slots=True)
class Var(Node):
    name: Identifier
    type: Type
    value: Expression


@dataclass(frozen=True, slots=True)
class Set(Node):
    name: Identifier
    value: Value


@dataclass(frozen=True, slots=True)
class Undo(Node):
    """`undo x`."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class Collect(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Give(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Expression
    then: Block
    otherwise: Block | If | None


@dataclass(frozen=True, slots=True)
class EnumPattern(Node):
    """`"a" | "b"`."""

    words: tuple[PlainText, ...]


@dataclass(frozen=True, slots=True)
class OutcomePattern(Node):
    """`completed as r`: an outcome of a child, with the name it is bound to."""

    outcome: Identifier
    name: Identifier | None


@dataclass(frozen=True, slots=True)
class ElsePattern(Node):
    """`else`."""


Pattern: TypeAlias = EnumPattern | OutcomePattern | ElsePattern


@dataclass(frozen=True, slots=True)
class Case(Node):
    pattern: Pattern
    body: Block


@dataclass(frozen=True, slots=True)
class Match(Node):
    subject: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Sleep(Node):
    """`sleep d`, or `sleep until t` when `until`."""

    value: Expression
    until: bool


@dataclass(frozen=True, slots=True)
class Require(Node):
    """`require condition else reason`."""

    condition: Expression
    reason: Expression


@dataclass(frozen=True, slots=True)
class Terminate(Node):
    reason: Expression


@dataclass(frozen=True, slots=True)
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

"""Typed statements (LANGUAGE section 7, the part that is built)."""

from __future__ import annotations

from typing import TypeAlias

from gantral.compiler.program.events import Event
from gantral.compiler.program.expressions import Expr
from gantral.compiler.program.types import ListType, RecordType, Type
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Approval:
    """A name after `under`, with the span of the `let` name that binds it."""

    name: str
    binding: Span
    span: Span


@frozen
class Handler:
    """`else [as name] { … }`: runs when the call is not done or unknown."""

    name: str | None
    binding: Span | None
    body: tuple[Statement, ...]
    span: Span


@frozen
class ServiceCall:
    """A call site. `id` is "service.operation/ordinal", counted from 1 over `run`, then `on
    failure`. Arguments stand in the order of the operation's parameters; an optional one left out
    is not listed. `type` is what it gives: the result, or with a handler what both sides give."""

    operation: str
    ordinal: int
    arguments: tuple[tuple[str, Expr], ...]
    under: tuple[Approval, ...]
    handler: Handler | None
    type: Type
    span: Span
    head: Span
    """The operation's name: where a diagnostic about the call points."""

    @property
    def id(self) -> str:
        """Its call id."""
        return f"{self.operation}/{self.ordinal}"


@frozen
class Ask:
    """`ask gate(…)`. `id` is "gate/ordinal". `type` is the record of the approved parameters."""

    gate: str
    ordinal: int
    arguments: tuple[tuple[str, Expr], ...]
    type: RecordType
    span: Span
    head: Span
    """The gate's name."""

    @property
    def id(self) -> str:
        """Its site."""
        return f"{self.gate}/{self.ordinal}"


@frozen
class AskOnlyIf(Ask):
    """`ask gate(…) only if condition`: where the condition is false nobody is asked."""

    only_if: Expr


@frozen
class Arrival:
    """`for event as name { … }` in a `wait`; LetRef carries `binding` for the event's data. What
    `let x = wait for e …` leaves unsaid stands here too: its body gives the data."""

    event: Event
    name: str | None
    binding: Span | None
    body: tuple[Statement, ...]
    span: Span


@frozen
class Wait:
    """`wait { … } within d else { … }`, site "wait/1". `least` and `longest` bound `within`, in ms.
    `type` is what its cases and its `else` give, where that is bound."""

    arrivals: tuple[Arrival, ...]
    within: Expr
    least: int
    longest: int
    otherwise: tuple[Statement, ...]
    ordinal: int
    type: Type | None
    span: Span
    head: Span
    """The word: where a diagnostic about the wait points."""

    @property
    def id(self) -> str:
        """Its site."""
        return f"wait/{self.ordinal}"


@frozen
class Run:
    """`run workflow name(…)`: a child. `id` is "workflow.name/ordinal"; no service is called
    `workflow`, so it is no call's. `arguments` are the child's input, `output` is what it completes
    with; both are types of its own, without names."""

    workflow: str
    ordinal: int
    arguments: tuple[tuple[str, Expr], ...]
    input: RecordType
    output: RecordType
    span: Span
    head: Span
    """The child's name: where a diagnostic about it points."""

    @property
    def id(self) -> str:
        """Its call id."""
        return f"workflow.{self.workflow}/{self.ordinal}"


@frozen
class ForEach:
    """`for each name in items at most n { … }`; site "each/1". `binding` is the key in the LetRefs
    of an element. `gives` is the list collected when a `let` binds it; a plain statement has none.
    """

    name: str
    binding: Span
    items: Expr
    at_most: int
    ordinal: int
    body: tuple[Statement, ...]
    gives: ListType | None
    span: Span
    head: Span
    """Its first words: where a diagnostic about it points."""

    @property
    def site(self) -> str:
        """Its site."""
        return f"each/{self.ordinal}"


@frozen
class Repeat:
    """`repeat at most n [every d] { … } else { … }`; site "repeat/1". `every` is in ms. `gives` is
    what its `give`s give when a `let` binds it; a plain statement has none."""

    at_most: int
    every: int | None
    ordinal: int
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    gives: Type | None
    span: Span
    head: Span
    """Its first words."""

    @property
    def site(self) -> str:
        """Its site."""
        return f"repeat/{self.ordinal}"


@frozen
class Branch:
    """`branch name { … }`; `gives` is what its `give`s give where the `parallel` is bound, None
    when there is none."""

    name: str
    body: tuple[Statement, ...]
    gives: Type | None
    span: Span
    """The name."""


@frozen
class Parallel:
    """`parallel { branch … }`; site "parallel/1". `gives` is the record of what its branches give
    when a `let` binds it; a plain statement has none."""

    branches: tuple[Branch, ...]
    ordinal: int
    gives: RecordType | None
    span: Span
    head: Span
    """The word: where a diagnostic about it points."""

    @property
    def site(self) -> str:
        """Its site."""
        return f"parallel/{self.ordinal}"


@frozen
class Let:
    """`let name = value`; of an Ask the name is an approval, of a Run the outcome of a child.
    `binding` (the name's span) is the key that LetRef and ApprovalRef carry."""

    name: str
    binding: Span
    value: Expr | ServiceCall | Ask | Run | ForEach | Repeat | Wait | Parallel
    span: Span


@frozen
class Var:
    """`var name: type = value`; `binding` (the name's span) is the key in VarRef and Set."""

    name: str
    binding: Span
    type: Type
    value: Expr
    span: Span


@frozen
class Set:
    """`set name = value` of the variable that `binding` names; `type` is the variable's."""

    name: str
    binding: Span
    type: Type
    value: Expr
    span: Span


@frozen
class Do:
    """A service call as a statement."""

    call: ServiceCall
    span: Span


@frozen
class AskStatement:
    """An `ask` whose approval is not named."""

    ask: Ask
    span: Span


@frozen
class WaitStatement:
    """A `wait` whose value is not bound."""

    wait: Wait
    span: Span


@frozen
class If:
    """`if`; `else if` is an If alone in `otherwise`."""

    condition: Expr
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span


@frozen
class Require:
    """`require condition else message`; `ordinal` counts like a call's, site "require/1"."""

    condition: Expr
    message: Expr
    ordinal: int
    span: Span


@frozen
class Terminate:
    """`terminate message`, site "terminate/1"."""

    message: Expr
    ordinal: int
    span: Span


@frozen
class Complete:
    """`complete record`, site "complete/1"; the record has the workflow's output type."""

    output: Expr
    ordinal: int
    span: Span


@frozen
class Give:
    """`give value`, only in a handler, `repeat`, `wait` or branch that is bound."""

    value: Expr
    span: Span


@frozen
class Collect:
    """`collect value`: one more element of what a bound `for each` gives. It ends the round."""

    value: Expr
    span: Span


@frozen
class Sleep:
    """`sleep duration`, or `sleep until instant` when `until`. `least` and `most` are in ms: what
    is certain, and the bound (None of an instant: only the run knows)."""

    value: Expr
    until: bool
    least: int
    most: int | None
    span: Span


@frozen
class Undo:
    """`undo name`: the undo of the effect, or of the completed child's effects, bound to it; `call`
    is the call id of that."""

    name: str
    binding: Span
    call: str
    span: Span


Statement: TypeAlias = (
    Let
    | Var
    | Set
    | Do
    | AskStatement
    | WaitStatement
    | If
    | ForEach
    | Repeat
    | Parallel
    | Require
    | Terminate
    | Complete
    | Give
    | Collect
    | Sleep
    | Undo
)

"""The tree of files and declarations (LANGUAGE sections 2, 5 and 6).

Each clause that may stand once is one field. A clause that is required is never None: its lack,
or its second mention, is a syntax error, and a file with a syntax error has no tree.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from gantral.dsl.frozen import frozen
from gantral.dsl.span import Node, Span
from gantral.dsl.syntax_expressions import (
    Argument,
    Duration,
    Expression,
    Field,
    Identifier,
    Integer,
    Path,
    PlainText,
    RecordType,
    Text,
    Type,
)
from gantral.dsl.syntax_statements import Block


@frozen
class Import(Node):
    """`import "path" as alias`."""

    path: PlainText
    alias: Identifier


@frozen
class TypeDeclaration(Node):
    name: Identifier
    type: Type
    doc: str


@frozen
class Role(Node):
    name: Identifier
    doc: str


@frozen
class Assurance(Node):
    name: Identifier
    doc: str


@frozen
class Time(Node):
    """`09:30`, in minutes since midnight (0 to 1440)."""

    minutes: int


@frozen
class Calendar(Node):
    """Open hours; the days are `mon` to `sun`, both ends included."""

    name: Identifier
    zone: PlainText
    first_day: Identifier
    last_day: Identifier
    opens: Time
    closes: Time
    holidays: PlainText | None
    doc: str


# --- who (LANGUAGE section 6) -----------------------------------------------------------------


@frozen
class RolePrincipal(Node):
    """A role by its path; in `from` of an event it may be the given name `initiator`."""

    path: Path


@frozen
class Actor(Node):
    """`actor e`: one person of the proposal."""

    path: Path


@frozen
class Actors(Node):
    """`actors e`: a list of persons of the proposal."""

    path: Path


Principal: TypeAlias = RolePrincipal | Actor | Actors


@frozen
class DecidersOf(Node):
    """`deciders of g`."""

    gate: Path


Separation: TypeAlias = Actor | Actors | DecidersOf


@frozen
class AtLeast(Node):
    """`n of g`, `n of [g, h]`: n distinct voters in the union of `group`."""

    count: Integer
    group: tuple[Principal, ...]


@frozen
class Weight(Node):
    principal: Principal
    points: Integer


@frozen
class Weighted(Node):
    """`k points of { r: w, … }`."""

    points: Integer
    weights: tuple[Weight, ...]


@frozen
class AllOf(Node):
    """`F and G`: at least two parts."""

    parts: tuple[Formula, ...]


@frozen
class AnyOf(Node):
    """`F or G`: at least two parts."""

    parts: tuple[Formula, ...]


Formula: TypeAlias = AtLeast | Weighted | AllOf | AnyOf

# --- events, services, policies ---------------------------------------------------------------


@frozen
class Event(Node):
    name: Identifier
    payload: RecordType
    senders: tuple[Principal, ...]
    doc: str


@frozen
class Retry(Node):
    """`retry n [every d [up to e]]`."""

    times: Integer
    every: Duration | None
    up_to: Duration | None


@frozen
class Needs(Node):
    """`needs F[, initiator may decide]`."""

    formula: Formula
    initiator_may_decide: bool


@frozen
class UndoBy(Node):
    """`undo operation(…)` of an operation."""

    operation: Identifier
    arguments: tuple[Argument, ...]


OperationKind: TypeAlias = Literal["read", "notify", "effect", "critical effect"]


@frozen
class Operation(Node):
    kind: OperationKind
    name: Identifier
    parameters: tuple[Field, ...]
    result: Type | None
    wire_name: PlainText | None
    timeout: Duration
    heartbeat: Duration | None
    retry: Retry | None
    needs: Needs | None
    idempotent: Span | None
    """Where `idempotent` is said."""
    undo: UndoBy | None
    doc: str


@frozen
class Service(Node):
    name: Identifier
    queue: PlainText
    operations: tuple[Operation, ...]
    doc: str


@frozen
class Policy(Node):
    """`policy name = rego "file" query "data.…"`."""

    name: Identifier
    rego: PlainText
    query: PlainText
    doc: str


# --- gates ------------------------------------------------------------------------------------


@frozen
class FlowAcross(Node):
    """`argument from service.operation` after an operation a gate releases (LANGUAGE section 8,
    rule 3)."""

    argument: Identifier
    operation: Path


@frozen
class Release(Node):
    operation: Path
    flows: tuple[FlowAcross, ...]


@frozen
class Decide(Node):
    formula: Formula
    condition: Expression | None


@frozen
class Amend(Node):
    path: Path
    condition: Expression


@frozen
class Prove(Node):
    """What a vote must bring. `reason` is where it is asked for, with its refinements."""

    reason: Span | None
    reason_refinements: tuple[Argument, ...]
    assurance: Path | None
    login_within: Duration | None


@frozen
class Remind(Node):
    after: Duration


@frozen
class Widen(Node):
    """`after d widen narrow to wide, …`."""

    after: Duration
    narrow: tuple[Principal, ...]
    wide: tuple[Principal, ...]


@frozen
class Reject(Node):
    after: Duration


Tick: TypeAlias = Remind | Widen | Reject


@frozen
class Clock(Node):
    calendar: Path | None
    ticks: tuple[Tick, ...]


@frozen
class Lasts(Node):
    """`lasts d[, uses n [alike]]`; `uses` None means 1."""

    duration: Duration
    uses: Integer | None
    alike: bool


@frozen
class Gate(Node):
    name: Identifier
    parameters: tuple[Field, ...]
    title: Text | None
    releases: tuple[Release, ...]
    decide: tuple[Decide, ...]
    """At least one, in the order written."""
    waived_by: Path | None
    guarded_by: Path | None
    initiator_may_decide: Span | None
    """Where it is said."""
    veto: tuple[Principal, ...]
    apart: tuple[Separation, ...]
    amend: tuple[Amend, ...]
    prove: Prove | None
    clock: Clock
    lasts: Lasts | None
    doc: str


# --- workflows and files ----------------------------------------------------------------------


@frozen
class Once(Node):
    """`once per …`, or `one at a time per …` when `one_at_a_time`."""

    one_at_a_time: bool
    keys: tuple[Path, ...]


LocalDeclaration: TypeAlias = (
    TypeDeclaration | Role | Assurance | Calendar | Event | Service | Policy | Gate
)


@frozen
class Workflow(Node):
    name: Identifier
    version: PlainText
    team: Identifier
    start_by: tuple[Path, ...]
    once: Once | None
    input: RecordType | None
    output: RecordType | None
    declarations: tuple[LocalDeclaration, ...]
    run: Block
    on_failure: Block | None
    doc: str


Declaration: TypeAlias = LocalDeclaration | Workflow


@frozen
class File(Node):
    """One source; the span is the whole text."""

    imports: tuple[Import, ...]
    declarations: tuple[Declaration, ...]

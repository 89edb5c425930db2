"""Typed declarations and the whole program (LANGUAGE sections 2, 5 and 6). Durations are in ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from gantral.compiler.program.events import Event
from gantral.compiler.program.expressions import Expr
from gantral.compiler.program.statements import Statement
from gantral.compiler.program.types import RecordType, Type
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

Kind: TypeAlias = Literal["read", "notify", "effect", "critical effect"]


@frozen
class Retry:
    """`retry count every … up to …`: attempts after the first; intervals in ms, None: default."""

    count: int
    every: int | None
    up_to: int | None


@frozen
class ResultRef:
    """`result[.a.b]` or `args.a[.b]` in an undo's argument, or a constant there."""

    source: Literal["result", "args", "const"]
    path: tuple[str, ...]
    """Empty for a constant, and for the whole result."""
    type: Type
    value: str | None
    """The canonical text of a constant."""
    span: Span


@frozen
class UndoBy:
    """The undo of an effect: an operation of the same service ("service.operation")."""

    operation: str
    arguments: tuple[tuple[str, ResultRef], ...]
    span: Span


@frozen
class Needs:
    """`needs F[, initiator may decide]`: what an approval must ask for; `formula` names roles."""

    formula: Formula
    initiator_may_decide: bool
    span: Span


@frozen
class Operation:
    """One operation; `key` is "service.operation". `result` is None when it answers nothing."""

    key: str
    service: str
    name: str
    kind: Kind
    queue: str
    parameters: RecordType
    result: Type | None
    plain_name: str | None
    """The activity's own name, from `as` on a read or notify."""
    timeout: int
    heartbeat: int | None
    retry: Retry | None
    idempotent: bool
    needs: Needs | None
    undo: UndoBy | None
    doc: str
    span: Span

    @property
    def acts(self) -> bool:
        """Whether it changes the world: it then needs an approval."""
        return self.kind in ("effect", "critical effect")


@frozen
class Service:
    """A service; operations in source order."""

    name: str
    queue: str
    operations: tuple[Operation, ...]
    doc: str
    span: Span


@frozen
class Policy:
    """`policy name = rego "path" query "…"`; `path` is relative to the workflow's folder."""

    name: str
    path: str
    query: str
    span: Span


@frozen
class RoleOf:
    """A role by its bare name (unique in a project)."""

    name: str
    span: Span


@frozen
class ActorOf:
    """`actor path`: a person of the proposal; `path` starts with the parameter."""

    path: tuple[str, ...]
    span: Span


@frozen
class ActorsOf:
    """`actors path`: a list of persons of the proposal."""

    path: tuple[str, ...]
    span: Span


@frozen
class DecidersOf:
    """`deciders of gate`: everybody who voted there, in whatever round and for whatever."""

    gate: str
    span: Span


Principal: TypeAlias = RoleOf | ActorOf | ActorsOf


@frozen
class Quorum:
    """`count of [principals]`: that many distinct voters in the union."""

    count: int
    principals: tuple[Principal, ...]
    span: Span


@frozen
class Points:
    """`count points of { principal: weight, … }`: a voter brings the largest of their weights."""

    count: int
    weights: tuple[tuple[Principal, int], ...]
    span: Span

    @property
    def principals(self) -> tuple[Principal, ...]:
        """Who brings points."""
        return tuple(who for who, _ in self.weights)


@frozen
class AllOf:
    """`F and G`: disjoint sets of voters."""

    parts: tuple[Formula, ...]
    span: Span


@frozen
class AnyOf:
    """`F or G`."""

    parts: tuple[Formula, ...]
    span: Span


Separation: TypeAlias = ActorOf | ActorsOf | DecidersOf
Formula: TypeAlias = Quorum | Points | AllOf | AnyOf


@frozen
class Case:
    """`decide formula when condition`, over the parameters; the last has None."""

    condition: Expr | None
    formula: Formula
    span: Span


@frozen
class Cases:
    """Several `decide`: the first whose condition holds, for what is proposed and for what is
    decided; votes meet both."""

    cases: tuple[Case, ...]
    span: Span


@frozen
class Release:
    """An operation that the gate's yes may set off."""

    operation: str
    span: Span


@frozen
class From:
    """`argument from service.operation`: the argument may be what that effect of another service
    gave."""

    argument: str
    operation: str
    span: Span


@frozen
class ReleaseFrom(Release):
    """`releases aws.attach(user from directory.create)`."""

    flows: tuple[From, ...]


@frozen
class Amend:
    """`amend path where condition`; `path` starts with the parameter, `type` is the field's."""

    path: tuple[str, ...]
    type: Type
    condition: Expr
    span: Span


@frozen
class Prove:
    """What a vote must bring; `reason` says that one is asked for, lengths in code points."""

    reason: bool
    reason_min: int | None
    reason_max: int | None
    assurance: str | None
    login_within: int | None
    span: Span


@frozen
class Remind:
    """`after d remind`."""

    after: int
    span: Span


@frozen
class Widening:
    """`after d widen narrow to wide`."""

    after: int
    narrow: tuple[Principal, ...]
    wide: tuple[Principal, ...]
    span: Span


@frozen
class Reject:
    """`after d reject`: always the last tick."""

    after: int
    span: Span


@frozen
class Calendar:
    """Open time: `days` of the week in order, `opens` and `closes` in minutes since midnight by the
    clock of `zone`, but for the dates `closed` (ISO text, sorted). `known_until`: the last day that
    the file of holidays knows of; `holidays`: where it is named."""

    name: str
    zone: str
    days: tuple[str, ...]
    opens: int
    closes: int
    closed: tuple[str, ...]
    known_until: str | None
    span: Span
    holidays: Span | None


Tick: TypeAlias = Remind | Widening | Reject


@frozen
class Gate:
    """A gate. `lasts` is None for a hold (no releases). A parameter is personal when it is declared
    so or when an `ask` in the program fills it with personal data."""

    name: str
    parameters: RecordType
    title: Expr | None
    """A text expression over the parameters; None: the gate's name."""
    releases: tuple[Release, ...]
    """A ReleaseFrom where results of other services may go in."""
    decide: Formula | Cases
    waived_by: str | None
    """The policy's name."""
    guarded_by: str | None
    """The policy's name."""
    initiator_may_decide: bool
    veto: tuple[Principal, ...]
    apart: tuple[Separation, ...]
    amend: tuple[Amend, ...]
    prove: Prove | None
    clock: tuple[Tick, ...]
    calendar: Calendar | None
    """What the clock counts; None: elapsed time."""
    lasts: int | None
    uses: int
    alike: bool
    """Whether two uses may be of one operation with equal arguments."""
    doc: str
    span: Span

    @property
    def cases(self) -> tuple[Case, ...]:
        """Who decides, in each case; one without a condition where there are no others."""
        if isinstance(self.decide, Cases):
            return self.decide.cases
        return (Case(None, self.decide, self.decide.span),)


@frozen
class Key:
    """`once per` / `one at a time per`: each path starts with `input`, or is `("initiator",)`."""

    mode: Literal["once", "one_at_a_time"]
    paths: tuple[tuple[str, ...], ...]
    span: Span


@frozen
class Program:
    """One workflow with all it uses, names resolved. `path` is the posix path of its file.

    `services`, `gates` and `policies` are those that the workflow declares or uses, by bare name,
    those declared first; `events` those that some `wait` is for, whose meaning stands there.
    `types` are the named types they use, by codegen name, each after those it is made of.
    """

    path: str
    name: str
    version: str
    team: str
    start_by: tuple[str, ...]
    key: Key | None
    input: RecordType
    output: RecordType
    types: Mapping[str, Type]
    services: Mapping[str, Service]
    policies: Mapping[str, Policy]
    gates: Mapping[str, Gate]
    events: Mapping[str, Event]
    run: tuple[Statement, ...]
    run_span: Span
    on_failure: tuple[Statement, ...]
    doc: str
    span: Span
    name_span: Span
    children: Mapping[str, Program] = field(default_factory=dict)
    """The workflows that it runs as its children, proved themselves, by name."""
    operations: Mapping[str, Operation] = field(init=False, compare=False)
    """Every operation of `services` by its key."""

    def __post_init__(self) -> None:
        found = {one.key: one for each in self.services.values() for one in each.operations}
        object.__setattr__(self, "operations", found)

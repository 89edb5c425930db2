"""Calls of services and asks as statements, with their handlers (LANGUAGE sections 7 and 8)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gantral.compiler.check import beside, calls, expressions, in_the_open
from gantral.compiler.check.choices import Choices
from gantral.compiler.check.entering import exact
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.check.leaving import THROUGH, Making
from gantral.compiler.check.provenance import CONSTANT, NOBODY, Origin, Origins
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.declarations import Operation, Program, Service
from gantral.compiler.program.events import Event
from gantral.compiler.program.types import (
    ListType,
    NothingType,
    OptionalType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.proofs import PROVED
from gantral.compiler.types.bounds import loosened
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

Block = tuple[st.Statement, ...]
Brought = tuple[Span, Span]
"""A loop, and a variable from outside into which it brings personal data."""


@dataclass(slots=True)
class Giving:
    """What makes a value while its block is checked: what `give`, or `collect`, gives to. `wanted`
    is the value's type, or an element's; None until the first value has settled it."""

    wanted: Type | None
    makes: Making = "give"
    optional: bool = False
    gives: int = 0
    value: Span | None = None
    """The first value given that is more than `none`."""
    personal: bool = False
    origin: Origin = CONSTANT
    carried: dict[Span, ex.LetRef] = field(default_factory=dict)
    """The results of effects that what is given is computed from."""
    inside: set[Span] = field(default_factory=set)
    """Approvals that are bound in the block, which end with it."""

    @property
    def type(self) -> Type | None:
        """The type of what is given; None when nothing ever is, but `none`."""
        wanted = self.wanted
        if wanted is None or not self.optional or isinstance(wanted, OptionalType):
            return wanted
        return OptionalType(wanted)

    def ended(self) -> None:
        """An approval ends with its block: past it, nobody approved what carries it."""
        left = self.origin.approved
        if left is not None and any(each[0] in self.inside for each in left):
            self.origin = self.origin | NOBODY


class Acting(ABC):
    """Calls, asks and what handlers give; the blocks inside are the subclass's."""

    def __init__(
        self,
        env: Env,
        output: RecordType | None,
        operation: Callable[[syn.Path], tuple[Service, Operation] | None],
        gate: Callable[[syn.Ask], tuple[str, RecordType, bool, list[tuple[str, ...]]] | None],
        event: Callable[[syn.Path], Event | None],
        child: Callable[[syn.RunWorkflow], Program | None],
        brought: frozenset[Brought],
    ) -> None:
        self._env = env
        self._output = output
        self._operation = operation
        self._gate = gate
        self._event = event
        self._child = child
        self._origins = Origins()
        self._authority = calls.Authority(env, self._origins)
        self.needing = self._authority.needing
        self.across = self._authority.across
        self._counts: Counter[str] = Counter()
        self._giving: list[Giving] = []
        """What makes a value around, in this branch."""
        self.elements: set[Span] = set()
        """The names of elements that a `for each` goes over."""
        self._choices = Choices()
        self._declared: dict[Span, int] = {}
        """For each variable how many choices had been made where it is declared."""
        self._loops: list[Span] = []
        """The loops around."""
        self._brought_before = brought
        self.brought: set[Brought] = set()
        self._rounds: dict[Span, int] = {}
        """For each variable how many loops are around where it is declared."""
        self._beside = 0
        """How many branches are around."""
        self._branched: dict[Span, int] = {}
        """For each variable how many branches are around where it is declared."""
        self._failing = False
        self._replaced: set[Span] = set()
        """Names of calls whose handler gives a value of its own: it may be no effect's result."""
        self._carried: dict[Span, tuple[ex.LetRef, ...]] = {}
        """For each name of an expression the results of effects it is computed from."""
        self._personal: set[Span] = set()
        """Names of calls whose handler gives personal data."""
        self._causes: set[Span] = set()
        """Names of handlers' failures, and of what is computed of why they failed."""
        self._results: dict[Span, tuple[st.ServiceCall, Operation]] = {}
        self._ran: dict[Span, tuple[st.Run, Program]] = {}
        """The children by the name that their outcome is bound to."""
        self._not_completed: list[Span] = []
        """The names of children that did not complete where the walk stands."""
        self._without: set[Span] = set()
        """The cases in which no child completed."""
        self.calls: list[st.ServiceCall] = []
        self.asks: dict[Span, str] = {}
        """The gate's name of each approval."""
        self.uncertain: set[Span] = set()
        """The approvals that are asked for `only if`."""
        self.asked: set[str] = set()
        """The gates that some ask names."""
        self.personal: dict[str, set[str]] = {}
        """For each gate the parameters that some ask fills with personal data."""
        self.lets: list[tuple[syn.Identifier, bool]] = []
        """Every name bound by `let`, with whether it is an approval."""
        self.vars: list[syn.Var] = []
        self.set_at: set[Span] = set()
        """The variables that something sets, by where they are declared."""

    @abstractmethod
    def block(self, one: syn.Block, *, takes: tuple[Making, ...] = ()) -> tuple[Block, bool]:
        """A block with the names it binds gone after it, and whether it ends the path. `takes`: by
        what words a value in it is for what the block is a part of."""

    def _count(self, what: str) -> int:
        self._counts[what] += 1
        return self._counts[what]

    def _reads_only(self, span: Span, what: str) -> None:
        self._env.findings.error(
            "G0326",
            span,
            f"{what} can't stand in `on failure`",
            "only reads and notifies run there; move it into `run`",
        )

    def _call(self, one: syn.ServiceCall, bound: syn.Identifier | None) -> st.ServiceCall | None:
        env = self._env
        found = self._operation(one.operation)
        if found is None:
            if one.handler is not None:
                self._handler(one.handler, None)
            return None
        operation = found[1]
        ordinal = self._count(operation.key)
        if self._failing and operation.acts:
            self._reads_only(one.operation.span, f"the {operation.kind} `{operation.key}`")
        given = calls.arguments(
            env, one.arguments, operation.parameters, one.operation.span, f"`{operation.key}`"
        )
        in_the_open.given(env.findings, operation, given or (), self._causes)
        self._openly(operation.parameters, given)
        under = calls.approvals(env, one, operation)
        if operation.acts and not self._failing:
            self._authority.effect(one, operation, under, given)
            self._by_undo(operation, given, one.operation.span)
        result: Type = operation.result if operation.result is not None else NothingType()
        origin = NOBODY
        if operation.acts:
            origin = Origin(frozenset((each.binding, operation.key) for each in under))
        handler: st.Handler | None = None
        gave = self._gave()
        if one.handler is not None:
            giving = None if bound is None else Giving(result)
            choice = NOBODY
            if operation.acts:
                choice = Origin(frozenset((each.binding, None) for each in under))
            body = self._choices.leaving.side(one.handler.body)
            if giving is not None:
                body = body.taken((giving.makes,))
            with self._choices.chosen(choice, body, THROUGH):
                handler, ended = self._handler(one.handler, giving)
            if giving is not None:
                if not ended:
                    self._ends_without(one.handler.span, "handler", bound.text if bound else "")
                result = giving.wanted if giving.wanted is not None else result
                if giving.optional and not isinstance(result, OptionalType):
                    result = OptionalType(result)
                if giving.gives:
                    origin = origin | giving.origin | choice
                if giving.value is not None and bound is not None:
                    self._replaced.add(bound.span)
                    # A plan would call it the result, which it may not be.
                    origin = origin | Origin(odd=giving.value)
                if giving.personal and bound is not None:
                    self._personal.add(bound.span)
            self._left(choice, gave)
        elif bound is not None and operation.result is None and operation.undo is None:
            env.findings.error(
                "G0205",
                one.operation.span,
                f"`{operation.key}` gives no value to bind",
                f"leave `let {bound.text} =` out",
            )
            return None
        if given is None or (one.handler is not None and handler is None):
            return None
        call = st.ServiceCall(
            operation.key, ordinal, given, under, handler, result, one.span, one.operation.span
        )
        self.calls.append(call)
        if bound is not None:
            self._origins.bind(bound.span, origin)
            self._results[bound.span] = (call, operation)
        return call

    def _by_undo(self, operation: Operation, given: calls.Arguments | None, span: Span) -> None:
        """Rule 7: what undoes an effect with data of its result is written as `undo`."""
        for _, value in given or ():
            for each in self._read(value):
                known = self._results.get(each.binding)
                if known is None or known[1].undo is None:
                    continue
                if known[1].undo.operation == operation.key:
                    self._env.findings.error(
                        "G0325",
                        span,
                        f"this undoes `{each.name}` by hand",
                        f"write `undo {each.name}`",
                    )
                    return

    def _openly(self, wanted: RecordType, given: calls.Arguments | None) -> None:
        """What an operation with `as` gave is nothing personal anywhere."""

        def read(value: ex.Expr) -> list[str | None]:
            called = [self._results.get(each.binding) for each in self._read(value)]
            return [one[1].plain_name for one in called if one is not None]

        in_the_open.called_personal(self._env.findings, wanted, given or (), read)

    def _read(self, value: ex.Expr) -> list[ex.LetRef]:
        """The names an expression reads, in order, those that lets were computed from too."""
        if isinstance(value, ex.VarRef):
            return list(self._carried.get(value.binding, ()))
        if isinstance(value, ex.LetRef):
            return [value, *self._carried.get(value.binding, ())]
        return [one for part in ex.children(value) for one in self._read(part)]

    def _handler(self, one: syn.Handler, giving: Giving | None) -> tuple[st.Handler | None, bool]:
        env = self._env
        before = len(env.findings.all)
        with env.block():
            if one.name is not None:
                env.bind(Binding("handler", one.name.text, one.name.span, StringType()))
                self._causes.add(one.name.span)
            body, ended = self._making(one.body, giving)
            if giving is not None:
                giving.ended()
        if self._broken(before):
            return None, ended
        name = one.name
        made = st.Handler(
            name.text if name is not None else None,
            name.span if name is not None else None,
            body,
            one.span,
        )
        return made, ended

    def _broken(self, before: int) -> bool:
        """Whether there is nothing to prove of what was found that many findings ago. What the
        graph proves too leaves it whole, so that the proof tells the path."""
        found = self._env.findings.all[before:]
        return any(one.severity == "error" and one.code not in PROVED for one in found)

    def _ends_without(self, span: Span, what: str, name: str) -> None:
        """Says that a block of what makes a value may end without one."""
        self._env.findings.error(
            "G0222",
            span,
            f"this {what} may end without a value for `{name}`",
            "end it by `give …`, `complete` or `terminate` on every path",
        )

    def _making(self, one: syn.Block, giving: Giving | None) -> tuple[Block, bool]:
        """A block of what makes a value, or none, and whether it ends the path."""
        if giving is None:
            return self.block(one)
        self._giving.append(giving)
        found = self.block(one, takes=(giving.makes,))
        self._giving.pop()
        return found

    def _taking(self, makes: Making) -> Giving | None:
        """What a value here is given to by that word: the nearest that is made by it."""
        return next((one for one in reversed(self._giving) if one.makes == makes), None)

    def _gave(self) -> tuple[int, ...]:
        """How often each of what makes a value around was given to so far."""
        return tuple(one.gives for one in self._giving)

    def _left(self, choice: Origin, gave: tuple[int, ...]) -> None:
        """After a choice: rule 3, what was given in it carries it, and so does what follows, since
        some way has left. Where no side gives, both lead to the same, or one ends the run."""
        left: list[Making] = []
        for giving, before in zip(self._giving, gave, strict=True):
            if giving.gives > before:
                giving.origin = giving.origin | choice
                left.append(giving.makes)
        if left:
            self._choices.left(choice, left)

    def _give(self, one: syn.Give) -> st.Statement | None:
        env = self._env
        giving = self._taking("give")
        if giving is None:
            env.findings.error(
                "G0222",
                one.span,
                "there is nothing here to give a value to",
                "`give` stands in a handler, a `repeat`, `wait` or branch that `let` binds",
            )
            return None
        value = self._given(one.value, giving)
        giving.gives += 1
        if value is None:
            return None
        if giving.wanted is None and not isinstance(value, ex.Absent):
            giving.wanted = self.settled(value)
        elif giving.wanted is not None and not isinstance(value, ex.Absent):
            # What else is given may be outside of what is refined: then so may be what comes of it.
            giving.wanted = loosened(giving.wanted, exact(value))
        giving.optional = giving.optional or isinstance(value.type, OptionalType)
        giving.personal = giving.personal or value.personal
        if giving.value is None and not isinstance(value, ex.Absent):
            giving.value = value.span
        giving.origin = giving.origin | self._origins.of(value)
        giving.carried |= {
            each.binding: each for each in self._read(value) if each.binding in self._results
        }
        return st.Give(value, one.span)

    def _given(self, one: syn.Expression, giving: Giving) -> ex.Expr | None:
        """A value of the type that is wanted; of any, when it is the first."""
        wanted = giving.wanted
        if wanted is None:
            return expressions.infer(self._env, one)
        if not isinstance(wanted, OptionalType):
            wanted = OptionalType(wanted)
        return expressions.value(self._env, one, wanted)

    def settled(self, value: ex.Expr) -> Type | None:
        """The type that the first value given settles; None after a finding."""
        type_ = value.type
        inner = type_.inner if isinstance(type_, OptionalType) else type_
        while isinstance(inner, ListType):
            inner = inner.element
        if isinstance(inner, NothingType):
            self._unsettled(value.span)
            return None
        return type_

    def _unsettled(self, span: Span) -> None:
        self._env.findings.error(
            "G0205",
            span,
            "this alone does not say what type the name has",
            "write the type with the name: `let name: type = …`",
        )

    def _ask(self, one: syn.Ask, bound: bool) -> st.Ask | None:
        env = self._env
        only_if: ex.Expr | None = None
        if one.only_if is not None:
            only_if = expressions.condition(env, one.only_if)
        if self._failing:
            self._reads_only(one.gate.span, "`ask`")
        if self._beside:
            beside.refuse(env.findings, "G0429", one.gate.span)
        found = self._gate(one)
        if found is None:
            return None
        name, wanted, amends, who = found
        ordinal = self._count(f"gate {name}")
        self.asked.add(name)
        given = calls.arguments(env, one.arguments, wanted, one.gate.span, f"gate `{name}`")
        if amends and not bound:
            env.findings.error(
                "G0327",
                one.gate.span,
                f"gate `{name}` may amend, and nothing here reads what was decided",
                "bind it: `let decided = ask …`, and read the decided values through it",
            )
        self._openly(wanted, given)
        if given is None:
            return None
        self.personal.setdefault(name, set()).update(n for n, value in given if value.personal)
        values = dict(given)
        for path in who:
            value = values.get(path[0])
            if value is not None and self._origins.of(value, path[1:]).given:
                env.findings.error(
                    "G0324",
                    value.span,
                    f"`{'.'.join(path)}` says who decides, and this carries data of `input`"
                    " or of an event",
                    "take the person from a read, a constant or `initiator`: else whoever starts "
                    "the run, or sends the event, would choose who decides",
                )
        type_ = calls.approved_record(wanted, given)
        if one.only_if is None:
            return st.Ask(name, ordinal, given, type_, one.span, one.gate.span)
        if only_if is None:
            return None
        return st.AskOnlyIf(name, ordinal, given, type_, one.span, one.gate.span, only_if)

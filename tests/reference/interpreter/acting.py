"""What an execution reads, calls and asks; the statements around are `execution`'s."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from gantral.compiler import program as p
from gantral.compiler.program import is_document
from gantral.dsl.span import Span

from interpreter import people, rules
from interpreter.book import Act, Approval, Book, Outcome, Reached
from interpreter.data import GIVEN, NOBODY, Datum, Place, Places, Seen, Seers, overlap, unknown
from interpreter.expressions import Evaluator, Failed, Names, Values
from interpreter.leaving import Ended, Gave, Leaving
from interpreter.turns import Stopped, Turns
from interpreter.ways import Block, goes_on, may_give, sets

NOBODYS: Seers = frozenset({NOBODY})
_Choice = tuple[Seers, Places]


@dataclass
class Frame:
    """A value block around, or a loop, and what the way through it so far was chosen by. In a loop
    each choice counts, elsewhere those on which it depends whether something is given. What is
    given goes to the nearest that is bound."""

    loop: bool
    bound: bool
    choices: list[_Choice] = field(default_factory=list)


class Acting(ABC):
    """A run of one workflow; a child's has the book and the schedule of its parent's."""

    def __init__(self, program: p.Program, values: Values, book: Book, given: Datum) -> None:
        self.program = program
        self.book = book
        self.ended = ""
        self.cause = ""
        self.ended_at: Span | None = None
        self.output = Datum({})
        self._schedule = values.schedule
        self._values = values
        self._names = Names(input=given)
        self._evaluator = Evaluator(values, self._names)
        self._now = 0
        self._acts: list[Act] = []
        self._bound_acts: dict[Span, Act] = {}
        self._failing = False
        self._frames: list[Frame] = []
        self._turns: Turns | None = None
        """In a branch: whose turn it is."""
        self._outside: set[Span] = set()
        """In a branch: the names from outside of it."""
        self._outcomes: list[Outcome] = []
        self._kinds: dict[str, set[bool]] = {}
        """Whether each gate was asked `only if`, and in every case."""
        self._voted: dict[str, frozenset[str]] = {}
        """Who voted at each gate so far."""

    @abstractmethod
    def run(self) -> None:
        """Runs it."""

    @abstractmethod
    def _block(self, block: Block) -> None:
        """Runs a block."""

    # --- values ---------------------------------------------------------------------------------

    def _read(self, one: p.Expr, *, telling: bool = False) -> Datum:
        """Evaluates what a statement reads. To be told of a proposal a notify may read on."""
        try:
            found = self._evaluator.evaluate(one)
        except Failed:
            raise Ended("terminated", "action_failed", None) from None
        if not telling:
            self._untrue(one.span, found.all_of())
        return found

    def _untrue(self, at: Span, of: Places) -> None:
        stale = [
            place
            for held in self._names.bound.values()
            if isinstance(held, Approval)
            for place in held.stale
        ]
        if any(overlap(one, other) for one in of for other in stale):
            self.book.breaks("reads what was amended", at)

    def _arguments(
        self, given: Sequence[tuple[str, p.Expr]], *, telling: bool = False
    ) -> dict[str, Datum]:
        return {name: self._read(value, telling=telling) for name, value in given}

    def _holds(self, one: p.Expr, at: Span, *, usual: bool = False) -> tuple[bool, _Choice]:
        """Whether a condition holds, as it usually may; what it was judged by."""
        if isinstance(one, p.OutcomeTest):
            self._settle(one, at)
        judged = self._read(one)
        if self._schedule.free and not _tells(one):
            options = ("true", "false") if usual else ("false", "true")
            holds = self._schedule.pick(options, at) == "true"
        else:
            holds = bool(self._values.known(judged).value)
        self.book.happened(at, "true" if holds else "false")
        return holds, (judged.all_by(), judged.all_of())

    def _settle(self, one: p.OutcomeTest, at: Span) -> None:
        held = self._names.bound.get(one.child.binding)
        if isinstance(held, Outcome) and held.may:
            so = self._schedule.pick(("true", "false"), at) == "true"
            held.settles(one.outcome, so=so)

    def _chosen(self, choice: _Choice, *blocks: Block) -> None:
        """What is made around is chosen by that as well; `blocks` are its sides, those that give to
        what is around them."""
        gives = any(may_give(block) for block in blocks)
        for around in reversed(self._frames):
            if around.loop or gives:
                around.choices.append(choice)
            gives = gives and not around.bound

    def _tint(self, variables: set[Span], choices: Sequence[_Choice]) -> None:
        """What may have been set there carries what decided that it was, or was not."""
        for binding in variables:
            held = self._names.bound.get(binding)
            for by, of in choices:
                if isinstance(held, Datum):
                    held = held.tinted(by, of)
            if isinstance(held, Datum):
                self._names.bound[binding] = held

    @contextmanager
    def _choosing(
        self, variables: set[Span], *, loop: bool = False, bound: bool
    ) -> Iterator[list[_Choice]]:
        """A loop or value block: afterwards what it may set carries each choice noted for it."""
        frame = Frame(loop, bound)
        self._frames.append(frame)
        try:
            yield frame.choices
        finally:
            self._frames.pop()
            self._tint(variables, frame.choices)

    def _taken(self, found: Leaving) -> Datum:
        """What has come to where it is wanted."""
        self.book.reached |= found.out_of
        if found.blocks > 3:
            self.book.reached.add("a value out of four blocks")
        return found.value

    def _others(self, *, stops: bool = True) -> None:
        """Other branches may go on here. Where one has failed, this one stops: not while an action
        is in flight, whose answer is awaited."""
        if self._turns is not None:
            self._turns.turn()
            if stops and self._turns.stopped:
                raise Stopped

    # --- calls ----------------------------------------------------------------------------------

    def _call(self, call: p.ServiceCall, binding: Span | None) -> Datum:
        self._others()
        operation = self.program.operations[call.operation]
        given = self._arguments(call.arguments, telling=operation.kind == "notify")
        act: Act | None = None
        by, result = NOBODYS, NOBODYS
        if operation.acts:
            under = self._approvals(call)
            self._before_acting(call, operation, under, given)
            self.book.called.add(operation.key)
            if self._turns is not None:
                self.book.reached.add("an effect in a branch")
            if any(is_document(one.type) for one in operation.parameters.fields):
                self.book.reached.add("a document acted on")
            if any(self._of_branches(datum) for datum in given.values()):
                self.book.reached.add("an effect with what a branch gave")
            act = Act(operation, call.head, "not done")
            self._acts.append(act)
            by = frozenset(Seen(one.number) for one in under) or NOBODYS
            result = frozenset(Seen(one.number, operation.key) for one in under) or NOBODYS
        if binding is not None and act is not None:
            self._bound_acts[binding] = act
        self._others(stops=False)
        came = self._schedule.pick(("done", "failed: unknown", "failed: no"), call.head)
        if act is not None:
            act.state = {"done": "done", "failed: no": "not done"}.get(came, "unknown")  # type: ignore[assignment]
        self.book.happened(call.head, came.partition(":")[0])
        self.book.calls += 1
        place = ("answer", self.book.calls)
        value = unknown(operation.result or p.NothingType(), place, result)
        if call.handler is None:
            if came != "done":
                unknown_ = act is not None and act.state == "unknown"
                cause = "effect_unknown" if unknown_ else "action_failed"
                raise Ended("terminated", cause, call.head)
            return value
        return self._handled(call.handler, came, value, by, bound=binding is not None)

    def _handled(
        self, handler: p.Handler, came: str, value: Datum, by: Seers, *, bound: bool
    ) -> Datum:
        choice: _Choice = (by, frozenset())
        meets = goes_on(handler.body)
        if meets:
            self._chosen(choice, *(() if bound else (handler.body,)))
        if came == "done":
            if meets:
                self._tint(sets(handler.body), (choice,))
            return value.tinted(by) if bound and may_give(handler.body) else value
        if handler.binding is not None:
            failure = {
                "cause": _text(("cause", self.book.calls)),
                "happened": Datum(came[8:], by=NOBODYS),
            }
            self._names.bound[handler.binding] = Datum(failure)
        try:
            if not bound:
                try:
                    self._block(handler.body)
                except Gave as found:
                    found.out_of.add("a value out of a handler in another block")
                    raise
                self._tint(sets(handler.body), (choice,))
                return Datum(None)
            with self._choosing(sets(handler.body), bound=True) as choices:
                choices.append(choice)
                try:
                    self._block(handler.body)
                except Gave as found:
                    return carrying(self._taken(found), choices)
            return Datum(None)
        finally:
            if handler.binding is not None:
                self._names.bound.pop(handler.binding, None)

    def _approvals(self, call: p.ServiceCall) -> list[Approval]:
        held = [self._names.bound.get(one.binding) for one in call.under]
        return [one for one in held if isinstance(one, Approval)]

    def _before_acting(
        self, call: p.ServiceCall, operation: p.Operation, under: Sequence[Approval],
        given: Mapping[str, Datum],
    ) -> None:  # fmt: skip
        if self._failing:
            self.book.breaks("acts in on failure", call.span)
        rules.judge(self.book, call, operation, under, given)
        shown = [
            place
            for one in self._names.bound.values()
            if isinstance(one, Approval)
            for place in one.mirrored
        ]
        for (_, value), datum in zip(call.arguments, given.values(), strict=True):
            if any(overlap(one, other) for one in datum.all_of() for other in shown):
                self.book.breaks("reads what was amended", value.span)
        for approval in under:
            lasts = approval.gate.lasts
            if lasts is not None and self._now - approval.at > lasts:
                self.book.breaks("acts when the approval has lapsed", call.span)

    def _of_branches(self, datum: Datum) -> bool:
        return any(place[:2] in self.book.branched for place in datum.all_of())

    # --- gates ---------------------------------------------------------------------

    def _ask(self, ask: p.Ask) -> Approval:
        if self._failing:
            self.book.breaks("acts in on failure", ask.span)
        if self._turns is not None:
            self.book.breaks("asks beside others", ask.head)
        gate = self.program.gates[ask.gate]
        proposed = self._arguments(ask.arguments)
        self._who_decides(gate, ask, proposed)
        for one in gate.parameters.fields:
            proposed.setdefault(one.name, Datum(None))
        self.book.asks += 1
        number = self.book.asks
        self._kinds.setdefault(gate.name, set()).add(isinstance(ask, p.AskOnlyIf))
        if len(self._kinds[gate.name]) > 1:
            self.book.reached.add("a gate asked both ways")
        if isinstance(ask, p.AskOnlyIf) and not self._holds(ask.only_if, ask.only_if.span)[0]:
            self.book.happened(ask.head, "unasked")
            fields = {
                name: one.anew(NOBODYS, ("asked", number, name)) for name, one in proposed.items()
            }
            return Approval(number, gate, "unasked", self._now, fields, proposed, (), False)
        came = self._schedule.pick(people.answers(gate), ask.head)
        if came not in ("yes", "yes: amended"):
            self.book.happened(ask.head, came.partition(":")[0])
        if came == "failed":
            raise Ended("terminated", "policy_failed", ask.head)
        if came in ("no", "no: late"):
            self._reject(ask, "late" if came == "no: late" else "no")
        by = frozenset({Seen(number)})
        fields = {name: one.anew(by, ("asked", number, name)) for name, one in proposed.items()}
        if came == "waived":
            return Approval(number, gate, "waived", self._now, fields, proposed, (), False)
        voted, initiator = people.voters(self._schedule, gate)
        made = Approval(number, gate, "people", self._now, fields, proposed, voted, initiator)
        made.persons = people.persons(self._values, self.program.gates, made, self._voted)
        self._voted[gate.name] = self._voted.get(gate.name, frozenset()) | made.persons
        self._saw_clauses(gate)
        if came == "yes: amended":
            people.amend(self._values, made)
        self._asked_again(gate, ask, amended=bool(made.stale))
        self.book.happened(ask.head, "yes")
        return made

    def _reject(self, ask: p.Ask, cause: str) -> NoReturn:
        for act in self._acts:
            if act.stands:
                self.book.breaks("rejected with an effect standing", ask.head, act.at)
        raise Ended("rejected", cause, ask.head)

    def _asked_again(self, gate: p.Gate, ask: p.Ask, *, amended: bool) -> None:
        """The guard's policy, of what people decided: it alone may say no to it now."""
        if gate.guarded_by is None:
            return
        if amended:
            self.book.reached.add("a guard asked of what was amended")
        if self._schedule.pick(("allows", "denies or fails")) != "allows":
            self.book.reached.add("a guard's no after the vote")
            self.book.happened(ask.head, "no")
            self._reject(ask, "policy_failed")

    def _who_decides(self, gate: p.Gate, ask: p.Ask, proposed: Mapping[str, Datum]) -> None:
        given = dict(ask.arguments)
        for path in people.naming(gate):
            who = people.at(self._values, proposed, path)
            if GIVEN in who.all_by() and path[0] in given:
                self.book.breaks("the starter says who decides", given[path[0]].span)

    def _saw_clauses(self, gate: p.Gate) -> None:
        for one in gate.apart:
            reached: Reached = "deciders kept apart"
            if not isinstance(one, p.DecidersOf):
                reached = "a person kept apart"
            elif one.gate not in self._voted:
                continue
            self.book.reached.add(reached)
        if gate.calendar is not None:
            self.book.reached.add("a clock on a calendar")


def carrying(value: Datum, choices: Sequence[_Choice]) -> Datum:
    for by, of in choices:
        value = value.tinted(by, of)
    return value


def named(binding: Span) -> Place:
    """What a name holds, as a place that can be read."""
    return ("name", binding.start)


def _text(place: Place) -> Datum:
    return unknown(p.StringType(), place, NOBODYS)


def _tells(one: p.Expr) -> bool:
    """Whether a condition is about what is there, or how something ended: what follows stands on
    it, so it is computed even where conditions are free."""
    if isinstance(one, p.Test | p.OutcomeTest | p.FailureRef):
        return True
    return any(_tells(part) for part in p.children(one))

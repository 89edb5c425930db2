"""`wait` (LANGUAGE sections 7 and 8): what it is for, how long, and what comes of it.

Which event came, or that none did, is a choice of nobody's: so is all data of an event.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from gantral.compiler.check import expressions
from gantral.compiler.check.acting import Block, Giving
from gantral.compiler.check.durations import between
from gantral.compiler.check.env import Binding
from gantral.compiler.check.leaving import GIVES, THROUGH
from gantral.compiler.check.provenance import CONSTANT, Origin
from gantral.compiler.check.undoing import Undoing
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.events import Event
from gantral.compiler.program.types import DurationType, Type
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

# Whoever sends chooses it, as whoever starts the run chooses its input.
SENT = Origin(None, given=True)


class Waiting(Undoing):
    """Checks `wait`."""

    def _wait_statement(self, one: syn.Wait) -> tuple[st.Statement | None, bool]:
        made, ends = self._wait(one, None, None)
        return (None if made is None else st.WaitStatement(made, one.span)), ends

    def _set_wait(self, one: syn.Set, waited: syn.Wait) -> Block | None:
        """`set x = wait …` is a name for what the wait gives, and `set` to that."""
        binding = self._variable(one.name, one.span)
        wanted = None if binding is None else binding.type
        wait, giving = self._bound_wait(waited, one.name, wanted)
        if wait is None or wait.type is None or binding is None or wanted is None:
            return None
        # The name stands where the wait does, which binds no other.
        name = syn.Identifier(wait.head, one.name.text)
        self._origins.bind(name.span, giving.origin)
        self._carried[name.span] = tuple(giving.carried.values())
        read = ex.LetRef(
            span=waited.span,
            type=wait.type,
            personal=giving.personal,
            name=name.text,
            binding=name.span,
        )
        value = expressions.fit(self._env, read, wanted)
        made = None if value is None else self._assigned(one, binding, wanted, value)
        let = st.Let(name.text, name.span, wait, one.span)
        return None if made is None else (let, made)

    def _bound_wait(
        self, one: syn.Wait, name: syn.Identifier, wanted: Type | None
    ) -> tuple[st.Wait | None, Giving]:
        """A wait that `let` binds, and what it gives."""
        giving = Giving(wanted)
        made, _ = self._wait(one, name, giving)
        return made, giving

    def _wait(
        self, one: syn.Wait, bound: syn.Identifier | None, giving: Giving | None
    ) -> tuple[st.Wait | None, bool]:
        before = len(self._env.findings.all)
        ordinal = self._count("wait")
        head = Span(one.span.source, one.span.start, one.span.start + len("wait"))
        if self._failing:
            self._reads_only(head, "`wait`")
        within, least, longest = self._within(one)
        events = self._events(one)
        bodies = [*(case.body for case in one.cases), one.otherwise]
        short = THROUGH if giving is None else GIVES
        ways = [short if body is None else self._choices.leaving.side(body) for body in bodies]
        if giving is not None:
            ways = [one.taken((giving.makes,)) for one in ways]
        # A choice whose other sides all end the run does not count.
        choice = SENT if sum(one.goes_on for one in ways) > 1 else CONSTANT
        gave = self._gave()
        made: list[Block] = []
        ended: list[bool] = []
        for at, case in enumerate([*one.cases, None]):
            others = reduce(or_, (each for number, each in enumerate(ways) if number != at))
            body = one.otherwise if case is None else case.body
            with self._choices.chosen(choice, ways[at], others), self._env.block():
                if case is not None and case.name is not None:
                    self._arrived(case.name, events[at])
                if body is None:
                    assert case is not None
                    made.append(self._data(case, events[at], giving))
                    ended.append(giving is not None)
                    continue
                block, ends = self._making(body, giving)
                made.append(block)
                ended.append(ends)
        if giving is not None:
            giving.ended()
            giving.origin = giving.origin | choice
            self._gives_always(one, bound, bodies, ended)
        self._left(choice, gave)
        if within is None or longest is None or any(event is None for event in events):
            return None, all(ended)
        if giving is not None and self._broken(before):
            return None, all(ended)
        arrivals = tuple(
            st.Arrival(event, *_named(case), block, case.span)
            for event, case, block in zip(events, one.cases, made[:-1], strict=True)
            if event is not None
        )
        type_ = None if giving is None else giving.type
        return (
            st.Wait(
                arrivals,
                within,
                max(least or 0, 0),
                longest,
                made[-1],
                ordinal,
                type_,
                one.span,
                head,
            ),
            all(ended),
        )

    def _within(self, one: syn.Wait) -> tuple[ex.Expr | None, int | None, int | None]:
        within = expressions.value(self._env, one.within, DurationType())
        if within is None:
            return None, None, None
        found = between(within)
        if found.largest is None:
            self._env.findings.error(
                "G0425",
                one.within.span,
                "how long this may wait at most is not known",
                "write a constant, or compute it from what has a `max`: `hours: int(max: 12)`",
            )
        elif found.largest <= 0:
            self._env.findings.error(
                "G0425",
                one.within.span,
                "this wait is over before anything could come",
                "give it time: `within 1h`",
            )
            return None, None, None
        return within, found.least, found.largest

    def _events(self, one: syn.Wait) -> list[Event | None]:
        """The event of each case."""
        seen: dict[str, Span] = {}
        found: list[Event | None] = []
        for case in one.cases:
            event = self._event(case.event)
            if event is not None and event.name in seen:
                self._env.findings.error(
                    "G0426",
                    case.event.span,
                    f"this wait is for `{event.name}` already",
                    "leave one of the two out: one event has one case",
                    (Label(seen[event.name], "first here"),),
                )
                event = None
            if event is not None:
                seen[event.name] = case.event.span
            found.append(event)
        return found

    def _arrived(self, name: syn.Identifier, event: Event | None) -> None:
        """`for event as name`: its data, which nobody approved."""
        type_ = None if event is None else event.data
        if self._env.bind(Binding("let", name.text, name.span, type_)):
            self.lets.append((name, False))
        self._origins.bind(name.span, SENT)

    def _data(
        self, case: syn.WaitCase, event: Event | None, giving: Giving | None
    ) -> tuple[st.Statement, ...]:
        """What the short form leaves unsaid: where it is bound, the event's data is given."""
        if giving is None or event is None:
            return ()
        data = ex.LetRef(
            span=case.event.span, type=event.data, name=event.name, binding=case.event.span
        )
        wanted = giving.wanted
        value: ex.Expr | None = data
        if wanted is None:
            giving.wanted = event.data
        else:
            value = expressions.fit(self._env, data, wanted)
        giving.gives += 1
        giving.value = giving.value or case.event.span
        giving.origin = giving.origin | SENT
        return () if value is None else (st.Give(value, case.event.span),)

    def _gives_always(
        self,
        one: syn.Wait,
        bound: syn.Identifier | None,
        bodies: list[syn.Block | None],
        ended: list[bool],
    ) -> None:
        for body, ends in zip(bodies, ended, strict=True):
            if not ends and body is not None:
                named = bound.text if bound is not None else ""
                self._env.findings.error(
                    "G0222",
                    body.span,
                    f"this may end without a value for `{named}`",
                    "end it by `give …`, `complete` or `terminate` on every path",
                )


def _named(case: syn.WaitCase) -> tuple[str | None, Span | None]:
    if case.body is None:
        # The short form reads its data where it names the event.
        return case.event.parts[-1].text, case.event.span
    return (None, None) if case.name is None else (case.name.text, case.name.span)

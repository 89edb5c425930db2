"""What stands beside other things: a wait beside its limit, the branches of a `parallel` beside
each other (LANGUAGE section 7)."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from gantral.compiler import program as p

from interpreter.acting import carrying
from interpreter.children import Children
from interpreter.data import Datum, Place, unknown
from interpreter.expressions import GIVENS, Evaluator, Names
from interpreter.leaving import Gave
from interpreter.turns import Stopped, Turns
from interpreter.ways import goes_on, sets


class Beside(Children):
    """Waits and branches."""

    def _parallel(self, one: p.Parallel, *, bound: bool) -> Datum:
        """A branch has names, a time and a way of its own; approvals and effects are the run's."""
        self._others()
        turns = Turns(self._schedule, self.book, one.head, self._turns)
        given: dict[str, Datum] = {}
        times: list[int] = []

        def body(branch: p.Branch) -> Callable[[], None]:
            run = self._branched(turns)

            def whole() -> None:
                try:
                    found = run._gives(branch, bound=bound)
                finally:
                    times.append(run._now)
                if branch.gives is not None:
                    given[branch.name] = found

            return whole

        turns.run({branch.name: body(branch) for branch in one.branches})
        if turns.failure is not None:
            self.book.happened(one.head, "failed")
            raise turns.failure
        if self._turns is not None and self._turns.stopped:
            raise Stopped
        self._now = max(times)
        self.book.happened(one.head, "joined")
        # A name is approved by the union of what its branches give (ADR 0128).
        return Datum(given).tinted(Datum(given).all_by())

    def _branched(self, turns: Turns) -> Beside:
        run = copy(self)
        held = self._names
        run._names = Names({**held.bound}, held.input)
        run._evaluator = Evaluator(self._values, run._names)
        run._frames = [*self._frames]
        run._turns = turns
        run._outside = {*held.bound}
        return run

    def _gives(self, branch: p.Branch, *, bound: bool) -> Datum:
        with self._choosing(set(), bound=bound) as choices:
            try:
                self._block(branch.body)
            except Gave as found:
                if not bound:
                    raise
                return carrying(self._taken(found), choices)
            return carrying(Datum(None), choices)

    def _wait(self, wait: p.Wait, *, bound: bool) -> Datum:
        self._read(wait.within)
        self._others()
        cases = {f"comes {one.event.name}": one for one in wait.arrivals}
        self._open(wait)
        came = self._schedule.pick((*cases, "else"), wait.head)
        self.book.happened(wait.head, came)
        self.book.reached.add("a wait that ends" if came == "else" else "an event")
        blocks = (*(one.body for one in wait.arrivals), wait.otherwise)
        # Whoever sends it, or does not, chooses.
        choice = (GIVENS, frozenset[Place]())
        meets = sum(goes_on(block) for block in blocks) > 1
        if meets:
            self._chosen(choice, *(() if bound else blocks))
        with self._choosing(sets(*blocks), bound=bound) as choices:
            if meets:
                choices.append(choice)
            try:
                if came == "else":
                    self._now += wait.least
                    self._block(wait.otherwise)
                else:
                    self._arrived(cases[came])
            except Gave as found:
                if not bound:
                    found.out_of.add("a value out of a wait in another block")
                    raise
                return carrying(self._taken(found), choices)
        return Datum(None)

    def _open(self, wait: p.Wait) -> None:
        """While it is open others go on."""
        own = [(one.event.name, wait.head) for one in wait.arrivals]
        for name, _ in own:
            for other, at in self.book.open:
                if other == name:
                    for each in (at, wait.head):
                        self.book.breaks("two wait for one event", each)
        if self.book.open:
            self.book.reached.add("two branches waiting at once")
        self.book.open += own
        try:
            self._others()
        finally:
            for each in own:
                self.book.open.remove(each)

    def _arrived(self, one: p.Arrival) -> None:
        self.book.calls += 1
        if one.binding is not None:
            place = ("event", self.book.calls)
            self._names.bound[one.binding] = unknown(one.event.data, place, GIVENS)
        try:
            self._block(one.body)
        finally:
            if one.binding is not None:
                self._names.bound.pop(one.binding, None)

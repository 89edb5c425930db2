"""The authority automaton of a program: every order in which its states can follow each other.

A verifier walks a chain of artifacts through it (FORMAT section 7), so it is exact: branches that
end early lead nowhere further, and a gate that policy may waive, or that is asked `only if`, can be
passed without people.
"""

from __future__ import annotations

from dataclasses import replace

from gantral.authority import State
from gantral.compiler.digest import Tree
from gantral.compiler.program import (
    Ask,
    AskOnlyIf,
    AskStatement,
    Collect,
    Complete,
    Do,
    ForEach,
    Give,
    If,
    Let,
    Parallel,
    Program,
    Repeat,
    ServiceCall,
    Statement,
    Terminate,
    Wait,
    WaitStatement,
)
from gantral.dsl.frozen import frozen

START = "start"
TERMINATED = "terminated"

_Sites = frozenset[str]
_NONE: _Sites = frozenset()


@frozen
class _Around:
    """What comes after a `give` of what is around, and after a `collect`."""

    given: _Sites = _NONE
    collected: _Sites = _NONE


def automaton(program: Program) -> Tree:
    """[[site, state, [next sites]], …] sorted by site; `start` is RUNNING after CREATED."""
    walk = _Walk(program)
    first = walk.block(program.run, _NONE, _Around())
    sites = {START: (State.RUNNING, first), TERMINATED: (State.TERMINATED, _NONE), **walk.settled()}
    rows: list[Tree] = []
    for site in sorted(sites):
        state, following = sites[site]
        # Whatever runs can fail, and then ends.
        ways = following | {TERMINATED} if state is State.RUNNING else following
        rows.append([site, str(state), [*sorted(ways)]])
    return rows


class _Walk:
    """Walks backwards: what can come first in a block, given what can come after it. What comes
    after a loop's body is known only when its beginning is: until then a word stands for it."""

    def __init__(self, program: Program) -> None:
        self._gates = program.gates
        self._sites: dict[str, tuple[State, _Sites]] = {}
        self._rounds: dict[str, _Sites] = {}

    def settled(self) -> dict[str, tuple[State, _Sites]]:
        """Every site with what follows it."""
        return {site: (state, self._known(after)) for site, (state, after) in self._sites.items()}

    def _known(self, sites: _Sites) -> _Sites:
        while words := sites & self._rounds.keys():
            sites = sites - words | frozenset().union(*(self._rounds[one] for one in words))
        return sites

    def block(self, statements: tuple[Statement, ...], after: _Sites, around: _Around) -> _Sites:
        """The sites reached first."""
        for statement in reversed(statements):
            after = self._statement(statement, after, around)
        return after

    def _statement(self, statement: Statement, after: _Sites, around: _Around) -> _Sites:
        match statement:
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                return self._ask(ask, after)
            case Do(call=call):
                if call.handler is None:
                    return after
                # What it gives, it gives to the handler around it.
                return after | self.block(call.handler.body, after, around)
            case Let(value=ServiceCall() as call):
                if call.handler is None:
                    return after
                return after | self.block(call.handler.body, after, replace(around, given=after))
            case WaitStatement(wait=wait):
                return self._wait(wait, after, around)
            case Let(value=Wait() as wait):
                return self._wait(wait, after, replace(around, given=after))
            case If(then=then, otherwise=otherwise):
                return self.block(then, after, around) | self.block(otherwise, after, around)
            case (ForEach() as loop) | Let(value=ForEach() as loop):
                collects = isinstance(statement, Let)
                # The list may be empty.
                return self._round(loop, after, around, collects=collects) | after
            case Repeat() as loop:
                return self._round(loop, self.block(loop.otherwise, after, around), around)
            case Let(value=Repeat() as loop):
                inside = replace(around, given=after)
                return self._round(loop, self.block(loop.otherwise, after, inside), inside)
            case Parallel(branches=branches) | Let(value=Parallel(branches=branches)):
                # No branch holds a site of its own; what follows is reached when each is through.
                word = frozenset({"joined"})
                inside = _Around(given=word)
                through = all(word <= self.block(one.body, word, inside) for one in branches)
                return after if through else _NONE
            case Complete(ordinal=ordinal):
                site = f"complete/{ordinal}"
                self._sites[site] = (State.COMPLETED, _NONE)
                return frozenset({site})
            case Terminate():
                return _NONE
            case Give():
                return around.given
            case Collect():
                return around.collected
            case _:
                return after

    def _wait(self, wait: Wait, after: _Sites, around: _Around) -> _Sites:
        found = self.block(wait.otherwise, after, around)
        for one in reversed(wait.arrivals):
            found |= self.block(one.body, after, around)
        return found

    def _round(
        self, loop: ForEach | Repeat, over: _Sites, around: _Around, *, collects: bool = False
    ) -> _Sites:
        """The sites reached first in a loop's body; after it comes another round, or `over`."""
        word = frozenset({f"round of {loop.site}"})
        inside = replace(around, collected=word) if collects else around
        first = self.block(loop.body, word, inside)
        first = first - word | (over if word <= first else _NONE)
        self._rounds[f"round of {loop.site}"] = first | over
        return first

    def _ask(self, ask: Ask, after: _Sites) -> _Sites:
        resumed, rejected, waived = (f"{ask.id}:{way}" for way in ("resumed", "rejected", "waived"))
        self._sites[ask.id] = (State.WAITING_FOR_HUMAN, frozenset({resumed, rejected}))
        self._sites[resumed] = (State.RUNNING, after)
        self._sites[rejected] = (State.REJECTED, _NONE)
        first = {ask.id}
        if self._gates[ask.gate].waived_by is not None:
            self._sites[waived] = (State.RUNNING, after)
            first.add(waived)
        if isinstance(ask, AskOnlyIf):
            unasked = f"{ask.id}:unasked"
            self._sites[unasked] = (State.RUNNING, after)
            first.add(unasked)
        return frozenset(first)

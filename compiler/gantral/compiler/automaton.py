"""The authority automaton of a program: every order in which its states can follow each other.

A verifier walks a chain of artifacts through it (FORMAT section 7), so it is exact: branches that
end early lead nowhere further, and a gate that policy may waive, or that is asked `only if`, can be
passed without people.
"""

from __future__ import annotations

from gantral.authority import State
from gantral.compiler.digest import Tree
from gantral.compiler.program import (
    Ask,
    AskOnlyIf,
    AskStatement,
    Complete,
    Do,
    Give,
    If,
    Let,
    Program,
    ServiceCall,
    Statement,
    Terminate,
)

START = "start"
TERMINATED = "terminated"

_Sites = frozenset[str]
_NONE: _Sites = frozenset()


def automaton(program: Program) -> Tree:
    """[[site, state, [next sites]], …] sorted by site; `start` is RUNNING after CREATED."""
    walk = _Walk(program)
    first = walk.block(program.run, _NONE, _NONE)
    sites = {START: (State.RUNNING, first), TERMINATED: (State.TERMINATED, _NONE), **walk.sites}
    rows: list[Tree] = []
    for site in sorted(sites):
        state, following = sites[site]
        # Whatever runs can fail, and then ends.
        ways = following | {TERMINATED} if state is State.RUNNING else following
        rows.append([site, str(state), [*sorted(ways)]])
    return rows


class _Walk:
    """Walks backwards: what can come first in a block, given what can come after it."""

    def __init__(self, program: Program) -> None:
        self._gates = program.gates
        self.sites: dict[str, tuple[State, _Sites]] = {}

    def block(self, statements: tuple[Statement, ...], after: _Sites, given: _Sites) -> _Sites:
        """The sites reached first; `given` is what comes after a `give` of the handler around."""
        for statement in reversed(statements):
            after = self._statement(statement, after, given)
        return after

    def _statement(self, statement: Statement, after: _Sites, given: _Sites) -> _Sites:
        match statement:
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                return self._ask(ask, after)
            case Do(call=call):
                if call.handler is None:
                    return after
                # What it gives, it gives to the handler around it.
                return after | self.block(call.handler.body, after, given)
            case Let(value=ServiceCall() as call):
                if call.handler is None:
                    return after
                return after | self.block(call.handler.body, after, after)
            case If(then=then, otherwise=otherwise):
                return self.block(then, after, given) | self.block(otherwise, after, given)
            case Complete(ordinal=ordinal):
                site = f"complete/{ordinal}"
                self.sites[site] = (State.COMPLETED, _NONE)
                return frozenset({site})
            case Terminate():
                return _NONE
            case Give():
                return given
            case _:
                return after

    def _ask(self, ask: Ask, after: _Sites) -> _Sites:
        resumed, rejected, waived = (f"{ask.id}:{way}" for way in ("resumed", "rejected", "waived"))
        self.sites[ask.id] = (State.WAITING_FOR_HUMAN, frozenset({resumed, rejected}))
        self.sites[resumed] = (State.RUNNING, after)
        self.sites[rejected] = (State.REJECTED, _NONE)
        first = {ask.id}
        if self._gates[ask.gate].waived_by is not None:
            self.sites[waived] = (State.RUNNING, after)
            first.add(waived)
        if isinstance(ask, AskOnlyIf):
            unasked = f"{ask.id}:unasked"
            self.sites[unasked] = (State.RUNNING, after)
            first.add(unasked)
        return frozenset(first)

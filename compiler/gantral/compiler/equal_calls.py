"""Calls that can only ever be refused: what they do was done under the same approval already
(LANGUAGE section 6, `lasts`), on every way that leads there.

Two calls of one operation are equal for certain where the plan says their arguments by the same
terms. What is equal by chance is found by the effect's worker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from gantral.compiler.digest import Tree
from gantral.compiler.flow import Flow
from gantral.compiler.flow.graph import FlowNode
from gantral.compiler.flow.loops import Loop
from gantral.compiler.flow.walk import shortest, tell
from gantral.compiler.plan import Loops, Plan
from gantral.compiler.program import Ask, Program, ServiceCall
from gantral.compiler.program.walk import bindings, looped
from gantral.dsl.diagnostics import Diagnostic, Label
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

CODE = "G0311"


def equal_calls(program: Program, planned: Plan, flow: Flow) -> Iterator[Diagnostic]:
    """G0311 at each call that does again for certain what one before it did. ``flow``: the
    program's, which was proved."""
    return _Finder(program, planned, flow).find()


@frozen
class _Act:
    """A call under an approval, with the plan's words for its arguments."""

    call: ServiceCall
    around: Loops
    ask: Ask
    name: str
    terms: frozenset[str]

    def varies(self, place: int, inside: frozenset[str]) -> bool:
        """Whether an argument may be another one in each round of the loop at that place; `inside`
        are the ids of what is called in it."""
        return bool(self.terms & {str(place), *inside})


class _Finder:
    def __init__(self, program: Program, planned: Plan, flow: Flow) -> None:
        self._program = program
        self._planned = planned
        self._flow = flow
        self._calls = [*looped(program.run)]

    @cached_property
    def _nodes(self) -> Mapping[tuple[str, str], FlowNode]:
        return {(one.operator, one.site): one for one in self._flow.nodes if one.site}

    def find(self) -> Iterator[Diagnostic]:
        asks = {
            one.binding: one.value
            for one in bindings(self._program.run)
            if isinstance(one.value, Ask)
        }
        told: set[Span] = set()
        for acts in self._alike(asks).values():
            for at, act in enumerate(acts):
                found = self._again(act, acts[:at]) or self._each_round(act)
                if found is None:
                    continue
                if found.span not in told:
                    told.add(found.span)
                    yield found
                break  # the others are mended with it

    def _alike(self, asks: Mapping[Span, Ask]) -> Mapping[object, list[_Act]]:
        """The calls by what they do, and under which approval: in loops, or more than one."""
        found: dict[object, list[_Act]] = {}
        for call, around in self._calls:
            known = [(one, asks[one.binding]) for one in call.under if one.binding in asks]
            under = frozenset(one.binding for one, _ in known)
            for one, ask in known:
                entry: Any = self._planned.plans[self._planned.name(ask)].get(call.id)
                if entry is None or self._program.gates[ask.gate].alike:
                    continue
                terms = frozenset(_texts(entry["arguments"]))
                # What another approval shows is the same one's only under the same approvals.
                beside = under if "under" in terms else None
                done = json.dumps(entry["arguments"], sort_keys=True)
                key = (one.binding, call.operation, done, beside)
                found.setdefault(key, []).append(_Act(call, around, ask, one.name, terms))
        return {key: acts for key, acts in found.items() if len(acts) > 1 or acts[0].around}

    def _again(self, act: _Act, before: list[_Act]) -> Diagnostic | None:
        """That an equal call was done on every way here."""
        here = self._nodes["call", act.call.id]
        asked = self._nodes["ask", act.ask.id]
        for one in before:
            done = self._nodes["call", one.call.id]
            if not self._flow.dominators.dominates(done.id, here.id):
                continue
            if not _passes(self._flow, asked, done, here.id):
                continue
            path = [*(shortest(self._flow, done.id) or ())]
            path += shortest(self._flow, here.id, start=done.id) or ()
            return Diagnostic(
                code=CODE,
                severity="error",
                message=f"`{act.call.operation}` was done with equal arguments under `{act.name}`"
                " before, so this call is always refused",
                span=act.call.head,
                labels=(Label(one.call.head, "done here"),),
                path=tell(path),
                help="take one of the two calls out; or ask again; or, if it is to be done twice,"
                f" write `uses 2 alike` in gate `{act.ask.gate}`, where people read it",
            )
        return None

    def _each_round(self, act: _Act) -> Diagnostic | None:
        """That every round of a loop does the same, under an approval from before the loop."""
        here = self._nodes["call", act.call.id]
        loops = self._flow.loops
        asked = {
            one.head.id
            for binding in self._asks_of(act)
            for one in loops.around(self._nodes["ask", binding].id)
        }
        by_site = {one.head.site: one for one in loops.around(here.id)}
        for place, around in enumerate(act.around):
            loop = by_site.get(around.site)
            if loop is None or loop.at_most < 2 or loop.head.id in asked:
                continue
            inside = frozenset(call.id for call, others in self._calls if around in others)
            if act.varies(place, inside) or not _in_each(self._flow, loop, here):
                continue
            path = [*(shortest(self._flow, here.id) or ())]
            path += shortest(self._flow, here.id, start=here.id, around=True) or ()
            return Diagnostic(
                code=CODE,
                severity="error",
                message=f"each round calls `{act.call.operation}` with equal arguments under"
                f" `{act.name}`, so every round but the first is refused",
                span=act.call.head,
                labels=(Label(loop.head.span, f"up to {loop.at_most} rounds"),),
                path=tell(path),
                help="call it once, before or after the loop; or read what this round goes through;"
                f" or write `alike` after `uses` in gate `{act.ask.gate}`, where people read it",
            )
        return None

    def _asks_of(self, act: _Act) -> Iterator[str]:
        """The asks that the arguments are of."""
        yield act.ask.id
        if "under" in act.terms:
            names = {one.binding for one in act.call.under}
            for one in bindings(self._program.run):
                if one.binding in names and isinstance(one.value, Ask):
                    yield one.value.id


def _passes(flow: Flow, start: FlowNode, through: FlowNode, goal: int) -> bool:
    """Whether every way from the one to the goal has the call done."""
    way = shortest(
        flow,
        goal,
        start=start.id,
        around=True,
        without=lambda node, edge: node is through and edge.label == "done",
    )
    return way is None


def _in_each(flow: Flow, loop: Loop, call: FlowNode) -> bool:
    """Whether every round that is followed by another has the call done."""
    begin = next(one.target for one in loop.head.next if one.label == "again")
    return _passes(flow, flow.nodes[begin], call, loop.head.id)


def _texts(tree: Tree) -> Iterator[str]:
    """Every word in it."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for name, part in tree.items():
            yield name
            yield from _texts(part)
    else:
        for part in tree:
            yield from _texts(part)

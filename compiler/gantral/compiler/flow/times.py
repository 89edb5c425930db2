"""How much time certainly passes: along the cheapest way, for all rounds of a `repeat`, and through
the slowest branch of a fork."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gantral.compiler.flow.forks import Fork
from gantral.compiler.flow.graph import LOOPS, Edge, Flow, FlowNode
from gantral.compiler.flow.loops import Loop, Loops
from gantral.compiler.flow.walk import forward

NEVER = 1 << 62
_ANSWERS = ("yes", "waived", "unasked")


class Times:
    """The least times of a flow in which every loop is bounded, in ms."""

    def __init__(self, flow: Flow, loops: Loops) -> None:
        self._flow = flow
        self._loops = loops
        self._rounds: dict[int, int] = {}
        # On coming from a faster branch to a join: how long it waits for the slowest.
        self._joins: dict[tuple[int, int], int] = {}
        parts: list[tuple[int, Loop | Fork]] = [(len(one.body), one) for one in loops.all]
        parts += [(len(one.inside), one) for one in loops.forks.all]
        for _, part in sorted(parts, key=lambda one: one[0]):
            if isinstance(part, Fork):
                self._meet(part)
            elif part.head.operator == "repeat":
                again = [edge.target for edge in part.head.next if edge.label == "again"]
                one_round = self._least(again, part.head.id, part.body)
                most = part.at_most
                self._rounds[part.head.id] = most * one_round + (most - 1) * part.head.waits

    def since(self, ask: FlowNode) -> dict[int, int]:
        """The least time, on entry to each node, since the ask was answered; NEVER before."""
        # A loop that asks is left with the approval of the round in which it was asked.
        asks = {one.head.id for one in self._loops.around(ask.id)}

        def since(node: FlowNode, edge: Edge, least: int) -> int:
            if node.id == ask.id and edge.label in _ANSWERS:
                return 0
            return least if least == NEVER else self._after(node, edge, least, asks)

        return forward(self._flow, NEVER, since, min)

    def _after(self, node: FlowNode, edge: Edge, least: int, without: Collection[int] = ()) -> int:
        if edge.label == "over":
            return least + (0 if node.id in without else self._rounds.get(node.id, 0))
        # What a loop waits between its rounds is counted when it has had them all.
        waits = 0 if node.operator in LOOPS else node.waits
        return least + waits + self._joins.get((node.id, edge.target), 0)

    def _meet(self, fork: Fork) -> None:
        if fork.join is None:
            return
        each = [
            self._least([edge.target], fork.join, branch)
            for edge, branch in zip(fork.node.next, fork.branches, strict=True)
        ]
        for time, branch in zip(each, fork.branches, strict=True):
            for node, _ in self._flow.before[fork.join]:
                if node in branch:
                    self._joins[node, fork.join] = max(each) - time

    def _least(self, starts: Iterable[int], goal: int, inside: frozenset[int]) -> int:
        """The least time on a way from one of the starts to the goal; 0 when there is none."""
        known = dict.fromkeys(starts, 0)
        pending = [*known]
        best = NEVER
        while pending:
            node = self._flow.nodes[pending.pop()]
            if node.id == goal:
                best = min(best, known[node.id])
                continue
            for edge in node.next:
                if edge.target != goal and edge.target not in inside:
                    continue
                after = self._after(node, edge, known[node.id])
                if after < known.get(edge.target, NEVER):
                    known[edge.target] = after
                    pending.append(edge.target)
        return 0 if best == NEVER else best

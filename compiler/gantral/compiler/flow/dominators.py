"""Dominators: which edges every path to a node goes through.

Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001), on a graph in which each edge
out of a node, taken by its group, is a node of its own, so that "through this answer" is asked as
exactly as "through this node". What leads to a failure or an end is left out: nothing that was
obtained counts there, and every chain would meet in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gantral.compiler.flow.graph import ENDING, Flow, FlowNode

_ANSWERS = ("yes", "waived", "unasked")


class Dominators:
    """Dominance over a flow, or over what follows the node `start`, asked in constant time."""

    def __init__(self, flow: Flow, start: int = 0) -> None:
        self._count = len(flow.nodes)
        successors = _successors(flow)
        order = _reverse_postorder(successors, start)
        parents = _immediate(successors, order)
        self._enter, self._leave = _intervals(parents, order)
        self._parents = parents

    def through(self, ask: FlowNode, node: int) -> bool:
        """Whether every path to `node` goes through an answer of `ask`: a yes, a waiver, or
        that nobody was to be asked."""
        return self.dominates(self._count + ask.id, node)

    def common(self, nodes: Sequence[int]) -> int | None:
        """The nearest node that every path to each of the nodes goes through; None if one of them
        is not reached."""
        found = nodes[0]
        for node in nodes:
            if node not in self._enter:
                return None
            while not self.dominates(found, node):
                found = self._parents[found]
        while found >= self._count:
            found = self._parents[found]
        return found

    def dominates(self, above: int, below: int) -> bool:
        """Whether every path to `below` goes through `above`; no if one of them is not reached."""
        if above not in self._enter or below not in self._enter:
            return False
        return self._enter[above] <= self._enter[below] and self._leave[below] <= self._leave[above]


def _successors(flow: Flow) -> list[list[int]]:
    # Node count + n is "node n was answered": only asks have one.
    count = len(flow.nodes)
    successors: list[list[int]] = [[] for _ in range(2 * count)]
    for node in flow.nodes:
        for edge in node.next:
            target = flow.nodes[edge.target].operator
            if target == "failing" or target in ENDING - {"complete"}:
                continue
            source = node.id
            if node.operator == "ask" and edge.label in _ANSWERS:
                source = count + node.id
                if source not in successors[node.id]:
                    successors[node.id].append(source)
            successors[source].append(edge.target)
    return successors


def _reverse_postorder(successors: list[list[int]], start: int) -> list[int]:
    order: list[int] = []
    seen = {start}
    pending = [(start, iter(successors[start]))]
    while pending:
        node, rest = pending[-1]
        following = next((one for one in rest if one not in seen), None)
        if following is None:
            order.append(node)
            pending.pop()
        else:
            seen.add(following)
            pending.append((following, iter(successors[following])))
    return order[::-1]


def _immediate(successors: list[list[int]], order: list[int]) -> dict[int, int]:
    place = {node: index for index, node in enumerate(order)}
    before: dict[int, list[int]] = {node: [] for node in order}
    for node in order:
        for one in successors[node]:
            before[one].append(node)
    parents = {order[0]: order[0]}
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            known = [one for one in before[node] if one in parents]
            found = known[0]
            for other in known[1:]:
                while found != other:
                    if place[found] > place[other]:
                        found = parents[found]
                    else:
                        other = parents[other]
            if parents.get(node) != found:
                parents[node] = found
                changed = True
    return parents


def _intervals(parents: dict[int, int], order: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    children: dict[int, list[int]] = {node: [] for node in order}
    for node in order[1:]:
        children[parents[node]].append(node)
    enter: dict[int, int] = {}
    leave: dict[int, int] = {}
    clock = 0
    root = order[0]
    pending = [(root, iter(children[root]))]
    enter[root] = clock
    while pending:
        node, rest = pending[-1]
        following = next(rest, None)
        clock += 1
        if following is None:
            leave[node] = clock
            pending.pop()
        else:
            enter[following] = clock
            pending.append((following, iter(children[following])))
    return enter, leave

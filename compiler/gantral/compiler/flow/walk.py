"""Walks over a flow graph: forward analyses to a fixed point, and witness paths told as steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.dsl.diagnostics import Step

State = TypeVar("State")

Transfer = Callable[[FlowNode, Edge, State], State]
Join = Callable[[State, State], State]


def forward(
    flow: Flow, start: State, transfer: Transfer[State], join: Join[State]
) -> dict[int, State]:
    """The state on entry to each node that node 0 reaches: the least fixed point.

    `transfer` gives the state after leaving a node by an edge. `join` must only ever move a state
    one way along a finite order, so that this ends.
    """
    states: dict[int, State] = {0: start}
    pending = deque([0])
    waiting = {0}
    while pending:
        current = pending.popleft()
        waiting.discard(current)
        node = flow.nodes[current]
        for edge in node.next:
            leaving = transfer(node, edge, states[current])
            before = states.get(edge.target)
            after = leaving if before is None else join(before, leaving)
            if before is None or after != before:
                states[edge.target] = after
                if edge.target not in waiting:
                    waiting.add(edge.target)
                    pending.append(edge.target)
    return states


def reachable(flow: Flow, start: int = 0) -> frozenset[int]:
    """Every node that `start` leads to, itself included."""
    found = {start}
    pending = [start]
    while pending:
        for edge in flow.nodes[pending.pop()].next:
            if edge.target not in found:
                found.add(edge.target)
                pending.append(edge.target)
    return frozenset(found)


Taken = tuple[FlowNode, Edge]


def shortest(
    flow: Flow,
    goal: int,
    *,
    start: int = 0,
    without: Callable[[FlowNode, Edge], bool] = lambda node, edge: False,
) -> tuple[Taken, ...] | None:
    """The fewest edges from `start` to `goal` that avoid those `without` refuses; None if none."""
    came: dict[int, Taken] = {}
    pending = deque([start])
    seen = {start}
    while pending:
        current = pending.popleft()
        if current == goal:
            path: list[Taken] = []
            while current != start:
                node, edge = came[current]
                path.append((node, edge))
                current = node.id
            return tuple(reversed(path))
        node = flow.nodes[current]
        for edge in node.next:
            if edge.target not in seen and not without(node, edge):
                seen.add(edge.target)
                came[edge.target] = (node, edge)
                pending.append(edge.target)
    return None


_TOLD = {
    ("start", "then"): "the run starts",
    ("ask", "yes"): "`{0}` is asked and says yes",
    ("ask", "waived"): "policy waives `{0}`",
    ("ask", "no"): "`{0}` is asked and says no",
    ("ask", "failed"): "the policy of `{0}` denies or fails",
    ("call", "done"): "`{0}` is called and answers",
    ("call", "failed"): "`{0}` is called and fails",
    ("choose", "true"): "the condition holds",
    ("choose", "false"): "the condition does not hold",
    ("undo", "then"): "`{0}` is undone",
    ("give", "then"): "the handler gives a value",
}


def tell(path: Iterable[Taken]) -> tuple[Step, ...]:
    """The path as steps in the spec's own places; what nobody would ask about is left out."""
    return tuple(
        Step(node.span, _TOLD[node.operator, edge.label].format(node.subject))
        for node, edge in path
        if (node.operator, edge.label) in _TOLD
    )


def witness(flow: Flow, goal: int) -> tuple[Step, ...]:
    """How a run gets to `goal`, the short way."""
    return tell(shortest(flow, goal) or ())

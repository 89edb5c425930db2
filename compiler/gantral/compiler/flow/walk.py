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
    flow: Flow,
    start: State,
    transfer: Transfer[State],
    join: Join[State],
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


def leading(flow: Flow, goals: Iterable[int], *, until: int | None = None) -> frozenset[int]:
    """Every node from which a path leads to one of `goals`, these included; not past `until`."""
    found = set(goals)
    pending = list(found)
    while pending:
        current = pending.pop()
        if current == until:
            continue
        for source, _ in flow.before[current]:
            if source not in found:
                found.add(source)
                pending.append(source)
    return frozenset(found)


Taken = tuple[FlowNode, Edge]


def shortest(
    flow: Flow,
    goal: int | frozenset[int],
    *,
    start: int = 0,
    around: bool = False,
    without: Callable[[FlowNode, Edge], bool] = lambda node, edge: False,
) -> tuple[Taken, ...] | None:
    """The fewest edges from `start` to `goal`, or the nearest of several, that avoid those
    `without` refuses; None if none. No path leaves a `repeat` before it had a round, or begins a
    second one of a loop that has one at most.
    With `around` at least one edge is taken, so that a node leads to itself only by a circle."""
    goals = goal if isinstance(goal, frozenset) else frozenset({goal})
    if start in goals and not around:
        return ()
    # A node, and the edge label by which it can't be left, as it was come to.
    begin = (start, "")
    came: dict[tuple[int, str], tuple[tuple[int, str], Taken]] = {}
    pending = deque([begin])
    while pending:
        current = pending.popleft()
        node = flow.nodes[current[0]]
        for edge in node.next:
            if edge.label == current[1]:
                continue
            place = edge.target, flow.loops.shut(node.id, edge.target)
            if place in came or without(node, edge):
                continue
            came[place] = current, (node, edge)
            if edge.target in goals:
                path: list[Taken] = []
                while not path or place != begin:
                    place, taken = came[place]
                    path.append(taken)
                return tuple(reversed(path))
            pending.append(place)
    return None


_TOLD = {
    ("start", "then"): "the run starts",
    ("ask", "yes"): "`{0}` is asked and says yes",
    ("ask", "waived"): "policy waives `{0}`",
    ("ask", "unasked"): "nobody is asked at `{0}`: the condition of its `only if` is false",
    ("ask", "no"): "`{0}` is asked and says no",
    ("ask", "failed"): "the policy of `{0}` denies or fails",
    ("call", "done"): "`{0}` is called and answers",
    ("call", "failed"): "`{0}` is called and fails",
    ("child", "ended"): "`{0}` is run and ends",
    ("child", "failed"): "`{0}` is run and is lost",
    ("choose", "true"): "the condition holds",
    ("choose", "false"): "the condition does not hold",
    ("undo", "then"): "`{0}` is undone",
    ("give", "then"): "a value is given",
    ("join", "then"): "every branch is done",
    ("join", "failed"): "a branch fails",
    ("wait", "else"): "nothing comes in time",
    ("each", "again"): "the loop takes its next element",
    ("each", "over"): "the loop has no element left",
    ("repeat", "again"): "the loop begins its next round",
    ("repeat", "over"): "the loop has had all its rounds",
}


def tell(path: Iterable[Taken]) -> tuple[Step, ...]:
    """The path as steps in the spec's own places; what nobody would ask about is left out."""
    taken = [*path]
    ways = [
        (node, _came(node, edge, after))
        for (node, edge), after in zip(taken, [*taken[1:], None], strict=False)
    ]
    return tuple(
        Step(node.span, said) for node, label in ways if (said := _told(node, label)) is not None
    )


def _came(node: FlowNode, edge: Edge, after: Taken | None) -> str:
    """How the node was left. Both ways of an `only if` lead to the ask: what that answers says how
    the condition came out."""
    if node.operator == "choose" and len({one.target for one in node.next}) == 1 and after:
        return "false" if after[1].label == "unasked" else "true"
    return edge.label


def _told(node: FlowNode, label: str) -> str | None:
    if node.operator == "fork":
        return f"the branch `{label.removeprefix('branch:')}` runs beside the others"
    if node.operator == "wait" and label != "else":
        return f"the event `{label.removeprefix('for:')}` comes"
    told = _TOLD.get((node.operator, label))
    return None if told is None else told.format(node.subject)


def witness(flow: Flow, goal: int) -> tuple[Step, ...]:
    """How a run gets to `goal`, the short way."""
    return tell(shortest(flow, goal) or ())

"""P6: loops are bounded, and the longest history stays under Temporal's limits (ADR 0100).

Counted per node from what the runtime makes of it, each time the most it can be, times the bounds
of the loops around it, along the longest way through the run. An activity is three events and its
task three more; a timer two and its task three. The limits are Temporal's for one run of a
workflow: https://docs.temporal.io/workflow-execution/limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gantral.compiler.flow.graph import Flow, FlowNode
from gantral.compiler.flow.loops import Loop, Loops
from gantral.compiler.flow.walk import reachable, witness
from gantral.dsl.diagnostics import Diagnostic

EVENTS = 51_200
UPDATES = 2_000

_ACTIVITY = 6
_TIMER = 5
_UPDATE = 5
# The start, its first task, and the commit of CREATED.
_START = 4 + _ACTIVITY
# The question of policy and calendars, the commits of WAITING and of the decision, the memo.
_ASK = 3 * _ACTIVITY + 1
# Votes beside those that decide: people change their minds, and reject.
_MORE_VOTES = 20

Count = Callable[[FlowNode], int]


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0410 for a circle that no loop bounds, G0411 for a history that may grow too long."""
    loops = flow.loops
    if loops.unbounded:
        node = flow.nodes[min(loops.unbounded)]
        yield Diagnostic(
            code="G0410",
            severity="error",
            message="nothing bounds how often the run comes round here",
            span=node.span,
            path=witness(flow, node.id),
            help="write `at most n`: every loop ends after so many rounds",
        )
        return
    for what, limit, count in (
        ("events", EVENTS, lambda node: _events(flow, node)),
        ("updates", UPDATES, lambda node: _votes(flow, node)),
    ):
        most = _longest(flow, loops, count)
        if most > limit:
            yield _too_long(flow, loops, what, limit, most, count)


def _longest(flow: Flow, loops: Loops, count: Count) -> int:
    def leave(node: FlowNode, so_far: int) -> int:
        return so_far + count(node) * loops.times(node.id)

    return max(leave(flow.nodes[one], so_far) for one, so_far in loops.most(leave).items())


def _too_long(
    flow: Flow, loops: Loops, what: str, limit: int, most: int, count: Count
) -> Diagnostic:
    seen = reachable(flow)

    def share(loop: Loop) -> int:
        return sum(count(flow.nodes[one]) * loops.times(one) for one in loop.body & seen)

    worst = max(loops.all, key=share, default=None)
    if worst is None:
        span, about = flow.nodes[0].span, "this run"
    else:
        span = worst.head.span
        about = f"this loop of at most {worst.at_most:,} rounds"
    return Diagnostic(
        code="G0411",
        severity="error",
        message=f"{about} may come to {most:,} {what}, and Temporal ends a run at {limit:,}",
        span=span,
        path=() if worst is None else witness(flow, worst.head.id),
        help="lower the bound of the loop, or split the work over child workflows, which have"
        " histories of their own; none is begun anew between two rounds yet",
    )


def _events(flow: Flow, node: FlowNode) -> int:
    match node.operator:
        case "start":
            return _START
        case "ask":
            gate = flow.gate(node)
            return _ASK + gate.ticks * _TIMER + _votes(flow, node) * _UPDATE
        case "call":
            # What can be undone may be undone, when the run fails.
            return _ACTIVITY * (2 if flow.operation(node).undo else 1)
        case "child":
            # Its start, how it ended, and the commits that tell of both.
            return 4 * _ACTIVITY
        case "undo" | "complete" | "rejected" | "terminated":
            return _ACTIVITY
        case "wait":
            # The commits of its record and of what came of it, the event, and the memo twice.
            return 2 * _ACTIVITY + _TIMER + _UPDATE + 2
        case "sleep":
            return _TIMER
        case "repeat":
            return _TIMER if node.waits else 0
        case _:
            return 0


def _votes(flow: Flow, node: FlowNode) -> int:
    """The updates that are taken at a node."""
    if node.operator == "wait":
        return 1
    if node.operator != "ask":
        return 0
    asked = flow.gate(node).decides
    return _MORE_VOTES + max((sum(count for count, _ in clause) for clause in asked), default=1)

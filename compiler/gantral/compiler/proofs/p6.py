"""P6: loops are bounded, and the longest history stays under Temporal's limits (ADR 0100).

Counted per node from what the runtime makes of it, each time the most it can be, times the bounds
of the loops around it, along the longest way through the run. An activity is three events and its
task three more; a timer two and its task three. The limits are Temporal's for one run of a
workflow: https://docs.temporal.io/workflow-execution/limits.

Where that is too long, the run goes on in a new history between two rounds of a loop (ADR 0174), or
of several (ADR 0091): those stand in the list of `run` itself and have no approval in scope. Then a
history comes to at most what the runtime lets it grow to, and one round of each with what is before
and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gantral.compiler.flow.graph import LOOPS, Flow, FlowNode
from gantral.compiler.flow.loops import Loop, Loops
from gantral.compiler.flow.walk import reachable, witness
from gantral.dsl.diagnostics import Diagnostic

EVENTS = 51_200
UPDATES = 2_000
# What a history has at most when a round begins in it (`gantral.runtime.anew`).
BEGUN_EVENTS = 40_000
BEGUN_UPDATES = 1_500

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
    over = [*_over(flow)]
    if over and not points(flow):
        for what, limit, most, count in over:
            yield _too_long(flow, loops, what, limit, most, count)


def points(flow: Flow) -> tuple[FlowNode, ...]:
    """The loops between whose rounds the run goes on in a new history, in source order: the first
    that alone makes each history short enough, else as few as do together. Empty when none do, and
    where the whole run is short enough. Only of a flow with nothing unbounded."""
    loops = flow.loops
    if not any(_over(flow)):
        return ()

    def enough(*once: Loop) -> bool:
        return all(
            begun + _longest(flow, loops, count, once) <= limit
            for _, limit, begun, count in _counted(flow)
        )

    able = [
        one for one in sorted(loops.all, key=lambda one: one.head.id) if not _hinders(flow, one)
    ]
    for one in able:
        if enough(one):
            return (one.head,)
    if not able or not enough(*able):
        return ()
    for one in [*able]:
        # One without which the others do is none.
        if enough(*(each for each in able if each is not one)):
            able.remove(one)
    return tuple(one.head for one in able)


def _over(flow: Flow) -> Iterator[tuple[str, int, int, Count]]:
    """What the run may have too much of: its name, the limit, the most there may be, its count."""
    loops = flow.loops
    for what, limit, _, count in _counted(flow):
        # All ways together are counted sooner than the longest of them is found.
        if sum(count(node) * loops.times(node.id) for node in flow.nodes) > limit:
            most = _longest(flow, loops, count)
            if most > limit:
                yield what, limit, most, count


def _counted(flow: Flow) -> tuple[tuple[str, int, int, Count], ...]:
    """What is limited: its name, the limit, what there is when a round begins, and its count."""
    return (
        ("events", EVENTS, BEGUN_EVENTS, lambda node: _events(flow, node)),
        ("updates", UPDATES, BEGUN_UPDATES, lambda node: _votes(flow, node)),
    )


def _longest(flow: Flow, loops: Loops, count: Count, once: tuple[Loop, ...] = ()) -> int:
    """The most along any way; of each of ``once`` one round, but all that an end must undo."""
    without = [one.head.id for one in once]

    def leave(node: FlowNode, so_far: int) -> int:
        undone = 0
        if once and count(node) and node.operator in ("call", "child"):
            rounds = loops.times(node.id) // loops.times(node.id, without=without)
            undone = _undone(flow, node) * (rounds - 1)
        return so_far + count(node) + undone

    known = loops.most(leave, between=count, once=without)
    return max(
        so_far if flow.nodes[one].operator in LOOPS else leave(flow.nodes[one], so_far)
        for one, so_far in known.items()
    )


def _hinders(flow: Flow, loop: Loop) -> str:
    """Why no new history can be begun between the rounds of the loop, empty when it can."""
    head = loop.head
    if not head.anew:
        if any(head.id in branch for fork in flow.loops.forks.all for branch in fork.branches):
            return "this loop stands in a branch of a `parallel`"
        return "this loop stands inside another block, not in the list of `run` itself"
    if head.anew == "list":
        return "its list may come out otherwise the next time: bind it by `let` before the loop"
    if head.anew == "child":
        return "how a child ended is read in the loop or after it: read it before the loop"
    later = reachable(flow, head.id)
    for ask in flow.nodes:
        if (
            ask.operator == "ask"
            and ask.binds
            and ask.id not in loop.body
            and head.id in reachable(flow, ask.id)
            and any(_uses(flow.nodes[one], ask.binds) for one in later)
        ):
            return (
                f"the approval `{ask.binds}` of {ask.subject} is in scope there, as it is used in"
                " the loop or after it: ask within each round"
            )
    return ""


def _uses(node: FlowNode, approval: str) -> bool:
    atoms = (atom for argument in node.arguments for atom in argument.atoms)
    return approval in node.under or any(
        atom == approval or atom.startswith((f"{approval}.", f"{approval}!")) for atom in atoms
    )


def _too_long(
    flow: Flow, loops: Loops, what: str, limit: int, most: int, count: Count
) -> Diagnostic:
    seen = flow.reached

    def share(loop: Loop) -> int:
        return sum(count(flow.nodes[one]) * loops.times(one) for one in loop.body & seen)

    worst = max(loops.all, key=share, default=None)
    if worst is None:
        span, about = flow.nodes[0].span, "this run"
        why = "there is no loop between whose rounds a new history could begin"
    else:
        span = worst.head.span
        about = f"this loop of at most {worst.at_most:,} rounds"
        why = _hinders(flow, worst) or (
            "with a new history between its rounds, one would still be too long"
        )
    return Diagnostic(
        code="G0411",
        severity="error",
        message=f"{about} may come to {most:,} {what}, and Temporal ends a run at {limit:,}",
        span=span,
        path=() if worst is None else witness(flow, worst.head.id),
        help="lower the bound of the loop, or split the work over child workflows, which have"
        f" histories of their own; no new one can begin here by itself: {why}",
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
            return _ACTIVITY + _undone(flow, node)
        case "child":
            # Its start, how it ended, and the commits that tell of both.
            return 4 * _ACTIVITY + _undone(flow, node)
        case "undo":
            return _undone(flow, node)
        case "complete" | "rejected" | "terminated":
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


def _undone(flow: Flow, node: FlowNode) -> int:
    """The events of the undo of what a call or a child did."""
    return _ACTIVITY * flow.undoes(node)


def _votes(flow: Flow, node: FlowNode) -> int:
    """The updates that are taken at a node."""
    if node.operator == "wait":
        return 1
    if node.operator != "ask":
        return 0
    asked = flow.gate(node).decides
    return _MORE_VOTES + max((sum(count for count, _ in clause) for clause in asked), default=1)

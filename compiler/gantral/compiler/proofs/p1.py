"""P1: every trace of authority states is accepted by the transition table.

Each node stands for moves of the authority machine. From CREATED on, the states that an instance
may be in when it arrives are pushed along every edge; a move that the one table does not hold is
an error (requirement section 4). While failing, TERMINATED is the only move left.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gantral.authority import TRANSITIONS, State
from gantral.compiler.flow.graph import Edge, Flow, FlowNode, Operator
from gantral.compiler.flow.walk import forward, witness
from gantral.dsl.diagnostics import Diagnostic

_WAIT = State.WAITING_FOR_HUMAN
# The moves on leaving a node by an edge, each list one way it may go.
_MOVES: dict[tuple[str, str], tuple[tuple[State, ...], ...]] = {
    ("start", "then"): ((State.RUNNING,),),
    ("ask", "yes"): (
        (_WAIT, State.APPROVED, State.RESUMED, State.RUNNING),
        (_WAIT, State.OVERRIDDEN, State.RESUMED, State.RUNNING),
    ),
    ("ask", "no"): ((_WAIT, State.REJECTED),),
}
# The move on arriving at a node.
_ARRIVAL: dict[str, State] = {"complete": State.COMPLETED, "terminated": State.TERMINATED}

# A state, and whether the run is failing, when only TERMINATED may follow.
_At = tuple[State, bool]


def _moved(at: _At, moves: tuple[State, ...]) -> tuple[_At | None, State, State]:
    state, failing = at
    for target in moves:
        if (state, target) not in TRANSITIONS or (failing and target is not State.TERMINATED):
            return None, state, target
        state = target
    return (state, failing), state, state


def _leave(node: FlowNode, edge: Edge, states: frozenset[_At]) -> frozenset[_At]:
    return _left(node.operator, edge.label, states)


# There are few kinds of nodes and few sets of states, and many nodes.
@cache
def _left(operator: Operator, label: str, states: frozenset[_At]) -> frozenset[_At]:
    arrived: set[_At] = set()
    for at in states:
        move = _ARRIVAL.get(operator)
        first = _moved(at, (move,))[0] if move else (at[0], at[1] or operator == "failing")
        if first is not None:
            ways = _MOVES.get((operator, label), ((),))
            arrived |= {to for moves in ways if (to := _moved(first, moves)[0]) is not None}
    return frozenset(arrived)


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0401 for each node at which some trace makes a move that is not in the table."""
    entry = forward(flow, frozenset({(State.CREATED, False)}), _leave, frozenset.union)
    for node in flow.nodes:
        labels = tuple(edge.label for edge in node.next) or ("",)
        wrong = _first_wrong(node.operator, labels, entry.get(node.id, frozenset()))
        if wrong is not None:
            source, target, failing = wrong
            when = " while the run is failing" if failing else ""
            yield Diagnostic(
                code="G0401",
                severity="error",
                message=f"authority cannot go from {source} to {target}{when}",
                span=node.span,
                path=witness(flow, node.id),
                help="only the ten transitions exist; ask and complete in `run`, before it ends",
            )


@cache
def _first_wrong(
    operator: Operator, labels: tuple[str, ...], states: frozenset[_At]
) -> tuple[State, State, bool] | None:
    for at in sorted(states):
        arrival = _ARRIVAL.get(operator)
        failing = at[1] or operator == "failing"
        ways = [
            ((arrival,) if arrival else ()) + moves
            for label in labels
            for moves in _MOVES.get((operator, label), ((),))
        ]
        for moves in ways:
            to, source, target = _moved((at[0], failing), moves)
            if to is None:
                return source, target, failing
    return None

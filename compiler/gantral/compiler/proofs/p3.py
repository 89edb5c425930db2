"""P3: no unreachable statement, no deadlock, every path ends in complete or terminate, and none
completes without having asked how each child that it ran has ended."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import ENDING, Edge, Flow, FlowNode
from gantral.compiler.flow.walk import leading, shortest, tell, witness
from gantral.dsl.diagnostics import Diagnostic


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0402 where an unreachable stretch begins, G0403 for a path that just stops or cannot end,
    G0368 for a child whose outcome a path that completes does not ask for."""
    yield from _endings(flow)
    yield from _unasked(flow)


def _unasked(flow: Flow) -> Iterator[Diagnostic]:
    completing = frozenset(node.id for node in flow.nodes if node.operator == "complete")
    seen = flow.reached
    forks = flow.loops.forks
    for child in flow.nodes:
        if child.operator != "child" or child.id not in seen:
            continue

        def asked(node: FlowNode, edge: Edge, name: str = child.binds) -> bool:
            settled = node.settles.partition(":")[0]
            return node.operator == "choose" and bool(name) and settled == name

        stopped = forks.stopping(asked, child.id)
        path = shortest(flow, completing, start=child.id, without=stopped)
        if path:
            yield Diagnostic(
                code="G0368",
                severity="error",
                message=f"on some path nothing asks how `{child.subject.partition('.')[2]}` ended",
                span=child.span,
                path=tell((*(shortest(flow, child.id) or ()), *path)),
                help="match what it is bound to on every path that completes, or `terminate` there",
            )


def _endings(flow: Flow) -> Iterator[Diagnostic]:
    seen = flow.reached
    ending = leading(flow, (node.id for node in flow.nodes if node.operator in ENDING))
    for node in flow.nodes:
        if node.id not in seen:
            # One finding a stretch: what only unreachable nodes lead to follows from the first.
            if not flow.before[node.id] and node.operator not in ("failing", "nothing"):
                yield Diagnostic(
                    code="G0402",
                    severity="error",
                    message="no path reaches this statement",
                    span=node.span,
                    help="remove it, or move it before the statement that ends the path",
                )
        elif node.operator == "nothing":
            yield Diagnostic(
                code="G0403",
                severity="error",
                message="a path through `run` ends in neither `complete` nor `terminate`",
                span=node.span,
                path=witness(flow, node.id),
                help='end every path with `complete { … }` or `terminate "why"`',
            )
        elif node.id not in ending:
            yield Diagnostic(
                code="G0403",
                severity="error",
                message="from here no path leads to an end",
                span=node.span,
                path=witness(flow, node.id),
                help="give the path a `complete` or `terminate`",
            )
            return

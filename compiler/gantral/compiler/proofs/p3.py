"""P3: no unreachable statement, no deadlock, every path ends in complete or terminate."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import ENDING, Flow
from gantral.compiler.flow.walk import leading, reachable, witness
from gantral.dsl.diagnostics import Diagnostic


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0402 where an unreachable stretch begins, G0403 for a path that just stops or cannot end."""
    seen = reachable(flow)
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

"""P12: a rejection strands nothing: no effect that can be undone and may stand precedes a gate
(LANGUAGE section 8, rule 8). An effect stands when it is done or unknown, and not undone."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import forward, shortest, tell
from gantral.dsl.diagnostics import Diagnostic, Label


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0307 at each ask that an undoable effect may stand before."""
    failures = {
        node.binds: node.site for node in flow.nodes if node.operator == "let" and node.site
    }

    def leave(node: FlowNode, edge: Edge, standing: frozenset[str]) -> frozenset[str]:
        if node.operator == "call":
            operation = flow.operation(node)
            if operation.acts and operation.undo:
                return standing | {node.site}
        if node.operator == "undo":
            return standing - {node.site}
        if node.operator == "choose" and node.settles and edge.label == "true":
            return standing - {failures.get(node.settles, "")}
        return standing

    nothing: frozenset[str] = frozenset()
    standing = forward(flow, nothing, leave, frozenset.union)
    for node in flow.nodes:
        if node.operator != "ask":
            continue
        for site in sorted(standing.get(node.id, frozenset())):
            effect = next(one for one in flow.nodes if one.operator == "call" and one.site == site)
            path = (shortest(flow, effect.id) or ()) + (
                shortest(flow, node.id, start=effect.id) or ()
            )
            yield Diagnostic(
                code="G0307",
                severity="error",
                message=f"a no at gate `{node.subject}` would strand `{effect.subject}`",
                span=node.span,
                labels=(Label(effect.span, "done here, and could only be undone by the run"),),
                path=tell(path),
                help="ask first and act after; or act in a child workflow, which survives a no",
            )

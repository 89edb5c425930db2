"""Which approvals exist where: what several proofs stand on."""

from __future__ import annotations

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import forward


def askers(flow: Flow) -> dict[str, FlowNode]:
    """The `ask` that binds each approval."""
    return {node.binds: node for node in flow.nodes if node.operator == "ask" and node.binds}


def obtained(flow: Flow) -> dict[int, frozenset[str]]:
    """For each reachable node the approvals obtained on every path to it."""

    def leave(node: FlowNode, edge: Edge, have: frozenset[str]) -> frozenset[str]:
        if node.operator == "ask" and node.binds and edge.label in ("yes", "waived"):
            return have | {node.binds}
        return have

    return forward(flow, frozenset(), leave, frozenset.intersection)

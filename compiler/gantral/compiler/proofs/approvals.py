"""Which approvals exist where: what several proofs stand on."""

from __future__ import annotations

from gantral.compiler.flow.dominators import Dominators
from gantral.compiler.flow.graph import Flow, FlowNode


class Approvals:
    """The approvals of a flow: by whom each is asked, and where each is obtained on every path."""

    def __init__(self, flow: Flow) -> None:
        self.asks: dict[str, FlowNode] = {
            node.binds: node for node in flow.nodes if node.operator == "ask" and node.binds
        }
        self.dominators = Dominators(flow)
        self.uncertain = frozenset(
            name
            for name, node in self.asks.items()
            if any(edge.label == "unasked" for edge in node.next)
        )
        """Those for which nobody may have been asked."""

    def obtained(self, name: str, node: FlowNode) -> bool:
        """Whether the name is an approval obtained on every path to the node."""
        ask = self.asks.get(name)
        return ask is not None and self.dominators.through(ask, node.id)

"""Which approvals exist where: what several proofs stand on."""

from __future__ import annotations

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import shortest, tell, witness
from gantral.dsl.diagnostics import Step


class Approvals:
    """The approvals of a flow: by whom each is asked, and where each is obtained on every path."""

    def __init__(self, flow: Flow) -> None:
        self.asks: dict[str, FlowNode] = {
            node.binds: node for node in flow.nodes if node.operator == "ask" and node.binds
        }
        self.dominators = flow.dominators
        self._flow = flow
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

    def least_asked(self, node: FlowNode) -> tuple[Step, ...]:
        """A way to the node on which nobody is asked for an approval that it acts under, wherever
        policy may waive it or its condition be false."""

        def asked(at: FlowNode, edge: Edge) -> bool:
            if at.operator != "ask" or at.binds not in node.under:
                return False
            if at.binds in self.uncertain:
                return edge.label in ("yes", "waived")
            return edge.label == "yes" and self._flow.gate(at).waivable

        path = shortest(self._flow, node.id, without=asked)
        return witness(self._flow, node.id) if path is None else tell(path)

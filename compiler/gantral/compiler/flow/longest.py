"""The longest time that the spec bounds: of one node, and of a whole run, in ms. The time that
services and the server take beside their time-outs is nobody's to know."""

from __future__ import annotations

from gantral.compiler.flow.graph import Flow, FlowNode


def of_node(flow: Flow, node: FlowNode) -> int:
    """Of a wait, a sleep, one attempt of a call, a child."""
    match node.operator:
        case "call":
            return flow.operation(node).timeout or 0
        case "child":
            return flow.child(node).longest
        case "sleep":
            return node.waits
        case _:
            return node.longest


def of_run(flow: Flow) -> int:
    """Of a run, people's silence included. Only of a flow with nothing unbounded. A gate whose
    clock is a calendar's counts as nothing."""
    loops = flow.loops

    def leave(node: FlowNode, so_far: int) -> int:
        asked = flow.gate(node).reject or 0 if node.operator == "ask" else of_node(flow, node)
        return so_far + asked * loops.times(node.id)

    known = loops.most(leave, at_once=True)
    return max(leave(flow.nodes[one], so_far) for one, so_far in known.items())

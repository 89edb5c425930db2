"""The longest time that the spec bounds: of one node, and of a whole run, in ms. The time that
services and the server take beside their time-outs is nobody's to know."""

from __future__ import annotations

from gantral.compiler.flow.graph import Flow, FlowNode


def of_pass(flow: Flow, node: FlowNode) -> int:
    """Of a node that is passed once: of a wait, a sleep, all attempts of a call, a child, the clock
    of a gate (on a calendar: its open time alone)."""
    match node.operator:
        case "call":
            operation = flow.operation(node)
            return max(operation.longest, operation.timeout or 0)
        case "ask":
            return flow.gate(node).reject or 0
        case "child":
            return flow.child(node).longest
        case "sleep":
            return node.waits
        case _:
            # A wait's silence is in its longest time already.
            return node.longest


def between_rounds(head: FlowNode) -> int:
    """Between two rounds of a loop."""
    return head.waits


def of_run(flow: Flow) -> int:
    """Of a run, people's silence included. Only of a flow with nothing unbounded."""

    def leave(node: FlowNode, so_far: int) -> int:
        return so_far + of_pass(flow, node)

    known = flow.loops.most(leave, between=between_rounds, at_once=True)
    return max(leave(flow.nodes[one], so_far) for one, so_far in known.items())

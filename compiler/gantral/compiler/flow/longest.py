"""The longest time that the spec bounds: of one node, and of a whole run, in ms. The time that
services and the server take beside their time-outs is nobody's to know."""

from __future__ import annotations

from gantral.compiler.flow.graph import Flow, FlowNode


def of_passes(flow: Flow, node: FlowNode, times: int) -> int:
    """Of a node that is passed so often: of a wait, a sleep, all attempts of a call, a child, the
    clock of a gate (on a calendar: its open time alone), the time between the rounds of a loop."""
    match node.operator:
        case "call":
            operation = flow.operation(node)
            return times * max(operation.longest, operation.timeout or 0)
        case "ask":
            return times * (flow.gate(node).reject or 0)
        case "child":
            return times * flow.child(node).longest
        case "sleep":
            return times * node.waits
        case "repeat":
            # Between two rounds, so once less than there are; its head is passed once more.
            return node.waits * (times // (node.at_most + 1)) * (node.at_most - 1)
        case _:
            # A wait's silence is in its longest time already.
            return times * node.longest


def of_run(flow: Flow) -> int:
    """Of a run, people's silence included. Only of a flow with nothing unbounded."""
    loops = flow.loops

    def leave(node: FlowNode, so_far: int) -> int:
        return so_far + of_passes(flow, node, loops.times(node.id))

    known = loops.most(leave, at_once=True)
    return max(leave(flow.nodes[one], so_far) for one, so_far in known.items())

"""P7: no two gates at once and no effect beside a gate (LANGUAGE section 7, `parallel`; ADR 0128).

What runs at once is what stands in different branches of a fork. A branch holds no gate at all, and
no child, which may ask one; nothing in it completes the run, or leaves for where the others are
not awaited; what is from outside of it is set by none, as another might read or set it; and no two
wait for one event, which would be for either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gantral.compiler.flow.forks import Fork, Forks
from gantral.compiler.flow.graph import ENDING, Flow, FlowNode
from gantral.compiler.flow.walk import witness
from gantral.dsl.diagnostics import Diagnostic, Label


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0429 for a gate in a branch, G0430 for a child, G0431 for a way out of a branch that does
    not wait for the others, G0432 for a variable from outside that is set there, G0434 for an
    event that two branches wait for."""
    forks = flow.loops.forks
    waits = [node for node in flow.nodes if node.operator == "wait"]
    seen = flow.reached
    told: set[int] = set()
    for fork in forks.all:
        for at, branch in enumerate(fork.branches):
            for one in sorted((branch & seen) - told):
                node = flow.nodes[one]
                found = _wrong(flow, forks, fork, at, node) or _awaited(flow, fork, at, node, waits)
                if found is not None:
                    told.add(one)
                    yield found


def _wrong(flow: Flow, forks: Forks, fork: Fork, at: int, node: FlowNode) -> Diagnostic | None:
    match node.operator:
        case "ask":
            return _asked(flow, forks, node)
        case "child":
            return _finding(
                flow,
                node,
                "G0430",
                f"`{node.subject.partition('.')[2]}` would run beside other branches: a child asks"
                " gates of its own",
                "run it before or after the `parallel`",
                Label(fork.node.span, "every branch of this runs at once"),
            )
        case "set" if not _declared(flow, fork, at, node.binds):
            return _finding(
                flow,
                node,
                "G0432",
                f"`{node.binds}` is a variable from outside of this branch, and others run beside",
                "give the value, and set the variable to it after the `parallel`",
                Label(fork.node.span, "every branch of this runs at once"),
            )
        case _ if _leaves(flow, fork, at, node):
            return _finding(
                flow,
                node,
                "G0431",
                "this leads out of a branch while the others still run",
                "give what the branch found, and go on after the `parallel`",
                Label(fork.node.span, "the run goes on when every branch of this is done"),
            )
        case _:
            return None


def _asked(flow: Flow, forks: Forks, ask: FlowNode) -> Diagnostic:
    beside = [node for node in flow.nodes if forks.apart(ask.id, node.id) is not None]
    gates = [node for node in beside if node.operator == "ask"]
    effects = [node for node in beside if node.operator == "call" and flow.operation(node).acts]
    if gates:
        message = f"the gates `{ask.subject}` and `{gates[0].subject}` would wait at once"
        label = Label(gates[0].span, "this may be waiting then")
    elif effects:
        message = f"`{effects[0].subject}` would act beside the gate `{ask.subject}`"
        label = Label(effects[0].span, "this may act while people decide")
    else:
        message = f"the gate `{ask.subject}` is asked in a branch, and others run beside it"
        label = Label(forks.around(ask.id)[-1][0].node.span, "every branch of this runs at once")
    help_ = "ask before the `parallel`, and act under the approval in its branches"
    return _finding(flow, ask, "G0429", message, help_, label)


def _awaited(
    flow: Flow, fork: Fork, at: int, node: FlowNode, waits: Sequence[FlowNode]
) -> Diagnostic | None:
    """A wait for an event that a branch before this one waits for too."""
    if node.operator != "wait":
        return None
    own = {edge.label for edge in node.next} - {"else"}
    for other in waits:
        place = fork.place(other.id)
        both = own & {edge.label for edge in other.next} if place is not None else set()
        if place is not None and place < at and both:
            name = min(both)
            return _finding(
                flow,
                node,
                "G0434",
                f"another branch may be waiting for `{name}` at this moment",
                "give one of the two an event of its own, or wait after the `parallel`",
                Label(other.span, "waited for here"),
            )
    return None


def _declared(flow: Flow, fork: Fork, at: int, name: str) -> bool:
    """Whether the variable is declared in the branch itself."""
    return any(
        flow.nodes[one].operator == "var" and flow.nodes[one].binds == name
        for one in fork.branches[at]
    )


def _leaves(flow: Flow, fork: Fork, at: int, node: FlowNode) -> bool:
    """Whether the node ends the run as a whole, or lies where other ways lead too."""
    if node.operator in ENDING - {"rejected"}:
        return True
    return any(
        source not in fork.branches[at] and source != fork.node.id
        for source, _ in flow.before[node.id]
    )


def _finding(
    flow: Flow, node: FlowNode, code: str, message: str, help_: str, label: Label
) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity="error",
        message=message,
        span=node.span,
        labels=(label,),
        path=witness(flow, node.id),
        help=help_,
    )

"""P5: every gate ends in a `reject`; every wait has a limit and an outcome."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import Flow
from gantral.dsl.diagnostics import Diagnostic


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0502 for a gate that could wait for ever, G0503 for a call or a `wait` without a limit or an
    outcome."""
    for name, gate in flow.gates.items():
        if gate.reject is None or gate.reject <= 0:
            yield Diagnostic(
                code="G0502",
                severity="error",
                message=f"gate `{name}` could wait for ever",
                span=gate.span,
                help="end its clock with `after … reject`: silence is rejection",
            )
    for node in flow.nodes:
        labels = {edge.label for edge in node.next}
        if node.operator == "ask" and not {"yes", "no", "failed"} <= labels:
            yield Diagnostic(
                code="G0503",
                severity="error",
                message=f"asking `{node.subject}` has no outcome for a no or a failure",
                span=node.span,
                help="every ask leads on, to REJECTED, or to TERMINATED",
            )
        elif node.operator == "wait" and not (
            node.longest and "else" in labels and any(one.startswith("for:") for one in labels)
        ):
            yield Diagnostic(
                code="G0503",
                severity="error",
                message="this wait has no limit, no event or no outcome when nothing comes",
                span=node.span,
                help="write `wait for … within … else { … }`, and the time as what has a `max`",
            )
        elif node.operator == "call" and (
            not flow.operation(node).timeout or not {"done", "failed"} <= labels
        ):
            yield Diagnostic(
                code="G0503",
                severity="error",
                message=f"the call of `{node.subject}` has no limit or no outcome when it strikes",
                span=node.span,
                help="declare `timeout` on the operation",
            )
        elif node.operator == "join" and "failed" not in labels:
            yield Diagnostic(
                code="G0503",
                severity="error",
                message="what runs at once has no outcome for a branch that fails",
                span=node.span,
                help="every `parallel` leads on, or to TERMINATED",
            )

"""P11: an effect that `needs` a formula acts under an approval whose gate alone asks for at least
that, in the end of its clock too; its arguments come from such approvals alone. An undo acts by the
authority of its effect, so that must be enough for both (LANGUAGE section 5)."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler import formulas
from gantral.compiler.flow.graph import Flow, FlowNode, GateFacts, OperationFacts
from gantral.compiler.flow.walk import witness
from gantral.compiler.implication import shortfall
from gantral.compiler.proofs.provenance import Provenances
from gantral.dsl.diagnostics import Diagnostic, Label


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0330 at the effect, G0331 at an argument."""
    needing = {key for key, one in flow.operations.items() if one.needs}
    needing |= {key for key, one in flow.operations.items() if one.undo in needing}
    if not needing:
        return
    known = Provenances(flow)
    seen = flow.reached
    for node in flow.nodes:
        if node.operator != "call" or node.subject not in needing or node.id not in seen:
            continue
        operation = flow.operation(node)
        if not operation.acts or not node.under:
            continue  # G0301 says that already
        for name in (node.subject, operation.undo):
            if name is not None and flow.operations[name].needs:
                yield from _met(flow, node, name, known)


def _met(flow: Flow, node: FlowNode, name: str, known: Provenances) -> Iterator[Diagnostic]:
    needs = flow.operations[name]
    asks = known.approvals.asks
    gates = {one: flow.gate(asks[one]) for one in node.under if one in asks}
    lacks = {
        one: "nobody may be asked here" if one in known.approvals.uncertain else _lacks(gate, needs)
        for one, gate in gates.items()
    }
    enough = frozenset(one for one, lack in lacks.items() if lack is None)
    if not enough:
        yield Diagnostic(
            code="G0330",
            severity="error",
            message=f"no approval here asks for what `{name}` needs:"
            f" {formulas.in_words(needs.needs)}",
            span=node.span,
            labels=tuple(Label(gate.span, lacks[one] or "") for one, gate in gates.items()),
            path=known.approvals.least_asked(node),
            help="ask a gate that needs at least that, and act under its approval",
        )
        return
    for argument in node.arguments:
        # What comes from another service is P8's to judge.
        found = known.of(argument.atoms, node)
        weak = frozenset(one for one in found if one.partition("@")[0] not in enough)
        if weak:
            yield Diagnostic(
                code="G0331",
                severity="error",
                message=f"`{argument.name}` comes from an approval that asks for less than"
                f" `{name}` needs: {formulas.in_words(needs.needs)}",
                span=argument.span,
                labels=(Label(node.span, "this needs it"),),
                path=witness(flow, node.id),
                help="read it through the approval that asks for enough",
            )


def _lacks(gate: GateFacts, needs: OperationFacts) -> str | None:
    if gate.waivable:
        return "policy may waive this gate"
    if gate.initiator and not needs.initiator:
        return "the initiator may decide here"
    short = shortfall(gate.decides, needs.needs)
    if short is None:
        return None
    return f"{formulas.company_in_words(short)} suffice here" if short else "too large to compare"

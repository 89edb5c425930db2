"""P8: what was shown is what is done. Each argument of an effect is approved by its `under` alone,
of a critical one by people's approvals alone (LANGUAGE section 8, rules 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import Argument, Flow, FlowNode
from gantral.compiler.flow.walk import witness
from gantral.compiler.proofs.provenance import NOBODY, Provenance, Provenances, head
from gantral.compiler.proofs.provenance import allowed as within_service
from gantral.dsl.diagnostics import Diagnostic, Label


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0306 at each argument of an effect whose data its approvals did not approve."""
    known = Provenances(flow)
    asks = known.approvals.asks
    seen = flow.reached
    for node in flow.nodes:
        if node.operator != "call" or not flow.operation(node).acts or node.id not in seen:
            continue
        allowed = frozenset(node.under)
        if flow.operation(node).kind == "critical effect":
            allowed = frozenset(
                name
                for name in allowed - known.approvals.uncertain
                if name in asks and not flow.gate(asks[name]).waivable
            )
        if not node.under:
            continue  # G0301 says that already
        for argument in node.arguments:
            found = known.of(argument.atoms, node)
            strange = found - within_service(found, allowed, node)
            strange -= _released(flow, node, argument, strange, allowed, known)
            if strange:
                yield _finding(flow, node, argument, strange, known)


def _released(
    flow: Flow,
    node: FlowNode,
    argument: Argument,
    strange: Provenance,
    allowed: Provenance,
    known: Provenances,
) -> Provenance:
    """Results of other services that the gate which approved them lets into the argument."""
    place = f"{node.subject}.{argument.name.partition('.')[0]}"
    asks = known.approvals.asks
    return frozenset(
        one
        for one in strange
        if (name := one.partition("@")[0]) in allowed & asks.keys()
        and f"{place}<{one.partition('@')[2]}" in flow.gate(asks[name]).flows
    )


def _finding(
    flow: Flow, node: FlowNode, argument: Argument, strange: Provenance, known: Provenances
) -> Diagnostic:
    culprits = [atom for atom in argument.atoms if known.of((atom,), node) & strange]
    read = ", ".join(f"`{atom}`".replace("!", ".") for atom in culprits)
    if NOBODY in strange:
        message = f"`{argument.name}` is data that nobody approved: it reads {read}"
    elif {name.partition("@")[0] for name in strange} <= set(node.under):
        message = f"`{argument.name}` carries the result of another service: it reads {read}"
    else:
        others = ", ".join(f"`{name}`" for name in sorted({n.partition("@")[0] for n in strange}))
        message = f"`{argument.name}` carries what {others} approved: it reads {read}"
    # What one of its own approvals shows is strange only where nobody was asked for that.
    own = any(head(atom) in node.under for atom in culprits)
    return Diagnostic(
        code="G0306",
        severity="error",
        message=message,
        span=argument.span,
        labels=(Label(node.span, f"acts under {', '.join(f'`{one}`' for one in node.under)}"),),
        path=known.approvals.least_asked(node) if own else witness(flow, node.id),
        help=_help(node, culprits, known),
    )


def _help(node: FlowNode, culprits: list[str], known: Provenances) -> str:
    for name in node.under:
        ask = known.approvals.asks.get(name)
        for shown in ask.arguments if ask else ():
            for culprit in culprits:
                if shown.copies and (
                    culprit == shown.atoms[0] or culprit.startswith(shown.atoms[0] + ".")
                ):
                    rest = culprit[len(shown.atoms[0]) :]
                    return f"read it through the approval: `{name}.{shown.name}{rest}`"
    return "show it at the gate as a parameter, and read it through the approval"

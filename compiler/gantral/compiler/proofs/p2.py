"""P2: every effect acts under approvals obtained on every path there, whose gates release it, not
used up, not lapsed for certain; a critical one under people's (LANGUAGE section 8, rules 2, 4, 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import forward, shortest, tell, witness
from gantral.compiler.proofs.approvals import askers, obtained
from gantral.dsl.diagnostics import Diagnostic, Label, Step


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0301 to G0305 and G0501, at the effect."""
    have = obtained(flow)
    asks = askers(flow)
    spent = _spent(flow, asks)
    waited = _waited(flow)
    for node in flow.nodes:
        if node.operator != "call" or not flow.operation(node).acts or node.id not in have:
            continue
        yield from _named(flow, node, asks, have[node.id])
        yield from _uses(flow, node, asks, spent[node.id])
        yield from _lapse(flow, node, asks, waited[node.id])


def _named(
    flow: Flow, node: FlowNode, asks: Mapping[str, FlowNode], have: frozenset[str]
) -> Iterator[Diagnostic]:
    operation = node.subject
    if not node.under:
        yield Diagnostic(
            code="G0301",
            severity="error",
            message="this effect has no approval to act under",
            span=node.span,
            path=witness(flow, node.id),
            help=_help_unapproved(flow, node),
        )
        return
    people = False
    for name in node.under:
        ask = asks.get(name)
        if ask is None or name not in have:
            path = _around(flow, node, name)
            yield Diagnostic(
                code="G0302",
                severity="error",
                message=f"`{name}` is not an approval obtained on every path to this effect",
                span=node.span,
                labels=(Label(ask.span, "asked here, on some paths only"),) if ask else (),
                path=path,
                help="ask on every path that leads here, or move the effect beside its ask",
            )
            return
        gate = flow.gate(ask)
        people = people or not gate.waivable
        if operation not in gate.releases:
            yield Diagnostic(
                code="G0303",
                severity="error",
                message=f"gate `{ask.subject}` does not release `{operation}`",
                span=node.span,
                labels=(Label(gate.span, "this gate says what its yes releases"),),
                path=witness(flow, node.id),
                help=f"write `releases {', '.join((*gate.releases, operation))}` in the gate,"
                " or act under an approval whose gate releases it",
            )
    if flow.operation(node).kind == "critical effect" and not people:
        yield Diagnostic(
            code="G0305",
            severity="error",
            message=f"`{operation}` is critical and every gate it acts under may be waived",
            span=node.span,
            path=witness(flow, node.id),
            help="ask a gate without `waived by`, and act under its approval",
        )


def _help_unapproved(flow: Flow, node: FlowNode) -> str:
    gates = [name for name, gate in flow.gates.items() if node.subject in gate.releases]
    if not gates:
        return f"declare a gate that says `releases {node.subject}`, ask it, and write `under` here"
    return f"write `under` and the name of an approval of gate `{gates[0]}`, which releases it"


def _around(flow: Flow, node: FlowNode, name: str) -> tuple[Step, ...]:
    path = shortest(
        flow,
        node.id,
        without=lambda at, edge: (
            at.operator == "ask" and at.binds == name and edge.label in ("yes", "waived")
        ),
    )
    return tell(path or ())


_Count = Mapping[str, int]


def _spent(flow: Flow, asks: Mapping[str, FlowNode]) -> dict[int, dict[str, int]]:
    """How often each approval may have been used at most, on entry; counts stop past the limit."""
    limit = {name: flow.gate(ask).uses + 1 for name, ask in asks.items()}

    def leave(node: FlowNode, edge: Edge, counts: dict[str, int]) -> dict[str, int]:
        after = dict(counts)
        if node.operator == "ask":
            after.pop(node.binds, None)
        elif node.operator == "call" and flow.operation(node).acts:
            for name in node.under:
                after[name] = min(after.get(name, 0) + 1, limit.get(name, 1))
        return after

    def join(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
        return {name: max(one.get(name, 0), other.get(name, 0)) for name in sorted({*one, *other})}

    return forward(flow, {}, leave, join)


def _uses(
    flow: Flow, node: FlowNode, asks: Mapping[str, FlowNode], counts: _Count
) -> Iterator[Diagnostic]:
    for name in node.under:
        ask = asks.get(name)
        if ask is None or counts.get(name, 0) < flow.gate(ask).uses:
            continue
        uses = flow.gate(ask).uses
        earlier = [
            one
            for one in flow.nodes
            if one.operator == "call"
            and name in one.under
            and one.id != node.id
            and shortest(flow, node.id, start=one.id) is not None
        ]
        through = earlier[-1].id if earlier else node.id
        path = (shortest(flow, through) or ()) + (shortest(flow, node.id, start=through) or ())
        yield Diagnostic(
            code="G0304",
            severity="error",
            message=f"`{name}` may be used up here: gate `{ask.subject}` allows {uses}"
            f" use{'s' if uses > 1 else ''}",
            span=node.span,
            labels=tuple(Label(one.span, "used here") for one in earlier),
            path=tell(path),
            help=f"ask again, or write `uses {uses + 1}` in the gate so that people see it",
        )


def _waited(flow: Flow) -> dict[int, dict[str, int]]:
    """The least time since each approval was obtained, in ms, on entry."""

    def leave(node: FlowNode, edge: Edge, since: dict[str, int]) -> dict[str, int]:
        after = {name: waited + node.waits for name, waited in since.items()}
        if node.operator == "ask" and edge.label in ("yes", "waived"):
            after[node.binds] = 0
        return after

    def join(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
        # Names on one side only were not obtained on every path: another finding.
        return {name: min(one[name], other[name]) for name in one if name in other}

    return forward(flow, {}, leave, join)


def _lapse(
    flow: Flow, node: FlowNode, asks: Mapping[str, FlowNode], since: _Count
) -> Iterator[Diagnostic]:
    for name in node.under:
        ask = asks.get(name)
        lasts = flow.gate(ask).lasts if ask else None
        if ask is not None and lasts is not None and since.get(name, 0) > lasts:
            yield Diagnostic(
                code="G0501",
                severity="error",
                message=f"`{name}` has lapsed for certain when this effect acts",
                span=node.span,
                labels=(Label(ask.span, "asked here"),),
                path=witness(flow, node.id),
                help=f"raise `lasts` in gate `{ask.subject}`, or ask after the wait",
            )

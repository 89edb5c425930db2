"""P2: every effect acts under approvals obtained on every path there, whose gates release it, not
used up, not lapsed for certain; a critical one under people's (LANGUAGE section 8, rules 2, 4, 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.longest import between_rounds, of_pass
from gantral.compiler.flow.loops import Loops
from gantral.compiler.flow.times import NEVER, Times
from gantral.compiler.flow.walk import Taken, leading, shortest, tell, witness
from gantral.compiler.proofs.approvals import Approvals
from gantral.dsl.diagnostics import Diagnostic, Label, Step


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0301 to G0305 and G0501, at the effect; G0428, a warning, where it may come too late."""
    approvals = Approvals(flow)
    seen = flow.reached
    effects = [
        node
        for node in flow.nodes
        if node.operator == "call" and node.id in seen and flow.operation(node).acts
    ]
    for node in effects:
        yield from _named(flow, node, approvals)
    under: dict[str, list[FlowNode]] = {}
    for node in effects:
        for name in dict.fromkeys(node.under):
            if approvals.obtained(name, node):
                # Otherwise G0302 has said all that there is to say of it.
                under.setdefault(name, []).append(node)
    loops = flow.loops
    if loops.unbounded:
        return  # P6 says so; how often an approval is used has no end there
    waiting = sum(node.waits * loops.times(node.id) for node in flow.nodes)
    longest = sum(
        max(of_pass(flow, node), between_rounds(node)) * loops.times(node.id) for node in flow.nodes
    )
    for name, acting in under.items():
        ask = approvals.asks.get(name)
        if ask is None:
            continue
        gate = flow.gate(ask)
        if sum(_times(loops, ask, node) for node in acting) > gate.uses:
            yield from _uses(flow, name, ask, acting, loops)
        certain: frozenset[int] = frozenset()
        if gate.lasts is not None and waiting > gate.lasts:
            certain = _lapsed(flow, ask, acting, loops)
            yield from _lapse(flow, name, ask, acting, certain)
        if gate.lasts is not None and longest > gate.lasts:
            yield from _may_lapse(flow, name, ask, acting, certain, loops)


def _times(loops: Loops, ask: FlowNode, node: FlowNode) -> int:
    """How often the node runs at most after one execution of the ask."""
    return loops.times(node.id, without=_asking(loops, ask))


def _asking(loops: Loops, ask: FlowNode) -> frozenset[int]:
    """The heads of the loops that ask anew in each round."""
    return frozenset(one.head.id for one in loops.around(ask.id))


def _named(flow: Flow, node: FlowNode, approvals: Approvals) -> Iterator[Diagnostic]:
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
    people = certain = False
    for name in node.under:
        ask = approvals.asks.get(name)
        if ask is None or not approvals.obtained(name, node):
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
        certain = certain or name not in approvals.uncertain
        people = people or not (gate.waivable or name in approvals.uncertain)
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
    if not certain:
        yield Diagnostic(
            code="G0349",
            severity="error",
            message="nobody may have been asked before this effect: each of its approvals is asked"
            " `only if`",
            span=node.span,
            path=approvals.least_asked(node),
            help="act under an approval of another gate as well, which is asked in every case",
        )
    elif flow.operation(node).kind == "critical effect" and not people:
        yield Diagnostic(
            code="G0305",
            severity="error",
            message=f"`{operation}` is critical and every gate it acts under may be waived",
            span=node.span,
            path=approvals.least_asked(node),
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
            at.operator == "ask" and at.binds == name and edge.label in _ANSWERS
        ),
    )
    return tell(path or ())


def _uses(
    flow: Flow, name: str, ask: FlowNode, under: list[FlowNode], loops: Loops
) -> Iterator[Diagnostic]:
    uses = flow.gate(ask).uses
    spent = _spent(name, ask, loops)
    over = [(needed, node) for node in under if (needed := spent.get(node.id, 0) + 1) > uses]
    for needed, node in over:
        if any(
            (needed, node.id) < (more, other.id) and _before(flow, loops, node, other)
            for more, other in over
        ):
            continue  # that one says how many are enough for both
        earlier = [one for one in under if _before(flow, loops, one, node)]
        uses_there = {one.id: _times(loops, ask, one) for one in earlier if one.id != node.id}
        stops = _stops(flow, loops, uses_there, node.id)
        path: tuple[Taken, ...] = ()
        for start, stop in pairwise((0, *stops, node.id)):
            # From one branch to another it goes by way of where they begin.
            fork = loops.forks.apart(start, stop)
            begins = start
            if fork is not None:
                begins = fork.node.id
                path += ((flow.nodes[start], flow.nodes[start].next[0]),)
            path += _onward(flow, loops, begins, stop) or ()
        labels = [Label(one.span, "used here") for one in earlier if one.id != node.id]
        labels += [
            Label(one.head.span, f"up to {one.at_most} rounds")
            for one in loops.all
            if one not in loops.around(ask.id)
            and any(each.id in one.body for each in (*earlier, node))
        ]
        yield Diagnostic(
            code="G0304",
            severity="error",
            message=f"`{name}` may be used up here: gate `{ask.subject}` allows {uses}"
            f" use{'s' if uses > 1 else ''}",
            span=node.span,
            labels=tuple(labels),
            path=tell(path),
            help=f"ask again, or write `uses {needed}` in the gate so that people see it",
        )


def _before(flow: Flow, loops: Loops, one: FlowNode, other: FlowNode) -> bool:
    """Whether the one may have been passed when the other is come to."""
    beside = one.id < other.id and loops.forks.apart(one.id, other.id) is not None
    return beside or shortest(flow, other.id, start=one.id, around=True) is not None


def _stops(flow: Flow, loops: Loops, uses: Mapping[int, int], goal: int) -> tuple[int, ...]:
    """The most uses that one way to the goal passes in one round of each loop, in the order of the
    source; of many, the last ones are told. `uses`: how often each may act in all rounds."""
    best: dict[int, tuple[int, ...]] = {}
    for here in (*sorted(uses)[-_TOLD:], goal):
        before = [
            stops
            for one, stops in best.items()
            if loops.forks.apart(one, here) or _onward(flow, loops, one, here) is not None
        ]
        best[here] = (
            *max(before, key=lambda stops: sum(map(uses.__getitem__, stops)), default=()),
            here,
        )
    return best[goal][:-1]


def _onward(flow: Flow, loops: Loops, start: int, stop: int) -> tuple[Taken, ...] | None:
    """The way from one to the other in the same round of the loops that both are in; of one loop
    after another it passes the first once."""
    return shortest(
        flow, stop, start=start, without=lambda node, edge: _again(loops, node, edge, stop)
    )


def _again(loops: Loops, node: FlowNode, edge: Edge, stop: int) -> bool:
    """Whether the edge leads back to a loop that the stop is in, for another round."""
    back = (node.id, edge.target) in loops.back
    return back and any(one.head.id == edge.target for one in loops.around(stop))


def _spent(name: str, ask: FlowNode, loops: Loops) -> dict[int, int]:
    """How often the approval may have been used at most, on entry: a branch takes its larger side,
    a loop that does not ask anew counts for the rounds before its last one."""

    def leave(node: FlowNode, count: int) -> int:
        if node.id == ask.id:
            return 0
        if node.operator == "call" and name in node.under:
            return count + 1
        return count

    return loops.most(leave, once=_asking(loops, ask))


def _lapsed(flow: Flow, ask: FlowNode, under: list[FlowNode], loops: Loops) -> frozenset[int]:
    """The effects before which an approval has lapsed on every path."""
    lasts = flow.gate(ask).lasts or 0
    waited = Times(flow, loops).since(ask)
    return frozenset(node.id for node in under if lasts < waited[node.id] < NEVER)


def _lapse(
    flow: Flow, name: str, ask: FlowNode, under: list[FlowNode], certain: frozenset[int]
) -> Iterator[Diagnostic]:
    for node in under:
        if node.id in certain:
            yield Diagnostic(
                code="G0501",
                severity="error",
                message=f"`{name}` has lapsed for certain when this effect acts",
                span=node.span,
                labels=(Label(ask.span, "asked here"),),
                path=witness(flow, node.id),
                help=f"raise `lasts` in gate `{ask.subject}`, or ask after the wait",
            )


def _may_lapse(
    flow: Flow,
    name: str,
    ask: FlowNode,
    under: list[FlowNode],
    certain: frozenset[int],
    loops: Loops,
) -> Iterator[Diagnostic]:
    """Where waits, calls and children on some path may take longer than the approval lasts."""
    lasts = flow.gate(ask).lasts or 0

    def leave(node: FlowNode, since: int) -> int:
        if node.id == ask.id:
            return 0
        return since + of_pass(flow, node)

    waited = loops.most(
        leave,
        between=between_rounds,
        once=_asking(loops, ask),
        at_once=True,
        start=ask.id,
        within=leading(flow, (node.id for node in under), until=ask.id),
    )
    for node in under:
        if waited.get(node.id, 0) > lasts and node.id not in certain:
            yield Diagnostic(
                code="G0428",
                severity="warning",
                message=f"`{name}` may have lapsed when this effect acts: the waits, calls"
                " and children before it may take longer",
                span=node.span,
                labels=(Label(ask.span, "asked here"),),
                path=witness(flow, node.id),
                help=f"raise `lasts` in gate `{ask.subject}`, bound what comes before it more"
                " narrowly, or ask after it",
            )


_TOLD = 16
_ANSWERS = ("yes", "waived", "unasked")

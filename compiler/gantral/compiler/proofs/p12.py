"""P12: a rejection strands nothing: no effect that can be undone and may stand precedes a gate, and
no completed child that has done one (LANGUAGE section 8, rule 8). An effect stands when it is done
or unknown, and not undone; it is undone once (section 7)."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.forks import Forks
from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import leading, reachable, shortest, tell
from gantral.dsl.diagnostics import Diagnostic, Label


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0307 for each undoable effect, at the nearest ask that it may stand before; G0310 for each
    `undo` of what is undone already."""
    asks = frozenset(node.id for node in flow.nodes if node.operator == "ask")
    forks = Forks(flow)
    seen = reachable(flow)
    before = leading(flow, asks) & seen
    failures = {one.binds: one.site for one in flow.nodes if one.operator == "let" and one.site}
    for effect in flow.nodes:
        if effect.operator not in ("call", "child") or effect.id not in before:
            continue
        if flow.undoes(effect):
            yield from _stranded(flow, forks, effect, asks, before, failures)
    yield from _undone_again(flow, forks)


def _stranded(
    flow: Flow,
    forks: Forks,
    effect: FlowNode,
    asks: frozenset[int],
    before: frozenset[int],
    failures: dict[str, str],
) -> Iterator[Diagnostic]:
    def settled(node: FlowNode, edge: Edge) -> bool:
        if edge.target not in before:
            return True  # no ask comes there
        if node.operator == "undo":
            return node.site == effect.site
        if node.operator != "choose":
            return False
        name, _, outcome = node.settles.partition(":")
        if outcome:
            # Only what completed stands: else the child has undone its own.
            completed = (outcome == "completed") == (edge.label == "true")
            return bool(effect.binds) and name == effect.binds and not completed
        return edge.label == "true" and failures.get(name) == effect.site

    # Past a fork of which one branch undoes it, it is undone.
    stopped = forks.stopping(settled, effect.id)
    path = shortest(flow, asks, start=effect.id, without=stopped)
    if path:
        node = flow.nodes[path[-1][1].target]
        done, here = f"`{effect.subject}`", "done here"
        if effect.operator == "child":
            name = effect.subject.partition(".")[2]
            done, here = f"what `{name}` did", "it ends here"
        yield Diagnostic(
            code="G0307",
            severity="error",
            message=f"a no at gate `{node.subject}` would strand {done}",
            span=node.span,
            labels=(Label(effect.span, f"{here}, and could only be undone by the run"),),
            path=tell((*(shortest(flow, effect.id) or ()), *path)),
            help="ask first and act after; or act in a child workflow, which survives a no",
        )


def _undone_again(flow: Flow, forks: Forks) -> Iterator[Diagnostic]:
    by_site: dict[str, set[int]] = {}
    for node in flow.nodes:
        if node.operator == "undo":
            by_site.setdefault(node.site, set()).add(node.id)
    told: set[int] = set()
    for site, undos in by_site.items():

        def called_again(node: FlowNode, edge: Edge, site: str = site) -> bool:
            return node.operator in ("call", "child") and node.site == site

        for first in sorted(undos & reachable(flow)):
            path = shortest(flow, frozenset(undos), start=first, around=True, without=called_again)
            again = None if path is None else path[-1][1].target
            if again is None:
                # In another branch it happens as well, sooner or later.
                beside = (one for one in sorted(undos) if forks.apart(first, one) is not None)
                again = next((one for one in beside if one > first), None)
                path = ()
            if again is None or again in told:
                continue
            told.add(again)
            node = flow.nodes[again]
            yield Diagnostic(
                code="G0310",
                severity="error",
                message=f"`{node.subject}` is undone already",
                span=node.span,
                labels=(Label(flow.nodes[first].span, "here"),),
                path=tell((*(shortest(flow, first) or ()), *(path or ()))),
                help="take one of the two out: an effect is undone once",
            )

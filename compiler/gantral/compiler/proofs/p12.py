"""P12: a rejection strands nothing: no effect that can be undone and may stand precedes a gate, and
no completed child that has done one (LANGUAGE section 8, rule 8). An effect stands when it is done
or unknown, and not undone; it is undone once (section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gantral.compiler.flow.forks import Forks, Without
from gantral.compiler.flow.graph import Edge, Flow, FlowNode
from gantral.compiler.flow.walk import Taken, leading, shortest, tell
from gantral.dsl.diagnostics import Diagnostic, Label
from gantral.dsl.frozen import frozen


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0307 for each undoable effect, at the nearest ask that it may stand before; G0310 for each
    `undo` of what is undone already."""
    asks = frozenset(node.id for node in flow.nodes if node.operator == "ask")
    forks = flow.loops.forks
    seen = flow.reached
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
    ways = [_Stands(effect, before, failures, left_out) for left_out in ("failed", "done")]
    path = min(_paths(flow, forks, effect, asks, ways), key=len, default=None)
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


def _paths(
    flow: Flow, forks: Forks, effect: FlowNode, asks: frozenset[int], ways: Sequence[_Stands]
) -> Iterator[tuple[Taken, ...]]:
    """From the effect to the nearest ask before which it stands."""

    def nearest(without: Without, goal: int | frozenset[int] = asks) -> tuple[Taken, ...]:
        # Past a fork of which one branch undoes it, it is undone.
        stopped = forks.stopping(without, effect.id)
        return shortest(flow, goal, start=effect.id, around=True, without=stopped) or ()

    for one in ways:
        if path := nearest(one.settled):
            yield path
        # Called again, its name is the later one's, and nothing undoes the earlier.
        if back := nearest(one.settled, effect.id):
            rests = [rest for other in ways if (rest := nearest(other.never))]
            yield from ((*back, *rest) for rest in rests)


@frozen
class _Stands:
    """What is known of an effect that stands, on the ways on which it has not answered (`left_out`
    is "done") or has not failed."""

    effect: FlowNode
    before: frozenset[int]
    failures: Mapping[str, str]
    left_out: str

    def never(self, node: FlowNode, edge: Edge) -> bool:
        """Whether no run goes on there, or none that comes to an ask."""
        if edge.target not in self.before:
            return True
        if node.id == self.effect.id:
            return edge.label == self.left_out
        # What has answered is some; what a handler gave may be either.
        name, _, word = node.settles.partition(":")
        known = word in ("some", "none") and self.left_out == "failed"
        return known and name == self.effect.binds and _shown(edge) != (word == "some")

    def settled(self, node: FlowNode, edge: Edge) -> bool:
        """The same, or whether it stands no more, or never did."""
        if self.never(node, edge):
            return True
        if node.operator == "undo":
            return node.site == self.effect.site
        name, _, word = node.settles.partition(":")
        if word in ("no", "unknown"):
            return self.failures.get(name) == self.effect.site and _shown(edge) == (word == "no")
        # Of children only what completed stands: any other has undone its own.
        ended = word in ("completed", "rejected", "terminated") and name == self.effect.binds
        return ended and _shown(edge) != (word == "completed")


def _shown(edge: Edge) -> bool:
    return edge.label == "true"


def _undone_again(flow: Flow, forks: Forks) -> Iterator[Diagnostic]:
    by_site: dict[str, set[int]] = {}
    for node in flow.nodes:
        if node.operator == "undo":
            by_site.setdefault(node.site, set()).add(node.id)
    told: set[int] = set()
    for site, undos in by_site.items():

        def called_again(node: FlowNode, edge: Edge, site: str = site) -> bool:
            return node.operator in ("call", "child") and node.site == site

        for first in sorted(undos & flow.reached):
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

"""Who approved what: for every name in a flow graph, the approvals that approved its data.

LANGUAGE section 8, rule 3. A provenance is a set of approvals, or holds NOBODY, which is no
approval's name: then it is a subset of no `under`. What an effect answered stands as
``ok@service.operation``: it is approved within that service, and where the gate says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.flow.deciding import Deciding
from gantral.compiler.flow.graph import LOOPS, Flow, FlowNode
from gantral.compiler.flow.walk import leading, reachable
from gantral.compiler.proofs.approvals import Approvals

Provenance = frozenset[str]
NOBODY = "!nobody"
_NOBODYS: Provenance = frozenset({NOBODY})


def head(atom: str) -> str:
    """The name that an atom starts with; of `ok!proposed.f` that is `ok!proposed`."""
    return atom.partition(".")[0]


def within(approval: str, node: FlowNode) -> str:
    """The approval as what the effect at the node answers carries it."""
    return f"{approval}@{node.subject}"


def allowed(found: Provenance, by: Provenance, node: FlowNode) -> Provenance:
    """Those of what was found that the approvals approved for an effect of the node's service."""
    service = node.subject.partition(".")[0]
    return frozenset(
        one
        for one in found
        if one.partition("@")[0] in by and one.partition("@")[2].partition(".")[0] in ("", service)
    )


class Provenances:
    """The provenance of every name and atom, by a least fixed point over the definitions."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.approvals = Approvals(flow)
        self._defined: dict[str, list[FlowNode]] = {}
        for node in flow.nodes:
            if node.binds and node.operator != "ask":
                self._defined.setdefault(node.binds, []).append(node)
        self._loops = flow.loops
        self._deciding = Deciding(flow, self.approvals.dominators, self._loops)
        self._makers = {one.fills: one for one in flow.nodes if one.operator in LOOPS and one.fills}
        self.chosen = {name: self._choices(name) for name in self._defined}
        self._known: dict[str, Provenance] = dict.fromkeys(self._defined, frozenset())
        self._settle()

    def of(self, atoms: Iterable[str], at: FlowNode) -> Provenance:
        """The union over the atoms, as read at the node: an approval that is not in scope there
        approves nothing (it is one execution of one ask)."""
        found: set[str] = set()
        for atom in atoms:
            name = head(atom)
            if name in self.approvals.uncertain:
                found.add(NOBODY)  # nobody may have been asked
            elif name in self.approvals.asks:
                found.add(name if self.approvals.obtained(name, at) else NOBODY)
            else:
                found |= self._known.get(name, _NOBODYS)
        return frozenset(found)

    def _settle(self) -> None:
        changed = True
        while changed:
            changed = False
            for name, nodes in self._defined.items():
                found = frozenset().union(*(self._definition(node) for node in nodes))
                for choice in self.chosen[name]:
                    found |= self._choice(choice)
                if found != self._known[name]:
                    self._known[name] = found
                    changed = True

    def _definition(self, node: FlowNode) -> Provenance:
        if node.operator == "call":
            if not self._flow.operation(node).acts or not node.under:
                return _NOBODYS
            return frozenset(within(name, node) for name in node.under)
        if node.operator == "child":
            return _NOBODYS
        if node.operator == "let" and node.site:
            return _NOBODYS  # a failure's cause, an event's data come from no approval
        found = self.of((atom for one in node.arguments for atom in one.atoms), node)
        if any(self._outlives(name, node) for name in found):
            return found | _NOBODYS
        return found

    def _outlives(self, approval: str, node: FlowNode) -> bool:
        """Whether what the node binds may be read when the approval is another one: a loop asks
        anew in each round, and the name is from outside of it."""
        ask = self.approvals.asks.get(approval.partition("@")[0])
        if ask is None or node.operator not in ("set", "give", "collect"):
            return False
        dominates = self.approvals.dominators.dominates
        maker = self._makers.get(node.binds)
        if maker is not None and dominates(maker.id, ask.id):
            return True
        homes = [one.id for one in self._defined[node.binds] if one.operator == "var"]
        return any(
            dominates(loop.head.id, ask.id)
            and not all(dominates(loop.head.id, home) for home in homes)
            for loop in self._loops.around(node.id)
        )

    def _choice(self, node: FlowNode) -> Provenance:
        if node.operator == "repeat":
            return _NOBODYS  # what the rounds before met
        if node.operator == "call" and self._flow.operation(node).acts and node.under:
            return frozenset(node.under)
        if node.operator in ("call", "wait"):
            return _NOBODYS  # whoever sends an event chooses what comes of the wait
        return self.of((atom for one in node.arguments for atom in one.atoms), node)

    def _choices(self, name: str) -> list[FlowNode]:
        """The nodes on whose outcome it depends what the name holds."""
        nodes = self._defined[name]
        maker = self._makers.get(name)
        if maker is not None:
            return self._made(maker, nodes)
        if all(node.operator not in ("var", "set") for node in nodes):
            return self._given(nodes)
        start = self.approvals.dominators.common([node.id for node in nodes])
        if start is None or self._loops.unbounded:
            # One is never reached, as P3 says, or how often each is passed decides as well.
            return list(self._flow.nodes)
        found = self._deciding.of([node.id for node in nodes if node.operator == "set"], start)
        return [self._flow.nodes[one] for one in sorted(found)]

    def _made(self, maker: FlowNode, nodes: list[FlowNode]) -> list[FlowNode]:
        """The nodes on whose outcome it depends what a loop gives, or in which round: those in it
        of which two ways go on, to a value or to the next round."""
        makes = {node.id for node in nodes}
        inside = leading(self._flow, {maker.id, *makes}, until=maker.id)
        inside &= reachable(self._flow, maker.id)
        on = inside
        if maker.operator == "each":
            # The list is there when the loop is over, whatever is in it.
            over = frozenset(edge.target for edge in maker.next if edge.label == "over")
            on, makes = inside | over, makes | over
        found = []
        for each in sorted(inside):
            node = self._flow.nodes[each]
            ways = {edge.target for edge in node.next if edge.target in on}
            if each not in makes and len(ways) > 1:
                found.append(node)
        return found

    def _given(self, nodes: list[FlowNode]) -> list[FlowNode]:
        """The nodes on whose outcome it depends which definition of the name counts: where two of
        their edges lead to different definitions. An edge from which the name is never defined
        ends the run before anyone could read it, and does not count."""
        if len(nodes) < 2:
            return []
        start = self.approvals.dominators.common([node.id for node in nodes])
        if start is None:
            return list(self._flow.nodes)  # one is never reached: P3 says so, and nothing is sure
        reaching = {node.id: leading(self._flow, (node.id,), until=start) for node in nodes}
        found = []
        for each in frozenset().union(*reaching.values()):
            node = self._flow.nodes[each]
            sides = {
                frozenset(one for one, leads in reaching.items() if edge.target in leads)
                | ({each} if each in reaching and edge.label != "failed" else frozenset())
                for edge in node.next
            } - {frozenset()}
            if len(sides) > 1:
                found.append(node)
        return found

"""P9: an amendment cannot leave its bounds, nor be ignored, nor change who decides.

Bounds are the gate's `where`, judged by whoever accepts the vote and again by the verifier.
Proved here: no amendable path says who decides (LANGUAGE section 6), and what may be amended is
read through the approval alone (section 8, rule 5): its sources are stale from the ask on.
"""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.flow.graph import Argument, Flow, FlowNode
from gantral.compiler.flow.walk import witness
from gantral.compiler.proofs.approvals import obtained
from gantral.compiler.proofs.provenance import head
from gantral.dsl.diagnostics import Diagnostic, Label


def overlap(one: str, other: str) -> bool:
    """Whether reading one path reads something of the other."""
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def prove(flow: Flow) -> Iterator[Diagnostic]:
    """G0309 at a gate, G0308 at what reads a stale path."""
    for name, gate in flow.gates.items():
        for path in gate.amends:
            if any(overlap(path, person) for person in gate.persons):
                yield Diagnostic(
                    code="G0309",
                    severity="error",
                    message=f"amending `{path}` would change who decides gate `{name}`",
                    span=gate.span,
                    help="take the `amend` away, or name the deciders by another parameter",
                )
    have = obtained(flow)
    for ask in flow.nodes:
        if ask.operator == "ask" and ask.binds and flow.gate(ask).amends:
            yield from _stale(flow, ask, have)


def _stale(flow: Flow, ask: FlowNode, have: dict[int, frozenset[str]]) -> Iterator[Diagnostic]:
    sources = _sources(flow, ask)
    stale = _computed(flow, sources)
    mirrored = {
        one.name
        for one in ask.arguments
        if any(overlap(atom, source) for atom in one.atoms for source in stale)
        and not any(overlap(one.name, path) for path in flow.gate(ask).amends)
    }
    for node in flow.nodes:
        if node.id == ask.id or ask.binds not in have.get(node.id, frozenset()):
            continue
        if node.operator == "call" and flow.operation(node).kind == "notify":
            continue
        for argument in node.arguments:
            found = _reads(argument, ask, stale, mirrored, node, flow)
            if found:
                yield Diagnostic(
                    code="G0308",
                    severity="error",
                    message=f"`{found}` may have been amended by gate `{ask.subject}`",
                    span=argument.span,
                    labels=(Label(ask.span, "from here on the decided value counts"),),
                    path=witness(flow, node.id),
                    help=f"read the decided value through `{ask.binds}`, or write"
                    f" `{ask.binds}.proposed` for what was proposed",
                )


def _reads(
    argument: Argument,
    ask: FlowNode,
    stale: frozenset[str],
    mirrored: set[str],
    node: FlowNode,
    flow: Flow,
) -> str:
    for atom in argument.atoms:
        if any(overlap(atom, source) for source in stale):
            return atom
        acts = node.operator == "call" and flow.operation(node).acts
        if acts and head(atom) == ask.binds:
            shown = atom.partition(".")[2]
            if any(overlap(shown, name) for name in mirrored):
                return atom
    return ""


def _sources(flow: Flow, ask: FlowNode) -> frozenset[str]:
    """Every path that the argument at an amendable path reads, through lets too."""
    definitions = {
        node.binds: node for node in flow.nodes if node.operator == "let" and not node.site
    }
    found: set[str] = set()
    pending: list[str] = []
    for path in flow.gate(ask).amends:
        for one in ask.arguments:
            if overlap(one.name, path):
                rest = path[len(one.name) :] if one.copies else ""
                pending.extend(atom + rest for atom in one.atoms)
    while pending:
        atom = pending.pop()
        if atom in found:
            continue
        found.add(atom)
        let = definitions.get(head(atom))
        if let is not None:
            rest = atom[len(head(atom)) :]
            for one in let.arguments:
                if one.copies and not one.name:
                    pending.append(one.atoms[0] + rest)
                elif not one.name or not rest or overlap(one.name, rest[1:]):
                    pending.extend(one.atoms)
    return frozenset(found)


def _computed(flow: Flow, sources: frozenset[str]) -> frozenset[str]:
    """The sources and every name computed from them; of a name that copies a record, the fields."""
    stale = set(sources)
    while True:
        found = {
            path
            for node in flow.nodes
            if node.operator == "let" and not node.site
            for one in node.arguments
            for source in stale
            for path in _fed(f"{node.binds}.{one.name}" if one.name else node.binds, one, source)
        }
        if found <= stale:
            return frozenset(stale)
        stale |= found


def _fed(path: str, argument: Argument, source: str) -> Iterator[str]:
    for atom in argument.atoms:
        if argument.copies and source.startswith(atom + "."):
            yield path + source[len(atom) :]
        elif overlap(atom, source):
            yield path

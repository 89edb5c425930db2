"""P9: an amendment cannot leave its bounds, nor be ignored, nor change who decides.

Bounds are the gate's `where`, judged by whoever accepts the vote and again by the verifier.
Proved here: no amendable path says who decides (LANGUAGE section 6), and what may be amended is
read through the approval alone (section 8, rule 5): its sources are stale from the ask to the end
of the block that binds its approval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gantral.compiler.flow.graph import Argument, Flow, FlowNode
from gantral.compiler.flow.walk import witness
from gantral.compiler.proofs.approvals import Approvals
from gantral.compiler.proofs.provenance import Provenances, head
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
    approvals = Approvals(flow)
    amending = [ask for ask in approvals.asks.values() if flow.gate(ask).amends]
    if amending:
        reads = _Reads(flow)
        lets: dict[str, list[FlowNode]] = {}
        for one in flow.nodes:
            if _computes(one):
                lets.setdefault(one.binds, []).append(one)
        chosen: dict[int, list[str]] = {}
        for name, choices in Provenances(flow).chosen.items():
            for choice in choices:
                if choice.operator in ("choose", "wait"):
                    chosen.setdefault(choice.id, []).append(name)
        for ask in amending:
            yield from _stale(flow, ask, approvals, reads, lets, chosen)


class _Reads:
    """Every reading of a path, found by the path's first two parts."""

    def __init__(self, flow: Flow) -> None:
        self._known: dict[str, list[tuple[FlowNode, Argument, str]]] = {}
        for node in flow.nodes:
            if node.operator == "call" and flow.operation(node).kind == "notify":
                continue  # it may tell of the proposal
            for argument in node.arguments:
                for atom in argument.atoms:
                    for key in {head(atom), _two(atom)}:
                        self._known.setdefault(key, []).append((node, argument, atom))

    def of(self, source: str) -> Iterator[tuple[FlowNode, Argument, str]]:
        """The readings that overlap the path."""
        for key in dict.fromkeys((_two(source), head(source))):
            for node, argument, atom in self._known.get(key, ()):
                # A reading of the whole name overlaps, and is under the name alone.
                if overlap(atom, source) and (key == _two(source) or atom == key):
                    yield node, argument, atom


def _computes(node: FlowNode) -> bool:
    """Whether it binds a value that is computed, given, or an element."""
    if node.operator == "let":
        return not node.site
    return node.operator in ("give", "var", "set", "collect", "each")


def _two(atom: str) -> str:
    return ".".join(atom.split(".")[:2])


def _stale(
    flow: Flow,
    ask: FlowNode,
    approvals: Approvals,
    reads: _Reads,
    lets: Mapping[str, list[FlowNode]],
    chosen: Mapping[int, list[str]],
) -> Iterator[Diagnostic]:
    by_path = {
        path: _computed(_sources(ask, path, lets), reads, chosen) for path in flow.gate(ask).amends
    }
    stale = frozenset().union(*by_path.values())
    # Another parameter that is fed from a source, be it one that may be amended by itself.
    mirrored = {
        f"{ask.binds}.{one.name}"
        for one in ask.arguments
        for path, sources in by_path.items()
        if not overlap(one.name, path)
        and any(overlap(atom, source) for atom in one.atoms for source in sources)
    }
    found = {
        (node.id, argument.name): (node, argument, atom)
        for path in sorted(stale | mirrored)
        for node, argument, atom in reads.of(path)
        if node.id != ask.id
        and approvals.obtained(ask.binds, node)
        and not 0 < ask.until <= node.id
        and (path in stale or (node.operator == "call" and flow.operation(node).acts))
    }
    for node, argument, atom in found.values():
        yield Diagnostic(
            code="G0308",
            severity="error",
            message=f"`{atom}` may have been amended by gate `{ask.subject}`",
            span=argument.span,
            labels=(Label(ask.span, "from here on the decided value counts"),),
            path=witness(flow, node.id),
            help=f"read the decided value through `{ask.binds}`, or write"
            f" `{ask.binds}.proposed` for what was proposed",
        )


def _sources(ask: FlowNode, path: str, lets: Mapping[str, list[FlowNode]]) -> frozenset[str]:
    """Every path that the argument at an amendable path reads, through lets too."""
    found: set[str] = set()
    pending: list[str] = []
    for one in ask.arguments:
        if overlap(one.name, path):
            rest = path[len(one.name) :] if one.copies else ""
            pending.extend(atom + rest for atom in one.atoms)
    while pending:
        atom = pending.pop()
        if atom in found:
            continue
        found.add(atom)
        rest = atom[len(head(atom)) :]
        for let in lets.get(head(atom), ()):
            for one in let.arguments:
                if one.copies and not one.name:
                    pending.append(one.atoms[0] + rest)
                elif not one.name or not rest or overlap(one.name, rest[1:]):
                    pending.extend(one.atoms)
    return frozenset(found)


def _computed(
    sources: frozenset[str], reads: _Reads, chosen: Mapping[int, list[str]]
) -> frozenset[str]:
    """The sources and every name computed from them, or by a choice (`chosen`) that reads them; of
    a name that copies a record, the fields."""
    stale = set(sources)
    pending = list(sources)
    while pending:
        source = pending.pop()
        for node, argument, atom in reads.of(source):
            for name in chosen.get(node.id, ()):
                if name not in stale:
                    stale.add(name)
                    pending.append(name)
            if _computes(node):
                path = f"{node.binds}.{argument.name}" if argument.name else node.binds
                if argument.copies and source.startswith(atom + "."):
                    path += source[len(atom) :]
                if path not in stale:
                    stale.add(path)
                    pending.append(path)
    return frozenset(stale)

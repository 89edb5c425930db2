"""A tree to YAML: files, workflows and declarations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gantral.dsl import syntax as syn
from gantral.dsl.convert.layout import Entry, Items, Map, Out, doc, key, render, scalar, word
from gantral.dsl.convert.remarks import Remarks, documented
from gantral.dsl.convert.statements import arguments, block, plain_text, text, unique
from gantral.dsl.parse import ParseResult
from gantral.dsl.span import Node, Span
from gantral.dsl.yaml.forms import GROUPS

_KINDS: dict[type[Node], str] = {
    syn.TypeDeclaration: "type",
    syn.Role: "role",
    syn.Assurance: "assurance",
    syn.Calendar: "calendar",
    syn.Event: "event",
    syn.Service: "service",
    syn.Policy: "policy",
    syn.Gate: "gate",
}
_GROUP_OF = {kind: group for group, kind in GROUPS.items()}


def yaml_of(source: str, result: ParseResult) -> str:
    """A spec in YAML, of what `parse` made of it in text form. Its comments go above the line of
    what they stood at.

    Raises:
        UnwritableError: YAML can't say it: a name twice where YAML has a mapping.
    """
    file = result.file
    if file is None:
        raise ValueError("a text with errors has no tree")
    remarks = Remarks(source, result.comments, documented(file))
    top: list[Entry] = []
    if file.imports:
        unique(one.alias for one in file.imports)
        entries = [
            Entry(key(one.alias.text), plain_text(one.path), one.span.start, one.span.end)
            for one in file.imports
        ]
        top.append(Entry("imports", Map(entries), file.imports[0].span.start, entries[-1].end))
    if len(file.declarations) == 1 and isinstance(file.declarations[0], syn.Workflow):
        top += _workflow(file.declarations[0])
    else:
        top += _declarations(file.declarations)
    return render(Map(top), remarks) if top else "".join(f"{one}\n" for one in remarks.rest())


def entry(name: str, value: Out, span: Span) -> Entry:
    """A key whose value is made of what stands at `span`."""
    return Entry(name, value, span.start, span.end)


# --- workflows --------------------------------------------------------------------------------


def _workflow(node: syn.Workflow) -> list[Entry]:
    head = [entry("workflow", word(node.name.text), Span("", node.span.start, node.name.span.end))]
    head.append(entry("version", plain_text(node.version), node.version.span))
    head += _doc(node, node.version.span)
    found = [entry("team", word(node.team.text), node.team.span)]
    found.append(_paths("start by", node.start_by))
    if node.once is not None:
        name = "one at a time per" if node.once.one_at_a_time else "once per"
        found.append(_paths(name, node.once.keys))
    for name, record in (("input", node.input), ("output", node.output)):
        if record is not None:
            found.append(entry(name, fields(record.fields, brief=False), record.span))
    found += _declarations(node.declarations)
    found.append(entry("run", block(node.run), node.run.span))
    if node.on_failure is not None:
        found.append(entry("on failure", block(node.on_failure), node.on_failure.span))
    return head + sorted(found, key=lambda one: one.start)


def _doc(node: syn.Declaration | syn.Operation, at: Span) -> list[Entry]:
    return [entry("doc", doc(node.doc), Span("", at.start, at.start))] if node.doc else []


def _paths(name: str, paths: Sequence[syn.Path]) -> Entry:
    return entry(name, _listed(paths), paths[0].span.to(paths[-1].span))


def _listed(nodes: Sequence[Node]) -> Out:
    """One scalar, or a list of them."""
    found = [scalar(one) for one in nodes]
    if len(found) == 1:
        return found[0]
    return Items(found, [(one.span.start, one.span.end) for one in nodes])


def fields(of: Sequence[syn.Field], brief: bool = True) -> Map:
    """Names and types."""
    unique(one.name for one in of)
    return Map([entry(key(one.name.text), _field(one), one.span) for one in of], brief)


def _field(node: syn.Field) -> Out:
    if not node.personal and node.wire_name is None:
        return type_of(node.type)
    return scalar(node, lambda spell: _apart(spell.field_type(node), node.type))


def type_of(node: syn.Type) -> Out:
    """A type: a mapping where it is a record whose names are all different."""
    if isinstance(node, syn.RecordType) and _different(node):
        return fields(node.fields)
    return scalar(node, lambda spell: _apart(spell(node), node))


def _apart(text: str, node: syn.Type) -> str:
    """A type that begins with a quote in parentheses, since YAML would end it with the next."""
    if not isinstance(node, syn.EnumType):
        return text
    own = len(" | ".join(f'"{_inside(one)}"' for one in node.words))
    return f"({text[:own]}){text[own:]}"


def _inside(node: syn.PlainText) -> str:
    from gantral.dsl.convert.spell import quoted

    return quoted(node.value, False)


def _different(node: syn.RecordType) -> bool:
    names = [one.name.text for one in node.fields]
    return len(set(names)) == len(names)


# --- declarations -----------------------------------------------------------------------------


def _declarations(nodes: Sequence[syn.Declaration]) -> list[Entry]:
    """In groups where that keeps their order, else as one list."""
    if not nodes:
        return []
    groups: list[tuple[str, list[syn.Declaration]]] = []
    for node in nodes:
        kind = _KINDS.get(type(node), "workflow")
        if not groups or groups[-1][0] != kind:
            groups.append((kind, []))
        groups[-1][1].append(node)
    kinds = [kind for kind, _ in groups]
    if "workflow" in kinds or len(set(kinds)) < len(kinds):
        span = nodes[0].span.to(nodes[-1].span)
        return [entry("declarations", _list(nodes), span)]
    return [_group(kind, found) for kind, found in groups]


def _group(kind: str, nodes: list[syn.Declaration]) -> Entry:
    span = nodes[0].span.to(nodes[-1].span)
    names = [one.name.text for one in nodes]
    bare = all(isinstance(one, (syn.Role, syn.Assurance)) and not one.doc for one in nodes)
    documented_type = kind == "type" and any(one.doc for one in nodes)
    value: Out
    if bare:
        value = Items([word(name) for name in names], [_place(one) for one in nodes])
    elif documented_type or len(set(names)) < len(names):
        value = _list(nodes)
    else:
        value = Map([entry(key(one.name.text), _body(one), one.span) for one in nodes])
    return entry(_GROUP_OF[kind], value, span)


def _place(node: Node) -> tuple[int, int]:
    return (node.span.start, node.span.end)


def _list(nodes: Sequence[syn.Declaration]) -> Items:
    return Items([_headed(one) for one in nodes], [_place(one) for one in nodes])


def _headed(node: syn.Declaration) -> Map:
    if isinstance(node, syn.Workflow):
        return Map(_workflow(node))
    head = Span("", node.span.start, node.name.span.end)
    entries = [entry(_KINDS[type(node)], word(node.name.text), head)]
    if isinstance(node, syn.TypeDeclaration):
        entries += [*_doc(node, node.span), entry("is", type_of(node.type), node.type.span)]
        return Map(entries)
    body = _body(node)
    return Map(entries + (body.entries if isinstance(body, Map) else []))


def _body(node: syn.Declaration) -> Out:
    """What a declaration says under its name."""
    if isinstance(node, syn.TypeDeclaration):
        return type_of(node.type)
    found = _doc(node, node.name.span)
    match node:
        case syn.Calendar():
            days = f"{node.first_day.text}..{node.last_day.text}"
            hours = scalar(node.opens, lambda spell: f"{spell(node.opens)}..{spell(node.closes)}")
            found.append(entry("zone", plain_text(node.zone), node.zone.span))
            found.append(entry("days", days, node.first_day.span.to(node.last_day.span)))
            found.append(entry("hours", hours, node.opens.span.to(node.closes.span)))
            if node.holidays is not None:
                found.append(entry("except", plain_text(node.holidays), node.holidays.span))
        case syn.Event():
            found.append(entry("carries", fields(node.payload.fields), node.payload.span))
            senders = node.senders[0].span.to(node.senders[-1].span)
            found.append(entry("from", _listed(node.senders), senders))
        case syn.Policy():
            found.append(entry("rego", plain_text(node.rego), node.rego.span))
            found.append(entry("query", plain_text(node.query), node.query.span))
        case syn.Service():
            found.append(entry("on queue", plain_text(node.queue), node.queue.span))
            items = Items(
                list(map(_operation, node.operations)), list(map(_place, node.operations))
            )
            found.append(entry("operations", items, Span("", node.queue.span.end, node.span.end)))
        case syn.Gate():
            found += _gate(node)
    return Map(found) if found else None


def _operation(node: syn.Operation) -> Map:
    head = [entry(node.kind, word(node.name.text), Span("", node.span.start, node.name.span.end))]
    head += _doc(node, node.name.span)
    if node.parameters:
        head.append(_takes(node.parameters))
    if node.result is not None:
        head.append(entry("gives", type_of(node.result), node.result.span))
    if node.wire_name is not None:
        head.append(entry("as", plain_text(node.wire_name), node.wire_name.span))
    found = [entry("timeout", node.timeout.text, node.timeout.span)]
    if node.heartbeat is not None:
        found.append(entry("heartbeat", node.heartbeat.text, node.heartbeat.span))
    if node.retry is not None:
        found.append(entry("retry", scalar(node.retry), node.retry.span))
    if node.needs is not None:
        found.append(entry("needs", scalar(node.needs), node.needs.span))
    if node.idempotent is not None:
        found.append(entry("idempotent", "true", node.idempotent))
    if node.undo is not None:
        undo = node.undo
        found.append(entry("undo", word(undo.operation.text), undo.operation.span))
        if undo.arguments:
            rest = Span("", undo.operation.span.end, undo.span.end)
            found.append(entry("with", arguments(undo.arguments), rest))
    return Map(head + _in_order(found))


def _takes(of: Sequence[syn.Field]) -> Entry:
    return entry("takes", fields(of), of[0].span.to(of[-1].span))


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: one.start)


def _gate(node: syn.Gate) -> list[Entry]:
    head = [_takes(node.parameters)] if node.parameters else []
    found: list[Entry] = []
    if node.title is not None:
        found.append(entry("title", text(node.title), node.title.span))
    many: tuple[tuple[str, Sequence[Node]], ...] = (
        ("releases", node.releases),
        ("decide", node.decide),
        ("veto", node.veto),
        ("apart", node.apart),
        ("amend", node.amend),
    )
    for name, nodes in many:
        if nodes:
            found.append(entry(name, _listed(nodes), nodes[0].span.to(nodes[-1].span)))
    for name, path in (
        ("waived by policy", node.waived_by),
        ("guarded by policy", node.guarded_by),
    ):
        if path is not None:
            found.append(entry(name, scalar(path), path.span))
    if node.initiator_may_decide is not None:
        found.append(entry("initiator may decide", "true", node.initiator_may_decide))
    if node.prove is not None:
        found.append(entry("prove", _prove(node.prove), node.prove.span))
    found.append(entry("clock", _clock(node.clock), node.clock.span))
    if node.lasts is not None:
        found.append(entry("lasts", scalar(node.lasts), node.lasts.span))
    return head + _in_order(found)


def _prove(node: syn.Prove) -> Out:
    place = _place(node)

    def one(at: int) -> Out:
        return scalar(node, lambda spell: spell.proofs(node)[at])

    count = sum(1 for each in (node.reason, node.assurance, node.login_within) if each is not None)
    return one(0) if count == 1 else Items([one(at) for at in range(count)], [place] * count)


def _clock(node: syn.Clock) -> Out:
    nodes: list[Node] = list(node.ticks)
    items = [scalar(one) for one in nodes]
    if node.calendar is not None:
        nodes.insert(0, node.calendar)
        items.insert(0, f"on {node.calendar.text}")
    return Items(items, [_place(one) for one in nodes])

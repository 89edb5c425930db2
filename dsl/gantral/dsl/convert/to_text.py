"""A tree to text form, line by line; the formatter then lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gantral.dsl import syntax as syn
from gantral.dsl.convert.remarks import Remarks
from gantral.dsl.convert.spell import Speller
from gantral.dsl.convert.text_statements import Line, block_lines
from gantral.dsl.format import format_text
from gantral.dsl.parse import ParseResult, parse
from gantral.dsl.span import Node

_SPELL = Speller()
Lines: TypeAlias = Iterator[Line]


def text_of(source: str, result: ParseResult) -> str:
    """A spec in text form, laid out, of what `parse_yaml` made of it. Its comments go above the
    line of what they stood at."""
    file = result.file
    if file is None:
        raise ValueError("a text with errors has no tree")
    remarks = Remarks(source, result.comments, ())
    out: list[str] = []
    for start, line in _file(file):
        if start >= 0:
            # A doc comment is what its key says, and no other comment becomes one.
            out += (f"# {one.lstrip('#').strip()}".rstrip() for one in remarks.above(start + 1))
        out.append(line)
    out += (f"# {one.lstrip('#').strip()}".rstrip() for one in remarks.rest())
    loose = "".join(f"{line}\n" for line in out)
    again = parse("", loose)
    if again.file is None:
        # What is nested too deep for one form can be written in the other.
        raise ValueError(again.diagnostics[0].message)
    return format_text(loose, again.file)


def _file(node: syn.File) -> Lines:
    for one in node.imports:
        yield one.span.start, f"import {_SPELL(one.path)} as {one.alias.text}"
    for each in node.declarations:
        yield from _declaration(each)


def _declaration(node: syn.Declaration) -> Lines:
    yield from _doc(node.span.start, node.doc)
    start, name = node.span.start, node.name.text
    match node:
        case syn.Workflow():
            yield from _workflow(node)
        case syn.TypeDeclaration():
            yield start, f"type {name} = {_SPELL(node.type)}"
        case syn.Role():
            yield start, f"role {name}"
        case syn.Assurance():
            yield start, f"assurance {name}"
        case syn.Event():
            senders = _SPELL.all(node.senders)
            yield start, f"event {name} {_SPELL(node.payload)} from {senders}"
        case syn.Calendar():
            yield start, f"calendar {name} {{ zone {_SPELL(node.zone)}"
            yield -1, f"days {node.first_day.text}..{node.last_day.text}"
            yield -1, f"hours {_SPELL(node.opens)}..{_SPELL(node.closes)}"
            if node.holidays is not None:
                yield -1, f"except {_SPELL(node.holidays)}"
            yield -1, "}"
        case syn.Policy():
            yield start, f"policy {name} = rego {_SPELL(node.rego)} query {_SPELL(node.query)}"
        case syn.Service():
            yield start, f"service {name} on queue {_SPELL(node.queue)} {{"
            for one in node.operations:
                yield from _operation(one)
            yield -1, "}"
        case syn.Gate():
            yield from _gate(node)


def _doc(start: int, doc: str) -> Lines:
    if doc:
        # Comments of before stand above it, so that it is right above what it speaks of.
        yield start, f"## {(lines := doc.split(chr(10)))[0]}".rstrip()
        yield from ((-1, f"## {line}".rstrip()) for line in lines[1:])


def _in_order(clauses: Sequence[tuple[Node | syn.Span, str]]) -> Lines:
    """Clauses by where they stand."""
    places = [(one.start if isinstance(one, syn.Span) else one.span.start) for one, _ in clauses]
    told = zip(places, (text for _, text in clauses), strict=True)
    yield from sorted(told, key=lambda one: one[0])


def _workflow(node: syn.Workflow) -> Lines:
    yield node.span.start, f"workflow {node.name.text} version {_SPELL(node.version)} {{"
    head: list[tuple[Node | syn.Span, str]] = [
        (node.team, f"team {node.team.text}"),
        (node.start_by[0], f"start by {_SPELL.all(node.start_by)}"),
    ]
    if node.once is not None:
        words = "one at a time per" if node.once.one_at_a_time else "once per"
        head.append((node.once, f"{words} {_SPELL.all(node.once.keys)}"))
    for word, record in (("input", node.input), ("output", node.output)):
        if record is not None:
            head.append((record, f"{word} {_SPELL(record)}"))
    parts = [(start, [(start, line)]) for start, line in _in_order(head)]
    parts += [(one.span.start, list(_declaration(one))) for one in node.declarations]
    parts.append((node.run.span.start, list(_block("run", node.run))))
    if node.on_failure is not None:
        block = list(_block("on failure", node.on_failure))
        parts.append((node.on_failure.span.start, block))
    for _, lines in sorted(parts, key=lambda one: one[0]):
        yield from lines
    yield -1, "}"


def _block(word: str, node: syn.Block) -> Lines:
    yield node.span.start, f"{word} {{"
    yield from block_lines(node)
    yield -1, "}"


def _operation(node: syn.Operation) -> Lines:
    yield from _doc(node.span.start, node.doc)
    result = "" if node.result is None else f" -> {_SPELL(node.result)}"
    wire = "" if node.wire_name is None else f" as {_SPELL(node.wire_name)}"
    head = f"{node.kind} {node.name.text}({_SPELL.all(node.parameters)}){result}{wire} {{"
    yield node.span.start, head
    clauses: list[tuple[Node | syn.Span, str]] = [(node.timeout, f"timeout {node.timeout.text}")]
    if node.heartbeat is not None:
        clauses.append((node.heartbeat, f"heartbeat {node.heartbeat.text}"))
    if node.retry is not None:
        clauses.append((node.retry, f"retry {_SPELL(node.retry)}"))
    if node.needs is not None:
        clauses.append((node.needs, f"needs {_SPELL(node.needs)}"))
    if node.idempotent is not None:
        clauses.append((node.idempotent, "idempotent"))
    if node.undo is not None:
        given = f"({_SPELL.all(node.undo.arguments)})"
        clauses.append((node.undo, f"undo {node.undo.operation.text}{given}"))
    yield from _in_order(clauses)
    yield -1, "}"


def _gate(node: syn.Gate) -> Lines:
    yield node.span.start, f"gate {node.name.text}({_SPELL.all(node.parameters)}) {{"
    found: list[tuple[Node | syn.Span, str]] = []
    if node.title is not None:
        found.append((node.title, f"title {_SPELL(node.title)}"))
    lists: tuple[tuple[str, Sequence[Node]], ...] = (
        ("releases", node.releases),
        ("veto", node.veto),
        ("apart", node.apart),
    )
    for word, nodes in lists:
        if nodes:
            found.append((nodes[0], f"{word} {_SPELL.all(nodes)}"))
    found += [(one, f"decide {_SPELL(one)}") for one in node.decide]
    found += [(one, f"amend {_SPELL(one)}") for one in node.amend]
    if node.waived_by is not None:
        found.append((node.waived_by, f"waived by policy {node.waived_by.text}"))
    if node.guarded_by is not None:
        found.append((node.guarded_by, f"guarded by policy {node.guarded_by.text}"))
    if node.initiator_may_decide is not None:
        found.append((node.initiator_may_decide, "initiator may decide"))
    if node.prove is not None:
        found.append((node.prove, f"prove {_SPELL(node.prove)}"))
    calendar = "" if node.clock.calendar is None else f"on {node.clock.calendar.text} "
    ticks = " ".join(map(_SPELL, node.clock.ticks))
    found.append((node.clock, f"clock {calendar}{{ {ticks} }}"))
    if node.lasts is not None:
        found.append((node.lasts, f"lasts {_SPELL(node.lasts)}"))
    yield from _in_order(found)
    yield -1, "}"

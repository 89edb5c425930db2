"""What a name is, in a few lines of the language and its own doc comment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from gantral.compiler.index.symbols import Shape, Symbol
from gantral.compiler.program import ForEach, ListType, Parallel, Program, Repeat, Run
from gantral.compiler.program.walk import bindings, loops
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Node, Span

GIVEN = {
    "input": "what the run was started with",
    "initiator": "the person who started the run",
    "instance": "this run: `instance.id`, `instance.started_at`",
    "failure": "why the run failed: `failure.cause`",
    "args": "the arguments of the call that is undone",
    "result": "what the call gave that is undone",
    "old": "the value that was proposed",
    "new": "the value that a vote puts in its place",
    "decision": "the decision itself: `deciders`, `at`, `reason`, `waived`; approved by nobody",
    "proposed": "the parameters before any amendment; approved by nobody",
    "deciders": "the persons who voted",
    "at": "when it was decided",
    "reason": "the reason that was given",
    "waived": "whether policy waived the gate",
    "cause": "what went wrong",
    "happened": '`"no"` or `"unknown"`',
    "id": "the id of this run",
    "started_at": "when this run started",
    "gate": "the gate that rejected",
}


@frozen
class Hover:
    """`code` is in the language, `doc` in words; either may be empty."""

    code: str
    doc: str


def binding_types(programs: Iterable[Program]) -> dict[Span, str]:
    """The type of each `let` of proved programs, in words, by where its name is bound."""
    found: dict[Span, str] = {}
    for program in programs:
        for one in bindings((*program.run, *program.on_failure)):
            value = one.value
            if isinstance(value, Run):
                found[one.binding] = f"how `{value.workflow}` ended"
                continue
            type_ = value.gives if isinstance(value, ForEach | Repeat | Parallel) else value.type
            if type_ is not None:
                found[one.binding] = describe(type_)
        for loop in loops((*program.run, *program.on_failure)):
            if isinstance(loop, ForEach) and isinstance(loop.items.type, ListType):
                found[loop.binding] = describe(loop.items.type.element)
    return found


def hover(symbol: Symbol, types: Mapping[Span, str]) -> Hover:
    """What to show of a symbol; `types` says the types of lets where they are known."""
    node, name = symbol.node, symbol.name
    if symbol.kind == "given":
        shown = _shape(symbol.shape)
        return Hover(f"{name}: {shown}" if shown else name, GIVEN.get(name, ""))
    if node is None:
        return Hover(name, "")
    doc = str(getattr(node, "doc", ""))
    match node:
        case syn.Gate():
            return Hover(_gate(symbol, node), doc)
        case syn.Operation():
            return Hover(_text(symbol, node), doc)
        case syn.Workflow():
            head = f'workflow {name} version "{node.version.value}"'
            team = "" if node.team is None else f"team {node.team.text}"
            parts = (node.input, node.output)
            said = [_text(symbol, part) for part in parts if part is not None]
            words = [word for word, part in zip(("input", "output"), parts, strict=True) if part]
            lines = [f"{word} {text}" for word, text in zip(words, said, strict=True)]
            return Hover("\n  ".join(line for line in (head, team, *lines) if line), doc)
        case syn.Service():
            heads = [operation_head(symbol, one) for one in node.operations]
            return Hover(
                "\n  ".join([f'service {name} on queue "{node.queue.value}"', *heads]), doc
            )
        case syn.Import():
            return Hover(_text(symbol, node), "")
        case syn.Field():
            return Hover(_text(symbol, node), "")
    if symbol.kind == "approval":
        return Hover(_line(symbol, node), "an approval: its fields are what was approved")
    if symbol.kind in ("let", "var", "element", "handler"):
        known = _shape(symbol.shape)
        if not known and symbol.span is not None:
            known = types.get(symbol.span, "")
        word = "" if symbol.kind in ("element", "handler") else f"{symbol.kind} "
        return Hover(f"{word}{name}: {known}" if known else f"{word}{name}", "")
    return Hover(_text(symbol, node), doc)


def operation_head(symbol: Symbol, one: syn.Operation) -> str:
    """An operation's signature on one line; `symbol` is of its file."""
    fields = ", ".join(_line(symbol, each) for each in one.parameters)
    result = "" if one.result is None else f" -> {_line(symbol, one.result)}"
    return f"{one.kind} {one.name.text}({fields}){result}"


def gate_head(symbol: Symbol, one: syn.Gate) -> str:
    """A gate's name and parameters on one line."""
    fields = ", ".join(_line(symbol, each) for each in one.parameters)
    return f"gate {one.name.text}({fields})"


def _gate(symbol: Symbol, one: syn.Gate) -> str:
    lines = [gate_head(symbol, one)]
    if one.releases:
        lines.append(f"releases {', '.join(_line(symbol, each) for each in one.releases)}")
    lines += [_line(symbol, each) for each in one.decide]
    if one.waived_by is not None:
        lines.append(f"waived by policy {one.waived_by.text}")
    if one.guarded_by is not None:
        lines.append(f"guarded by policy {one.guarded_by.text}")
    lines += [_line(symbol, each) for each in (one.clock, one.lasts) if each is not None]
    return "\n  ".join(lines)


def _shape(shape: Shape | None) -> str:
    if shape is None or shape.type is None:
        return ""
    return " ".join(shape.place.module.text[shape.type.span.start : shape.type.span.end].split())


def _line(symbol: Symbol, node: Node) -> str:
    """A node's own text on one line."""
    text = symbol.place.module.text[node.span.start : node.span.end]
    return " ".join(text.split())


def _text(symbol: Symbol, node: Node) -> str:
    """A node's own text, its lines as they are, set left."""
    text = symbol.place.module.text
    start = text.rfind("\n", 0, node.span.start) + 1
    before = text[start : node.span.start]
    indent = before if not before.strip() else ""
    return textwrap.dedent(indent + text[node.span.start : node.span.end]).strip()

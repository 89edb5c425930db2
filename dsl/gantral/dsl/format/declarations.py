"""Printing of files, workflows and declarations."""

from __future__ import annotations

from gantral.dsl.format.layout import HARD, LINE, WIDE, Doc, cat, group, nest
from gantral.dsl.format.printer import Print, Printer
from gantral.dsl.format.tape import LostError
from gantral.dsl.span import Node
from gantral.dsl.syntax import (
    Assurance,
    Calendar,
    Event,
    File,
    Gate,
    Import,
    Needs,
    Once,
    Operation,
    Policy,
    Retry,
    Role,
    Service,
    TypeDeclaration,
    UndoBy,
    Workflow,
)


def _file(p: Printer, node: File) -> Doc:
    parts: list[Doc] = []
    before: Node | None = None
    for item in (*node.imports, *node.declarations):
        apart = _stands_apart(item) or _stands_apart(before)
        after_imports = isinstance(before, Import) and not isinstance(item, Import)
        parts += [p.item_line(not parts, apart or after_imports), p.node(item)]
        before = item
    return cat(*parts, p.end_line(not parts))


def _stands_apart(node: Node | None) -> bool:
    return isinstance(node, (Gate, Workflow))


def _import(p: Printer, node: Import) -> Doc:
    path = cat(p.token("import"), " ", p.node(node.path))
    return cat(path, " ", p.token("as"), " ", p.node(node.alias))


# --- workflows --------------------------------------------------------------------------------


def _workflow(p: Printer, node: Workflow) -> Doc:
    head = cat(p.token("workflow"), " ", p.node(node.name), " ", p.token("version"), " ")
    head = cat(head, p.node(node.version), " ")
    opened = p.token("{")
    declarations = iter(node.declarations)
    inner: list[Doc] = []
    apart = False
    while p.tape.next != "}":
        before, apart = apart, p.tape.next in ("gate", "run", "on")
        inner.append(p.item_line(not inner, before or apart))
        item = _item(p, node)
        inner.append(p.node(next(declarations)) if item is None else item)
    return cat(head, p.closed(opened, inner))


def _item(p: Printer, node: Workflow) -> Doc | None:
    """What is no declaration of a workflow's items; they stay in their order."""
    word = p.tape.next
    first = p.tape.at
    if word == "team":
        return cat(p.token(), " ", p.node(node.team))
    if word == "start":
        return p.grouped(first, cat(p.words("start by"), " ", p.listed(node.start_by)))
    if word in ("once", "one") and node.once is not None:
        return p.node(node.once)
    if word == "input" and node.input is not None:
        # In one column with the record behind `output`.
        return cat(p.token(), "  " if node.output is not None else " ", p.node(node.input))
    if word == "output" and node.output is not None:
        return cat(p.token(), " ", p.node(node.output))
    if word == "run":
        return cat(p.token(), " ", p.block(node.run.statements))
    if word == "on" and node.on_failure is not None:
        return cat(p.words("on failure"), " ", p.block(node.on_failure.statements))
    return None


def _once(p: Printer, node: Once) -> Doc:
    first = p.tape.at
    words = p.words("one at a time per" if node.one_at_a_time else "once per")
    return p.grouped(first, cat(words, " ", p.listed(node.keys)))


# --- declarations -----------------------------------------------------------------------------


def _type(p: Printer, node: TypeDeclaration) -> Doc:
    head = cat(p.token("type"), " ", p.node(node.name), " ", p.token("="), " ")
    return cat(head, p.within(node.type, 0))


def _named(p: Printer, node: Role | Assurance) -> Doc:
    return cat(p.token("role", "assurance"), " ", p.node(node.name))


def _event(p: Printer, node: Event) -> Doc:
    head = cat(p.token("event"), " ", p.node(node.name), " ", p.node(node.payload), " ")
    first = p.tape.at
    return cat(head, p.grouped(first, cat(p.token("from"), " ", p.listed(node.senders))))


def _calendar(p: Printer, node: Calendar) -> Doc:
    first = p.tape.at
    head = cat(p.token("calendar"), " ", p.node(node.name), " ", p.token("{"))
    inner = [LINE, p.token("zone"), " ", p.node(node.zone)]
    inner += [WIDE, p.token("days"), " ", p.node(node.first_day)]
    inner += [p.token(".."), p.node(node.last_day)]
    inner += [WIDE, p.token("hours"), " ", p.node(node.opens), p.token(".."), p.node(node.closes)]
    if node.holidays is not None:
        inner += [WIDE, p.token("except"), " ", p.node(node.holidays)]
    inner.append(p.end_line(False))
    return p.grouped(first, cat(head, nest(*inner), LINE, p.token("}")))


def _policy(p: Printer, node: Policy) -> Doc:
    first = p.tape.at
    head = cat(p.token("policy"), " ", p.node(node.name), " ", p.token("="), " ")
    rego = cat(p.token("rego"), " ", p.node(node.rego))
    query = nest(LINE, p.token("query"), " ", p.node(node.query))
    return p.grouped(first, cat(head, rego, query))


def _service(p: Printer, node: Service) -> Doc:
    head = cat(p.token("service"), " ", p.node(node.name), " ", p.words("on queue"), " ")
    return cat(head, p.node(node.queue), " ", p.block(node.operations))


# --- operations -------------------------------------------------------------------------------


def _operation(p: Printer, node: Operation) -> Doc:
    first = p.tape.at
    parts = [p.words(node.kind), " ", p.node(node.name), p.bracketed("()", node.parameters)]
    if node.result is not None:
        parts += [" ", p.token("->"), " ", p.within(node.result, 0)]
    if node.wire_name is not None:
        parts += [" ", p.token("as"), " ", p.node(node.wire_name)]
    parts += [" ", p.token("{")]
    inner: list[Doc] = []
    before = ""
    long = node.needs is not None or node.undo is not None
    while p.tape.next != "}":
        word = p.tape.next
        if not inner:
            inner.append(HARD if long else LINE)
        elif {word, before} & {"needs", "undo"}:
            inner.append(HARD)
        else:
            # The short settings share a line.
            inner.append(group(WIDE))
        inner.append(_setting(p, node, word))
        before = word
    inner.append(p.end_line(False))
    edge = HARD if long else LINE
    return p.grouped(first, cat(*parts, nest(*inner), edge, p.token("}")))


def _setting(p: Printer, node: Operation, word: str) -> Doc:
    if word == "timeout":
        return cat(p.token(), " ", p.node(node.timeout))
    if word == "heartbeat" and node.heartbeat is not None:
        return cat(p.token(), " ", p.node(node.heartbeat))
    if word == "idempotent":
        return p.token()
    if word == "retry" and node.retry is not None:
        return p.node(node.retry)
    if word == "needs" and node.needs is not None:
        return p.node(node.needs)
    if word == "undo" and node.undo is not None:
        return p.node(node.undo)
    raise LostError(f"no setting of an operation begins with {word!r}")


def _retry(p: Printer, node: Retry) -> Doc:
    parts = [p.token("retry"), " ", p.node(node.times)]
    if node.every is not None:
        parts += [" ", p.token("every"), " ", p.node(node.every)]
    if node.up_to is not None:
        parts += [" ", p.words("up to"), " ", p.node(node.up_to)]
    return cat(*parts)


def _needs(p: Printer, node: Needs) -> Doc:
    first = p.tape.at
    parts = [p.token("needs"), " ", p.within(node.formula, 0)]
    if node.initiator_may_decide:
        parts += [p.comma(), nest(LINE, p.words("initiator may decide"))]
    return p.grouped(first, cat(*parts))


def _undo_by(p: Printer, node: UndoBy) -> Doc:
    word = cat(p.token("undo"), " ", p.node(node.operation))
    return cat(word, p.bracketed("()", node.arguments)) if p.tape.next == "(" else word


PRINTERS: dict[type[Node], Print] = {
    File: _file,
    Import: _import,
    Workflow: _workflow,
    Once: _once,
    TypeDeclaration: _type,
    **dict.fromkeys((Role, Assurance), _named),
    Event: _event,
    Calendar: _calendar,
    Policy: _policy,
    Service: _service,
    Operation: _operation,
    Retry: _retry,
    Needs: _needs,
    UndoBy: _undo_by,
}

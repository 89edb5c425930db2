"""Declarations and files from what the parser reduced."""

from __future__ import annotations

from typing import Any

from gantral.dsl.build import (
    Builder,
    Clauses,
    Context,
    Part,
    all_of,
    duration,
    first_of,
    ident,
    integer,
    part,
)
from gantral.dsl.build_gates import BUILDERS as GATES
from gantral.dsl.build_statements import every
from gantral.dsl.build_text import plain
from gantral.dsl.span import Span
from gantral.dsl.syntax import (
    Assurance,
    Calendar,
    Event,
    Field,
    File,
    Import,
    Needs,
    Once,
    Operation,
    Policy,
    RecordType,
    Retry,
    Role,
    Service,
    Time,
    TypeDeclaration,
    UndoBy,
    Workflow,
)
from gantral.grammar.lexer import Token


def _import(context: Context, span: Span, kids: list[Any]) -> Import:
    return Import(span, plain(context, kids[0]), ident(context, kids[1]))


def _type(context: Context, span: Span, kids: list[Any]) -> TypeDeclaration:
    return TypeDeclaration(span, ident(context, kids[0]), kids[1], context.doc(span))


def _event(context: Context, span: Span, kids: list[Any]) -> Event:
    return Event(span, ident(context, kids[0]), kids[1], tuple(kids[2:]), context.doc(span))


def _time(context: Context, token: Token) -> Time:
    span = context.span(token.start, token.end)
    hours, minutes = int(token.text[:2]), int(token.text[3:])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        context.error("G0114", span, f"`{token.text}` is no time of day", "write 00:00 to 24:00")
    return Time(span, hours * 60 + minutes)


def _calendar(context: Context, span: Span, kids: list[Any]) -> Calendar:
    name, zone, first, last, opens, closes, *rest = kids
    return Calendar(
        span,
        ident(context, name),
        plain(context, zone),
        ident(context, first),
        ident(context, last),
        _time(context, opens),
        _time(context, closes),
        plain(context, rest[0].items[0]) if rest else None,
        context.doc(span),
    )


def _policy(context: Context, span: Span, kids: list[Any]) -> Policy:
    name, rego, query = kids
    return Policy(
        span,
        ident(context, name),
        plain(context, rego),
        plain(context, query),
        context.doc(span),
    )


def _service(context: Context, span: Span, kids: list[Any]) -> Service:
    name, queue, *operations = kids
    return Service(
        span, ident(context, name), plain(context, queue), tuple(operations), context.doc(span)
    )


def _operation(context: Context, span: Span, kids: list[Any]) -> Operation:
    kind, name, params, *rest = kids
    result, wire, block = part(rest, "result_type"), part(rest, "wire_name"), part(rest, "op_block")
    at = context.span(name.start, name.end)
    owner = f"the operation `{name.text}`"
    clauses = Clauses(context, span, owner, [] if block is None else block.items)
    timeout = clauses.need("timeout", "timeout 10s", at)
    heartbeat = clauses.one("heartbeat")
    retry, needs = clauses.one("retry"), clauses.one("needs")
    idempotent, undo = clauses.one("idempotent"), clauses.one("undo_by")
    given: Any = None if timeout is None else duration(context, timeout.items[0])
    return Operation(
        span,
        kind,
        ident(context, name),
        tuple(params.items),
        None if result is None else result.items[0],
        None if wire is None else plain(context, wire.items[0]),
        given,
        None if heartbeat is None else duration(context, heartbeat.items[0]),
        None if retry is None else _retry(context, retry),
        None if needs is None else Needs(needs.span, needs.items[0], len(needs.items) > 1),
        None if idempotent is None else idempotent.span,
        None if undo is None else _undo(context, undo),
        context.doc(span),
    )


def _retry(context: Context, clause: Part) -> Retry:
    up_to = part(clause.items, "up_to")
    return Retry(
        clause.span,
        integer(context, clause.items[0]),
        every(context, clause.items),
        None if up_to is None else duration(context, up_to.items[0]),
    )


def _undo(context: Context, clause: Part) -> UndoBy:
    arguments = part(clause.items, "named_arguments")
    return UndoBy(
        clause.span,
        ident(context, clause.items[0]),
        () if arguments is None else tuple(arguments.items),
    )


def _workflow(context: Context, span: Span, kids: list[Any]) -> Workflow:
    name, version, *items = kids
    at = context.span(name.start, name.end)
    clauses = Clauses(context, span, f"the workflow `{name.text}`", items)
    team: Any = clauses.need("team", "team <the owning team>", at)
    start = clauses.need("start_by", "start by <role>", at)
    once = clauses.one("once", "one_at_a_time")
    input_, output = clauses.one("input_"), clauses.one("output_")
    run: Any = clauses.need("run", "run { … }", at)
    failure = clauses.one("on_failure")
    return Workflow(
        span,
        ident(context, name),
        plain(context, version),
        team and ident(context, team.items[0]),
        () if start is None else tuple(start.items),
        None if once is None else Once(once.span, once.name == "one_at_a_time", tuple(once.items)),
        None if input_ is None else first_of(input_.items, RecordType),
        None if output is None else first_of(output.items, RecordType),
        tuple(item for item in items if not isinstance(item, Part)),
        run and run.items[0],
        None if failure is None else failure.items[0],
        context.doc(span),
    )


def _params(context: Context, span: Span, kids: list[Any]) -> Part:
    return Part("params", span, list(all_of(kids, Field)))


def _file(context: Context, span: Span, kids: list[Any]) -> File:
    imports = all_of(kids, Import)
    whole = context.span(0, len(context.text))
    return File(whole, imports, tuple(kids[len(imports) :]))


BUILDERS: dict[str, Builder] = {
    **GATES,
    "start": _file,
    "import_": _import,
    "type_decl": _type,
    "role": lambda context, span, kids: Role(span, ident(context, kids[0]), context.doc(span)),
    "assurance": lambda context, span, kids: Assurance(
        span, ident(context, kids[0]), context.doc(span)
    ),
    "event": _event,
    "calendar": _calendar,
    "policy": _policy,
    "service": _service,
    "operation": _operation,
    "op_kind": lambda context, span, kids: " ".join(kid.text for kid in kids),
    "params": _params,
    "workflow": _workflow,
}

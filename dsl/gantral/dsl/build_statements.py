"""Statements from what the parser reduced."""

from __future__ import annotations

from typing import Any

from gantral.dsl.build import (
    Builder,
    Context,
    Part,
    all_of,
    duration,
    first_of,
    ident,
    integer,
    part,
)
from gantral.dsl.build_expressions import named
from gantral.dsl.build_text import plain
from gantral.dsl.span import Span
from gantral.dsl.syntax import (
    Ask,
    Block,
    Branch,
    Case,
    Collect,
    Complete,
    Duration,
    ElsePattern,
    EnumPattern,
    ForEach,
    Give,
    Handler,
    Identifier,
    If,
    Let,
    Match,
    OutcomePattern,
    Parallel,
    Repeat,
    Require,
    RunWorkflow,
    ServiceCall,
    Set,
    Sleep,
    Terminate,
    Undo,
    Var,
    Wait,
    WaitCase,
)


def _let(context: Context, span: Span, kids: list[Any]) -> Let:
    of_type = part(kids, "of_type")
    after = kids[0].end if of_type is None else of_type.span.end
    context.same_line("let", after, kids[-1])
    type_ = None if of_type is None else of_type.items[0]
    return Let(span, ident(context, kids[0]), type_, kids[-1])


def _var(context: Context, span: Span, kids: list[Any]) -> Var:
    context.same_line("var", kids[1].span.end, kids[2])
    return Var(span, ident(context, kids[0]), kids[1].items[0], kids[2])


def _set(context: Context, span: Span, kids: list[Any]) -> Set:
    context.same_line("set", kids[0].end, kids[1])
    return Set(span, ident(context, kids[0]), kids[1])


def _valued(word: str, kind: type[Collect] | type[Give] | type[Terminate]) -> Builder:
    def build(context: Context, span: Span, kids: list[Any]) -> Any:
        context.same_line(word, span.start, kids[0])
        return kind(span, kids[0])

    return build


def _complete(context: Context, span: Span, kids: list[Any]) -> Complete:
    if kids:
        context.same_line("complete", span.start, kids[0])
    return Complete(span, kids[0] if kids else None)


def _names(context: Context, kids: list[Any]) -> tuple[Identifier, ...]:
    under = part(kids, "under")
    return () if under is None else tuple(ident(context, kid) for kid in under.items)


def _call_statement(context: Context, span: Span, kids: list[Any]) -> ServiceCall:
    path, arguments = kids[0], kids[1]
    if len(path.parts) == 1:
        context.error(
            "G0115",
            path.span,
            f"`{path.text}` is no operation of a service, and only that is called as a statement",
            "write `service.operation(…)`",
        )
    given = named(context, span, tuple(arguments.items))
    return ServiceCall(span, path, given, _names(context, kids), first_of(kids, Handler))


def _acted(context: Context, span: Span, kids: list[Any]) -> Any:
    call = kids[0]
    if not isinstance(call, ServiceCall):
        context.error(
            "G0115",
            call.span,
            "only a call of a service's operation takes `under` or a handler",
            "write `service.operation(…)`",
        )
        return call
    return ServiceCall(
        span, call.operation, call.arguments, _names(context, kids), first_of(kids, Handler)
    )


def _as_name(context: Context, kids: list[Any]) -> Identifier | None:
    found = part(kids, "as_name")
    return None if found is None else ident(context, found.items[0])


def _handler(context: Context, span: Span, kids: list[Any]) -> Handler:
    return Handler(span, _as_name(context, kids), kids[-1])


def _ask(context: Context, span: Span, kids: list[Any]) -> Ask:
    only_if = part(kids, "only_if")
    condition = None if only_if is None else only_if.items[0]
    return Ask(span, kids[0], tuple(kids[1].items), condition)


def _if(context: Context, span: Span, kids: list[Any]) -> If:
    otherwise = part(kids, "otherwise")
    return If(span, kids[0], kids[1], None if otherwise is None else otherwise.items[0])


def _outcome(context: Context, span: Span, kids: list[Any]) -> OutcomePattern:
    return OutcomePattern(span, ident(context, kids[0]), _as_name(context, kids))


def every(context: Context, kids: list[Any]) -> Duration | None:
    """The duration after `every`."""
    found = part(kids, "every")
    return None if found is None else duration(context, found.items[0])


def _repeat(context: Context, span: Span, kids: list[Any]) -> Repeat:
    body, otherwise = all_of(kids, Block)
    return Repeat(span, integer(context, kids[0]), every(context, kids), body, otherwise)


def _for_each(context: Context, span: Span, kids: list[Any]) -> ForEach:
    name, items, most, body = kids
    return ForEach(span, ident(context, name), items, integer(context, most), body)


def _wait_one(context: Context, span: Span, kids: list[Any]) -> Wait:
    case = WaitCase(kids[0].span, kids[0], None, None)
    return Wait(span, (case,), kids[1], kids[2])


def _wait_case(context: Context, span: Span, kids: list[Any]) -> WaitCase:
    return WaitCase(span, kids[0], _as_name(context, kids), kids[-1])


def _block(context: Context, span: Span, kids: list[Any]) -> Block:
    return Block(span, tuple(kid for kid in kids if not isinstance(kid, Part)))


BUILDERS: dict[str, Builder] = {
    "block": _block,
    "let": _let,
    "var": _var,
    "set": _set,
    "undo": lambda context, span, kids: Undo(span, ident(context, kids[0])),
    "collect": _valued("collect", Collect),
    "give": _valued("give", Give),
    "terminate": _valued("terminate", Terminate),
    "complete": _complete,
    "acted": _acted,
    "handler": _handler,
    "call_statement": _call_statement,
    "ask": _ask,
    "child": lambda context, span, kids: RunWorkflow(span, kids[0], tuple(kids[1].items)),
    "if_": _if,
    "match": lambda context, span, kids: Match(span, kids[0], tuple(kids[1:])),
    "case": lambda context, span, kids: Case(span, kids[0], kids[1]),
    "enum_pattern": lambda context, span, kids: EnumPattern(
        span, tuple(plain(context, kid) for kid in kids)
    ),
    "outcome_pattern": _outcome,
    "else_pattern": lambda context, span, kids: ElsePattern(span),
    "for_each": _for_each,
    "repeat": _repeat,
    "parallel": lambda context, span, kids: Parallel(span, tuple(kids)),
    "branch": lambda context, span, kids: Branch(span, ident(context, kids[0]), kids[1]),
    "wait_one": _wait_one,
    "wait_many": lambda context, span, kids: Wait(span, tuple(kids[:-2]), kids[-2], kids[-1]),
    "wait_case": _wait_case,
    "sleep_for": lambda context, span, kids: Sleep(span, kids[0], False),
    "sleep_until": lambda context, span, kids: Sleep(span, kids[0], True),
    "require": lambda context, span, kids: Require(span, kids[0], kids[1]),
}

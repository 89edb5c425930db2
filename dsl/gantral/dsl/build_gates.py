"""Gates and their clauses from what the parser reduced."""

from __future__ import annotations

from typing import Any

from gantral.dsl.build import Builder, Clauses, Context, Part, duration, ident, integer, part
from gantral.dsl.build_text import text
from gantral.dsl.span import Span
from gantral.dsl.syntax import (
    Actor,
    Actors,
    AllOf,
    Amend,
    AnyOf,
    AtLeast,
    Clock,
    Decide,
    DecidersOf,
    Field,
    FlowAcross,
    Gate,
    Lasts,
    Prove,
    Reject,
    Release,
    Remind,
    RolePrincipal,
    Weight,
    Weighted,
    Widen,
)
from gantral.grammar.lexer import RESERVED

# LANGUAGE section 2.
_NO_PARAMETER = RESERVED | {"old", "new", "decision"}


def _gate(context: Context, span: Span, kids: list[Any]) -> Gate:
    name, params, *items = kids
    at = context.span(name.start, name.end)
    _parameters(context, params.items)
    clauses = Clauses(context, span, f"the gate `{name.text}`", items)
    title, releases = clauses.one("title"), clauses.one("releases")
    decide = clauses.many("decide")
    if not decide:
        clauses.missing("decide 1 of <role>", at)
    waived, guarded = clauses.one("waived"), clauses.one("guarded")
    initiator, veto, apart = (clauses.one(word) for word in ("initiator_may", "veto", "apart"))
    prove, lasts = clauses.one("prove"), clauses.one("lasts")
    clock: Any = clauses.need("clock", "clock { after 72h reject }", at)
    return Gate(
        span,
        ident(context, name),
        tuple(params.items),
        None if title is None else text(context, title.items[0]),
        () if releases is None else tuple(releases.items),
        tuple(_decide(one) for one in decide),
        None if waived is None else waived.items[0],
        None if guarded is None else guarded.items[0],
        None if initiator is None else initiator.span,
        () if veto is None else tuple(veto.items),
        () if apart is None else tuple(apart.items),
        tuple(Amend(one.span, *one.items) for one in clauses.many("amend")),
        None if prove is None else _prove(context, prove),
        clock and _clock(clock),
        None if lasts is None else _lasts(context, lasts),
        context.doc(span),
    )


def _parameters(context: Context, fields: list[Field]) -> None:
    for one in fields:
        if one.name.text in _NO_PARAMETER:
            context.error(
                "G0111",
                one.name.span,
                f"a parameter of a gate can't be named `{one.name.text}`",
                "the word has a meaning of its own in a gate: take another name",
            )


def _decide(clause: Part) -> Decide:
    when = part(clause.items, "when")
    return Decide(clause.span, clause.items[0], None if when is None else when.items[0])


def _prove(context: Context, clause: Part) -> Prove:
    clauses = Clauses(context, clause.span, "`prove`", clause.items)
    reason, login = clauses.one("reason"), clauses.one("login_within")
    assurance = clauses.one("proof_assurance")
    bounds = None if reason is None else part(reason.items, "refinements")
    return Prove(
        clause.span,
        None if reason is None else reason.span,
        () if bounds is None else tuple(bounds.items),
        None if assurance is None else assurance.items[0],
        None if login is None else duration(context, login.items[0]),
    )


def _clock(clause: Part) -> Clock:
    calendar = part(clause.items, "on_calendar")
    ticks = tuple(one for one in clause.items if not isinstance(one, Part))
    return Clock(clause.span, None if calendar is None else calendar.items[0], ticks)


def _lasts(context: Context, clause: Part) -> Lasts:
    length = duration(context, clause.items[0])
    uses = part(clause.items, "uses")
    if uses is None:
        return Lasts(clause.span, length, None, False)
    count = integer(context, uses.items[0])
    return Lasts(clause.span, length, count, part(uses.items, "alike") is not None)


def _widen(context: Context, span: Span, kids: list[Any]) -> Widen:
    after, narrow, wide = kids
    return Widen(span, duration(context, after), tuple(narrow.items), tuple(wide.items))


def _at_least(context: Context, span: Span, kids: list[Any]) -> AtLeast:
    return AtLeast(span, integer(context, kids[0]), tuple(kids[1].items))


BUILDERS: dict[str, Builder] = {
    "gate": _gate,
    "release": lambda context, span, kids: Release(span, kids[0], tuple(kids[1:])),
    "flow_across": lambda context, span, kids: FlowAcross(span, ident(context, kids[0]), kids[1]),
    "any_of": lambda context, span, kids: AnyOf(span, tuple(kids)),
    "all_of": lambda context, span, kids: AllOf(span, tuple(kids)),
    "at_least": _at_least,
    "weighted": lambda context, span, kids: Weighted(
        span, integer(context, kids[0]), tuple(kids[1:])
    ),
    "weight": lambda context, span, kids: Weight(span, kids[0], integer(context, kids[1])),
    "role_principal": lambda context, span, kids: RolePrincipal(span, kids[0]),
    "actor": lambda context, span, kids: Actor(span, kids[0]),
    "actors": lambda context, span, kids: Actors(span, kids[0]),
    "deciders_of": lambda context, span, kids: DecidersOf(span, kids[0]),
    "remind": lambda context, span, kids: Remind(span, duration(context, kids[0])),
    "reject": lambda context, span, kids: Reject(span, duration(context, kids[0])),
    "widen": _widen,
}

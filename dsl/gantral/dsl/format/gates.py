"""Printing of gates: their clauses, and who decides."""

from __future__ import annotations

from gantral.dsl.format.expressions import value
from gantral.dsl.format.layout import LINE, WIDE, Doc, cat, nest
from gantral.dsl.format.printer import Print, Printer
from gantral.dsl.format.tape import LostError
from gantral.dsl.span import Node
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

# What the words of the clauses of a gate are filled up to, so that what they say is in one column.
_COLUMN = len("releases ")


def level(node: Node) -> int:
    """How tightly a formula binds."""
    return 0 if isinstance(node, AnyOf) else 1 if isinstance(node, AllOf) else 2


def _gate(p: Printer, node: Gate) -> Doc:
    head = cat(p.token("gate"), " ", p.node(node.name), p.bracketed("()", node.parameters), " ")
    opened = p.token("{")
    decide, amend = iter(node.decide), iter(node.amend)
    inner: list[Doc] = []
    while p.tape.next != "}":
        inner.append(p.item_line(not inner))
        word = p.tape.next
        if word == "decide":
            inner.append(p.node(next(decide)))
        elif word == "amend":
            inner.append(p.node(next(amend)))
        else:
            inner.append(_clause(p, node, word))
    return cat(head, p.closed(opened, inner))


def _clause(p: Printer, node: Gate, word: str) -> Doc:
    if word == "initiator":
        return p.words("initiator may decide")
    if word == "clock":
        return p.node(node.clock)
    first = p.tape.at
    if word == "title" and node.title is not None:
        return cat(_clause_word(p), p.node(node.title))
    if word == "releases":
        return p.grouped(first, cat(_clause_word(p), p.listed(node.releases)))
    if word == "waived" and node.waived_by is not None:
        return cat(_clause_word(p), p.words("by policy"), " ", p.node(node.waived_by))
    if word == "guarded" and node.guarded_by is not None:
        return cat(_clause_word(p), p.words("by policy"), " ", p.node(node.guarded_by))
    if word == "veto":
        return p.grouped(first, cat(_clause_word(p), p.listed(node.veto)))
    if word == "apart":
        return p.grouped(first, cat(_clause_word(p), p.listed(node.apart)))
    if word == "prove" and node.prove is not None:
        return p.node(node.prove)
    if word == "lasts" and node.lasts is not None:
        return p.node(node.lasts)
    raise LostError(f"no clause of a gate begins with {word!r}")


def _clause_word(p: Printer) -> Doc:
    gap = " " * (_COLUMN - len(p.tape.next))
    return cat(p.token(), gap)


def _release(p: Printer, node: Release) -> Doc:
    operation = p.node(node.operation)
    if not node.flows:
        return operation
    return cat(operation, p.bracketed("()", node.flows, comma=False))


def _flow_across(p: Printer, node: FlowAcross) -> Doc:
    return cat(p.node(node.argument), " ", p.token("from"), " ", p.node(node.operation))


def _decide(p: Printer, node: Decide) -> Doc:
    first = p.tape.at
    parts: list[Doc] = [_clause_word(p), nest(p.within(node.formula, 0))]
    if node.condition is not None:
        parts.append(nest(LINE, p.token("when"), " ", value(p, node.condition)))
    return p.grouped(first, cat(*parts))


def _amend(p: Printer, node: Amend) -> Doc:
    first = p.tape.at
    field = cat(_clause_word(p), p.node(node.path))
    condition = nest(LINE, p.token("where"), " ", value(p, node.condition))
    return p.grouped(first, cat(field, condition))


def _prove(p: Printer, node: Prove) -> Doc:
    first = p.tape.at
    parts = [_clause_word(p), _proof(p, node)]
    while p.tape.next == ",":
        parts.append(nest(p.comma(), LINE, _proof(p, node)))
    return p.grouped(first, cat(*parts))


def _proof(p: Printer, node: Prove) -> Doc:
    if p.tape.next == "reason":
        bounds = node.reason_refinements
        return cat(p.token(), p.bracketed("()", bounds) if bounds else "")
    if p.tape.next == "assurance" and node.assurance is not None:
        return cat(p.token(), " ", p.node(node.assurance))
    if node.login_within is None:
        raise LostError(f"no proof begins with {p.tape.next!r}")
    return cat(p.words("login within"), " ", p.node(node.login_within))


def _clock(p: Printer, node: Clock) -> Doc:
    first = p.tape.at
    parts = [_clause_word(p)]
    if node.calendar is not None:
        parts += [p.token("on"), " ", p.node(node.calendar), " "]
    opened = p.token("{")
    ticks: list[Doc] = []
    for tick in node.ticks:
        ticks += [WIDE if ticks else LINE, p.node(tick)]
    inner = nest(*ticks, p.end_line(False))
    return p.grouped(first, cat(*parts, opened, inner, LINE, p.token("}")))


def _after(p: Printer, node: Remind | Reject) -> Doc:
    word = "remind" if isinstance(node, Remind) else "reject"
    return cat(p.token("after"), " ", p.node(node.after), " ", p.token(word))


def _widen(p: Printer, node: Widen) -> Doc:
    head = cat(p.token("after"), " ", p.node(node.after), " ", p.token("widen"), " ")
    narrow = _any_of_them(p, node.narrow)
    first = p.tape.at
    wide = p.grouped(first, cat(p.token("to"), " ", p.listed(node.wide)))
    return cat(head, narrow, " ", wide)


def _lasts(p: Printer, node: Lasts) -> Doc:
    parts = [_clause_word(p), p.node(node.duration)]
    if node.uses is not None:
        parts += [p.comma(), " ", p.token("uses"), " ", p.node(node.uses)]
        parts += [" ", p.token("alike")] if node.alike else []
    return cat(*parts)


# --- who --------------------------------------------------------------------------------------


def _any_of_them(p: Printer, principals: tuple[Node, ...]) -> Doc:
    return p.bracketed("[]", principals) if p.tape.next == "[" else p.node(principals[0])


def _at_least(p: Printer, node: AtLeast) -> Doc:
    return cat(p.node(node.count), " ", p.token("of"), " ", _any_of_them(p, node.group))


def _weighted(p: Printer, node: Weighted) -> Doc:
    head = cat(p.node(node.points), " ", p.words("points of"), " ")
    return cat(head, p.bracketed("{}", node.weights, pad=" "))


def _weight(p: Printer, node: Weight) -> Doc:
    return cat(p.node(node.principal), p.token(":"), " ", p.node(node.points))


def _joined(p: Printer, node: AllOf | AnyOf) -> Doc:
    first = p.tape.at
    inner = level(node) + 1
    parts = [p.within(node.parts[0], inner)]
    for part in node.parts[1:]:
        parts += [LINE, p.token("and", "or"), " ", p.within(part, inner)]
    return p.grouped(first, nest(*parts))


def _role(p: Printer, node: RolePrincipal) -> Doc:
    return p.node(node.path)


def _actor(p: Printer, node: Actor | Actors) -> Doc:
    return cat(p.token("actor", "actors"), " ", p.node(node.path))


def _deciders_of(p: Printer, node: DecidersOf) -> Doc:
    return cat(p.words("deciders of"), " ", p.node(node.gate))


PRINTERS: dict[type[Node], Print] = {
    Gate: _gate,
    Release: _release,
    FlowAcross: _flow_across,
    Decide: _decide,
    Amend: _amend,
    Prove: _prove,
    Clock: _clock,
    **dict.fromkeys((Remind, Reject), _after),
    Widen: _widen,
    Lasts: _lasts,
    AtLeast: _at_least,
    Weighted: _weighted,
    Weight: _weight,
    **dict.fromkeys((AllOf, AnyOf), _joined),
    RolePrincipal: _role,
    **dict.fromkeys((Actor, Actors), _actor),
    DecidersOf: _deciders_of,
}

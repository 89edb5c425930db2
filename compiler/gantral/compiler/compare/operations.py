"""The operations and policies that both versions have: what each is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

from gantral.compiler.compare.formulas import implies
from gantral.compiler.compare.report import Finding, Sides
from gantral.compiler.compare.types import missing, no_wider
from gantral.compiler.digest import meaning
from gantral.compiler.phrases import formula
from gantral.compiler.program import Needs, Operation, Program
from gantral.dsl.span import Span

Rule = Callable[[Operation, Operation], "tuple[Finding, ...]"]

# How much a kind asks of whoever calls it (LANGUAGE section 5).
_ASKS = {"read": 0, "notify": 0, "effect": 1, "critical effect": 2}


def operations(old: Program, new: Program) -> Iterator[Finding]:
    """What differs in the operations of both. What only one has is told at its calls."""
    for key in sorted(old.operations.keys() & new.operations.keys()):
        was, now = old.operations[key], new.operations[key]
        for one in fields(Operation):
            before, after = getattr(was, one.name), getattr(now, one.name)
            if isinstance(before, Span) or meaning(before) == meaning(after):
                continue
            if one.name not in RULES:
                # A clause that came later than this comparison: nothing is known of it.
                yield from _sides(was, now, f"`{one.name}`").judged(False, False)
                continue
            rule = RULES[one.name]
            if rule is not None:
                yield from rule(was, now)


def policies(
    old: Program, new: Program, old_texts: Mapping[str, str], new_texts: Mapping[str, str]
) -> Iterator[Finding]:
    """The policies of both: no policy is shown to be stricter than another."""
    for name in sorted(old.policies.keys() & new.policies.keys()):
        was, now = old.policies[name], new.policies[name]
        sides = Sides(f"policy {name}", "it", "", "", was.span, now.span)
        if meaning(was) != meaning(now) or old_texts.get(name) != new_texts.get(name):
            yield from sides.judged(False, False)


def _sides(old: Operation, new: Operation, what: str, was: str = "", now: str = "") -> Sides:
    return Sides(f"{new.kind} {new.key}", what, was, now, old.span, new.span)


def _kind(old: Operation, new: Operation) -> tuple[Finding, ...]:
    return _sides(old, new, "its kind", old.kind, new.kind).judged(
        _ASKS[new.kind] >= _ASKS[old.kind], _ASKS[old.kind] >= _ASKS[new.kind]
    )


def _queue(old: Operation, new: Operation) -> tuple[Finding, ...]:
    return _sides(old, new, "its queue").judged(
        False, False, unclear="is another: others may carry it out"
    )


def _activity(old: Operation, new: Operation) -> tuple[Finding, ...]:
    return _sides(old, new, "its activity").judged(
        False, False, unclear="is another: others may carry it out"
    )


def _parameters(old: Operation, new: Operation) -> tuple[Finding, ...]:
    # A parameter that only one has is told where it is given; a field inside of one is not.
    for one, other in ((old, new), (new, old)):
        if any("." in path for path in missing(one.parameters, other.parameters)):
            unclear = "has other fields"
            return _sides(old, new, "what it takes").judged(False, False, unclear=unclear)
    return _sides(old, new, "the type of what it takes").judged(
        no_wider(new.parameters, old.parameters),
        no_wider(old.parameters, new.parameters),
        less="lets more in",
        more="lets less in",
    )


def _result(old: Operation, new: Operation) -> tuple[Finding, ...]:
    if old.result is None or new.result is None:
        # Nothing reads what is not there.
        return _sides(old, new, "its result").note()
    return _sides(old, new, "the type of its result").judged(
        no_wider(new.result, old.result),
        no_wider(old.result, new.result),
        less="lets more in",
        more="lets less in",
    )


def _undo(old: Operation, new: Operation) -> tuple[Finding, ...]:
    # An undo acts by the approval of its effect: a new or another one is a new act under it.
    places = (old.undo.span if old.undo else old.span, new.undo.span if new.undo else new.span)
    was, now = (f"`{one.undo.operation}`" if one.undo else "none" for one in (old, new))
    sides = Sides(f"{new.kind} {new.key}", "its `undo`", was, now, *places)
    if new.undo is None:
        # Fewer acts, and what is done stands for good: neither more authority nor less.
        return sides.note()
    return sides.judged(False, old.undo is None, less="is new", unclear="is another")


def _needs(old: Operation, new: Operation) -> tuple[Finding, ...]:
    spans = (old.needs.span if old.needs else old.span, new.needs.span if new.needs else new.span)
    was, now = (f"`{formula(one.needs.formula)}`" if one.needs else "none" for one in (old, new))
    return Sides(f"{new.kind} {new.key}", "its `needs`", was, now, *spans).judged(
        _at_least(new.needs, old.needs),
        _at_least(old.needs, new.needs),
        less="is lower",
        more="is higher",
    )


def _at_least(one: Needs | None, other: Needs | None) -> bool:
    if other is None:
        return True
    return (
        one is not None
        and (other.initiator_may_decide or not one.initiator_may_decide)
        and implies(one.formula, other.formula)
    )


def _note(what: str) -> Rule:
    return lambda old, new: _sides(old, new, what).note()


# A rule for each clause; None: it is told elsewhere, or says nothing of authority. More attempts
# and `idempotent` widen no authority: a call stays one use, whose repeats the service answers for.
RULES: Mapping[str, Rule | None] = {
    "key": None,
    "service": None,
    "name": None,
    "doc": None,
    "kind": _kind,
    "queue": _queue,
    "plain_name": _activity,
    "parameters": _parameters,
    "result": _result,
    "timeout": _note("`timeout`"),
    "heartbeat": _note("`heartbeat`"),
    "retry": _note("`retry`"),
    "idempotent": _note("`idempotent`"),
    "needs": _needs,
    "undo": _undo,
}

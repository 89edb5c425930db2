"""Two gates of one name, clause by clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial

from gantral.compiler.compare.bounds import claims, implies
from gantral.compiler.compare.cases import Deciding
from gantral.compiler.compare.clock import calendar, clock, decide
from gantral.compiler.compare.formulas import named
from gantral.compiler.compare.meaning import Meaning
from gantral.compiler.compare.report import Finding, Sides, time
from gantral.compiler.compare.types import missing, no_wider
from gantral.compiler.digest import meaning
from gantral.compiler.program import Amend, Gate, Program, Prove, ReleaseFrom
from gantral.dsl.span import Span

Rule = Callable[[Gate, Gate], "tuple[Finding, ...]"]


def gates(old: Program, new: Program) -> Iterator[Finding]:
    """What differs in the gates that both have, and which gates one of them alone has."""
    was_meant, is_meant = Meaning(old), Meaning(new)
    deciding = Deciding(was_meant, is_meant)
    rules = {
        **RULES,
        "amend": _amending(was_meant, is_meant),
        "title": _titled(was_meant, is_meant),
        "decide": partial(decide, deciding),
        "clock": partial(clock, deciding),
    }
    for name in sorted({*old.gates, *new.gates}):
        was, now = old.gates.get(name), new.gates.get(name)
        if was is None or now is None:
            # What acted under it is told at the effects.
            says = "this gate is new" if was is None else "this gate is gone"
            places = (was.span if was else None, now.span if now else None)
            yield Finding("note", f"gate {name}", says, *places)
        else:
            yield from _gate(was, now, rules)


def _gate(old: Gate, new: Gate, rules: Mapping[str, Rule | None]) -> Iterator[Finding]:
    for one in fields(Gate):
        was, now = getattr(old, one.name), getattr(new, one.name)
        if isinstance(was, Span) or meaning(was) == meaning(now):
            continue
        if one.name not in rules:
            # A clause that came later than this comparison: nothing is known of it.
            yield from _sides(old, new, f"`{one.name}`").judged(False, False)
            continue
        rule = rules[one.name]
        if rule is not None:
            yield from rule(old, new)


def _sides(
    old: Gate,
    new: Gate,
    what: str,
    was: str = "",
    now: str = "",
    places: tuple[Span | None, Span | None] | None = None,
) -> Sides:
    at = places or (old.span, new.span)
    return Sides(f"gate {new.name}", what, was, now, *at)


def _parameters(old: Gate, new: Gate) -> tuple[Finding, ...]:
    about = f"gate {new.name}"
    found = [
        Finding("weaker", about, f"`{path}` is not shown any more", old.span, new.span)
        for path in missing(old.parameters, new.parameters)
    ]
    found += [
        Finding("stricter", about, f"`{path}` is shown too", old.span, new.span)
        for path in missing(new.parameters, old.parameters)
    ]
    for one in new.parameters.fields:
        before = old.parameters.field(one.name)
        if before is not None:
            forward, backward = no_wider(one.type, before.type), no_wider(before.type, one.type)
            found += _sides(old, new, f"the type of `{one.name}`").judged(
                forward, backward, less="lets more in", more="lets less in"
            )
            if before.personal != one.personal:
                found += _sides(
                    old,
                    new,
                    f"`personal` at `{one.name}`",
                    _truth(before.personal),
                    _truth(one.personal),
                ).note()
    return tuple(found)


def _titled(of_old: Meaning, of_new: Meaning) -> Rule:
    def title(old: Gate, new: Gate) -> tuple[Finding, ...]:
        if of_old.key(old.title) == of_new.key(new.title):
            return ()
        places = (
            old.title.span if old.title else old.span,
            new.title.span if new.title else new.span,
        )
        return _sides(old, new, "`title`", places=places).note()

    return title


def _releases(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was = {one.operation: one.span for one in old.releases}
    now = {one.operation: one.span for one in new.releases}
    about = f"gate {new.name}"
    more = [
        Finding("weaker", about, f"it releases `{name}` too", old.span, now[name])
        for name in sorted(now.keys() - was.keys())
    ]
    fewer = [
        Finding("stricter", about, f"it releases `{name}` no more", was[name], new.span)
        for name in sorted(was.keys() - now.keys())
    ]
    return (*more, *fewer, *_across(old, new, about))


def _across(old: Gate, new: Gate, about: str) -> Iterator[Finding]:
    """What one service gave may go into another one's arguments."""
    was, now = _flows(old), _flows(new)
    for place in sorted(now.keys() - was.keys()):
        says = "it lets `{1}` go into `{2}` of `{0}`, which it did not".format(*place)
        yield Finding("weaker", about, says, old.span, now[place])
    for place in sorted(was.keys() - now.keys()):
        says = "it lets `{1}` go into `{2}` of `{0}` no more".format(*place)
        yield Finding("stricter", about, says, was[place], new.span)


def _flows(gate: Gate) -> dict[tuple[str, str, str], Span]:
    return {
        (one.operation, flow.operation, flow.argument): flow.span
        for one in gate.releases
        if isinstance(one, ReleaseFrom)
        for flow in one.flows
    }


def _waived(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = old.waived_by, new.waived_by
    return _sides(old, new, "`waived by`", _quoted(was), _quoted(now)).judged(
        now is None, was is None, less="is new", more="is gone"
    )


def _guarded(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = old.guarded_by, new.guarded_by
    return _sides(old, new, "`guarded by`", _quoted(was), _quoted(now)).judged(
        was is None, now is None, less="is gone", more="is new"
    )


def _initiator(old: Gate, new: Gate) -> tuple[Finding, ...]:
    return _sides(old, new, "`initiator may decide`").judged(
        old.initiator_may_decide,
        new.initiator_may_decide,
        less="is new",
        more="is gone",
    )


def _veto(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = named(old.veto), named(new.veto)
    return _sides(old, new, "`veto`", _all(was), _all(now)).judged(
        was <= now, now <= was, less="has fewer", more="has more"
    )


def _apart(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = named(old.apart), named(new.apart)
    return _sides(old, new, "`apart`", _all(was), _all(now)).judged(
        was <= now, now <= was, less="names fewer", more="names more"
    )


def _lasts(old: Gate, new: Gate) -> tuple[Finding, ...]:
    # A hold lasts for no effect at all.
    was, now = old.lasts or 0, new.lasts or 0
    return _sides(old, new, "`lasts`", time(was), time(now)).judged(
        now <= was, was <= now, less="is longer", more="is shorter"
    )


def _uses(old: Gate, new: Gate) -> tuple[Finding, ...]:
    return _sides(old, new, "`uses`", str(old.uses), str(new.uses)).judged(
        new.uses <= old.uses, old.uses <= new.uses, less="is more", more="is less"
    )


def _alike(old: Gate, new: Gate) -> tuple[Finding, ...]:
    return _sides(old, new, "`alike`").judged(
        old.alike or not new.alike, new.alike or not old.alike, less="is new", more="is gone"
    )


def _prove(old: Gate, new: Gate) -> tuple[Finding, ...]:
    was, now = old.prove, new.prove
    places = (was.span if was else old.span, now.span if now else new.span)
    before, after = _reason(was), _reason(now)
    found = [
        *_sides(old, new, "the reason's least length", str(before), str(after), places).judged(
            after >= before, before >= after, less="is less", more="is more"
        )
    ]
    old_level, new_level = (one.assurance if one else None for one in (was, now))
    if old_level != new_level:
        found += _sides(
            old, new, "`assurance`", _quoted(old_level), _quoted(new_level), places
        ).judged(old_level is None, new_level is None, less="is gone", more="is new")
    old_login, new_login = (one.login_within if one else None for one in (was, now))
    found += _sides(old, new, "`login within`", time(old_login), time(new_login), places).judged(
        _no_longer(new_login, old_login),
        _no_longer(old_login, new_login),
        less="is longer",
        more="is shorter",
    )
    old_most, new_most = (one.reason_max if one else None for one in (was, now))
    if old_most != new_most:
        found += _sides(
            old, new, "the reason's greatest length", _number(old_most), _number(new_most), places
        ).note()
    return tuple(found)


def _reason(prove: Prove | None) -> int:
    """The least length: a reason that is asked for still has to say something."""
    if prove is None or not prove.reason:
        return 0
    return 1 if prove.reason_min is None else prove.reason_min


def _no_longer(one: int | None, other: int | None) -> bool:
    return other is None or (one is not None and one <= other)


def _amending(of_old: Meaning, of_new: Meaning) -> Rule:
    def amend(old: Gate, new: Gate) -> tuple[Finding, ...]:
        was = {one.path: one for one in old.amend}
        now = {one.path: one for one in new.amend}
        about = f"gate {new.name}"
        found: list[Finding] = []
        for path in sorted(was.keys() | now.keys()):
            before, after = was.get(path), now.get(path)
            name = ".".join(path)
            if before is None and after is not None:
                says = f"`{name}` may be amended, which it might not"
                found.append(Finding("weaker", about, says, old.span, after.span))
            elif before is not None and after is None:
                says = f"`{name}` may not be amended any more"
                found.append(Finding("stricter", about, says, before.span, new.span))
            elif before is not None and after is not None:
                forward = _bounded(after, of_new, before, of_old)
                backward = _bounded(before, of_old, after, of_new)
                found += _sides(
                    old, new, f"the bound of `{name}`", places=(before.span, after.span)
                ).judged(forward, backward, less="is wider", more="is narrower")
        return tuple(found)

    return amend


def _bounded(one: Amend, of_one: Meaning, other: Amend, of_other: Meaning) -> bool:
    """Whether each value that `one` lets in is let in by `other`."""
    have = claims(one.condition, True, of_one)
    return all(
        any(implies(each, wanted) for each in have)
        for wanted in claims(other.condition, True, of_other)
    )


def _truth(value: bool) -> str:
    return "yes" if value else "no"


def _quoted(name: str | None) -> str:
    return "none" if name is None else f"`{name}`"


def _number(value: int | None) -> str:
    return "none" if value is None else str(value)


def _all(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


# A rule for each clause but `decide`, `clock`, `title` and `amend`, whose expressions belong to a
# program; None: it is told elsewhere, or says nothing of authority.
RULES: Mapping[str, Rule | None] = {
    "name": None,
    "doc": None,
    "parameters": _parameters,
    "releases": _releases,
    "waived_by": _waived,
    "guarded_by": _guarded,
    "initiator_may_decide": _initiator,
    "veto": _veto,
    "apart": _apart,
    "prove": _prove,
    "calendar": calendar,
    "lasts": _lasts,
    "uses": _uses,
    "alike": _alike,
}

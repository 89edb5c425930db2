"""The effects of both runs: each one of the new is an old one, no freer, or it is told."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.compare.bounds import Claim
from gantral.compiler.compare.report import Finding
from gantral.compiler.compare.run import Act, Fact, Run, asked, certain, read_run
from gantral.compiler.compare.touching import touching
from gantral.compiler.digest import meaning
from gantral.compiler.program import Program
from gantral.dsl.span import Span


def effects(old: Program, new: Program) -> Iterator[Finding]:
    """What differs in what is done, under what, with what, and after what."""
    if meaning(old.run) == meaning(new.run):
        return
    was, now = read_run(old), read_run(new)
    if not was.understood or not now.understood:
        if touching(old) == touching(new):
            says = "the run differs in its output, in messages of its ends or in notifies alone"
            yield Finding("note", "run", says, old.run_span, new.run_span)
            return
        says = "the run can't be shown to act no more freely: it has statements not compared yet"
        yield Finding("weaker", "run", says, old.run_span, new.run_span)
        return
    found = [*_fed(old, new, was, now), *_asked(was, now), *_matched(_Both(old, new, was, now))]
    found += _completed(was, now, frozenset(one.old for one in found if one.effect == "weaker"))
    yield from found
    if not found and was.key != now.key:
        says = "the run differs, and acts under the same approvals, on the same data"
        yield Finding("note", "run", says, old.run_span, new.run_span)


class _Both:
    """The acts of both runs."""

    def __init__(self, old: Program, new: Program, was: Run, now: Run) -> None:
        self.old_run, self.new_run = old.run_span, new.run_span
        keys = {
            key for program in (old, new) for key, one in program.operations.items() if one.acts
        }
        # What is an effect in one of them only is matched all the same; its kind is told apart.
        self.old = [one for one in was.acts if one.what == "undo" or one.operation in keys]
        self.new = [one for one in now.acts if one.what == "undo" or one.operation in keys]


def _fed(first: Program, second: Program, was: Run, now: Run) -> Iterator[Finding]:
    """What the asks of both show, by where it comes from."""
    for site in sorted(was.fed.keys() & now.fed.keys()):
        old, new = was.asks[site], now.asks[site]
        before, after = dict(old.arguments), dict(new.arguments)
        # A parameter that only one of the gates has is told there, and where it is read.
        both = [one.gates[old.gate].parameters.field for one in (first, second)]
        for name in sorted(before.keys() | after.keys()):
            shown = all(field(name) is not None for field in both)
            if shown and was.fed[site].get(name) != now.fed[site].get(name):
                says = f"`{name}` is fed from elsewhere: people may be shown another value"
                places = [
                    one[name].span if name in one else ask.head
                    for one, ask in ((before, old), (after, new))
                ]
                yield Finding("weaker", f"gate {new.gate}", says, *places)


def _asked(was: Run, now: Run) -> Iterator[Finding]:
    """Where people are asked in fewer cases than they were."""
    for site in sorted(was.asks.keys() & now.asks.keys()):
        before, after = was.only_if.get(site), now.only_if.get(site)
        places = (was.asks[site].head, now.asks[site].head)
        about = f"gate {_gate(site)}"
        if after is None and before is not None:
            yield Finding("stricter", about, "it is asked in every case, not `only if`", *places)
        elif before is None and after is not None:
            yield Finding("weaker", about, "it is asked `only if`, not in every case", *places)
        elif before != after:
            yield Finding("weaker", about, "it is asked `only if` something else", *places)


def _completed(was: Run, now: Run, told: frozenset[Span | None]) -> Iterator[Finding]:
    """Where the run completes though fewer were asked: whoever reads its end, a parent or a person,
    takes it for their yes (ADR 0153). What is ``told`` of a call is not told again."""
    ends = [one for one in was.acts if one.what == "complete"]
    asks = [fact for one in ends for fact in one.facts if asked(fact)]
    for act in (one for one in now.acts if one.what == "complete"):
        if all(certain(fact, act.facts) for fact in asks):
            continue
        # The old run came to each of its ends: the nearest is what this one is held to.
        for fact in min((_lacking(one, act) for one in ends), key=len):
            if fact.span not in told:
                says = f"this {fact.says} comes before it no more"
                yield Finding("weaker", "complete", says, fact.span, act.span)


def _matched(both: _Both) -> Iterator[Finding]:
    left = list(both.old)
    for act in both.new:
        candidates = [one for one in left if _name(one) == _name(act)]
        if not candidates:
            what = "is undone where it was not" if act.what == "undo" else "is called anew"
            yield Finding("weaker", _about(act), f"it {what}", both.old_run, act.span)
            continue
        # The call that it repeats best; the first of equals, so that the answer has one form.
        taken = min(candidates, key=lambda one: len([*_freer(one, act)]))
        left.remove(taken)
        yield from _freer(taken, act)
        yield from _bound(taken, act)
    for act in left:
        what = "undone" if act.what == "undo" else "called"
        yield Finding("stricter", _about(act), f"it is {what} here no more", act.span, both.new_run)


def _freer(old: Act, new: Act) -> Iterator[Finding]:
    """Where the new act is freer than the old one, or can't be shown not to be."""
    about = _about(new)
    for site in sorted(old.under - new.under):
        says = f"it is not under {'that ask of ' if _asks(new, site) else ''}`{_gate(site)}`"
        yield Finding("weaker", about, says, old.span, new.span)
    for name in sorted(old.arguments.keys() | new.arguments.keys()):
        if old.arguments.get(name) != new.arguments.get(name):
            says = f"its `{name}` comes from elsewhere"
            places = (old.places.get(name, old.span), new.places.get(name, new.span))
            yield Finding("weaker", about, says, *places)
    for fact in _lacking(old, new):
        yield Finding(
            "weaker", about, f"this {fact.says} comes before it no more", fact.span, new.span
        )


def _bound(old: Act, new: Act) -> Iterator[Finding]:
    """Where the new act is bound more than the old one."""
    about = _about(new)
    for site in sorted(new.under - old.under):
        says = f"it is under {'another ask of ' if _asks(old, site) else ''}`{_gate(site)}` too"
        yield Finding("stricter", about, says, old.span, new.span)
    for fact in _lacking(new, old):
        yield Finding(
            "stricter", about, f"this {fact.says} comes before it now", old.span, fact.span
        )


def _asks(act: Act, site: str) -> bool:
    """Whether it is under some ask of that site's gate."""
    return any(_gate(one) == _gate(site) for one in act.under)


def _lacking(one: Act, other: Act) -> list[Fact]:
    """What is certain before `one` alone, but for the approvals it acts under: these are told."""
    told = {f"asked {site}" for site in one.under ^ other.under}
    missing = [
        fact
        for fact in one.facts
        if not certain(fact, other.facts) and not (isinstance(fact, Claim) and fact.key in told)
    ]
    return sorted(missing, key=lambda fact: (fact.span, fact.says))


def _gate(site: str) -> str:
    """The gate of an ask's site."""
    return site.rpartition("/")[0]


def _name(act: Act) -> tuple[str, str]:
    return act.what, act.operation


def _about(act: Act) -> str:
    return f"{act.what} {act.operation.partition('/')[0]}"

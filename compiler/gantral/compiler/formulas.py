"""Does meeting one formula always mean meeting another? Decided for any number of persons, each in
any set of roles (LANGUAGE section 5, `needs`).

Formulas are monotone: more voters, or more roles of a voter, never undo that one is met. So only
the least companies of voters that meet the asked formula are tried, each voter in one role. That is
exact, and a company that falls short is a counterexample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, product
from math import comb, prod
from typing import TypeAlias

from gantral.compiler.program import declarations as d

Quorum: TypeAlias = tuple[int, tuple[str, ...]]
"""So many distinct voters in the union: a role's name, `actor:path` or `actors:path`."""
Alternatives: TypeAlias = tuple[tuple[Quorum, ...], ...]
"""Any of these; each wants disjoint voters for all its quorums. Empty: too large to be compared."""

# As `evidence/formula.py` counts them: a gate beyond these is refused before it is ever asked.
RECOUNTED_ALTERNATIVES = 4096
RECOUNTED_VOTERS = 200
MOST_ALTERNATIVES = 256
# What a search may cost, in steps of matching, and what it may hold at once.
MOST_STEPS = 10_000_000
MOST_COMPANIES = 20_000
_ONE = "actor:"
_SOME = "actors:"


def asked(gate: d.Gate) -> Alternatives:
    """What a gate asks for in the end: its formula after every `widen`, which only ever lets more
    people in, so that what holds then held before."""
    return alternatives(widened(gate))


def widened(gate: d.Gate, at: int | None = None) -> d.Formula:
    """Who decides `at` ms after the asking (None: in the end); what a widening adds may be widened
    again."""
    pairs = [
        (_principal(narrow), wide)
        for tick in gate.clock
        if isinstance(tick, d.Widening) and (at is None or tick.after <= at)
        for narrow in tick.narrow
        for wide in tick.wide
    ]

    def spread(formula: d.Formula) -> d.Formula:
        if isinstance(formula, d.AnyOf | d.AllOf):
            return replace(formula, parts=tuple(spread(part) for part in formula.parts))
        reached = {_principal(one): one for one in formula.principals}
        waiting = list(reached)
        for source in waiting:
            for narrow, wide in pairs:
                if narrow == source and _principal(wide) not in reached:
                    reached[_principal(wide)] = wide
                    waiting.append(_principal(wide))
        return replace(formula, principals=tuple(reached.values()))

    return spread(gate.decide)


def alternatives(formula: d.Formula) -> Alternatives:
    """The formula as alternatives; empty when there are more than MOST_ALTERNATIVES."""
    match formula:
        case d.Quorum():
            return (((formula.count, tuple(_principal(one) for one in formula.principals)),),)
        case d.AnyOf():
            parts = [alternatives(part) for part in formula.parts]
            joined = tuple(clause for part in parts for clause in part)
            return joined if all(parts) and len(joined) <= MOST_ALTERNATIVES else ()
        case d.AllOf():
            made: Alternatives = ((),)
            for part in formula.parts:
                sides = alternatives(part)
                if len(made) * len(sides) > MOST_ALTERNATIVES:
                    return ()
                made = tuple(left + right for left in made for right in sides)
            return made


def shortfall(asked: Alternatives, needed: Alternatives) -> tuple[str, ...] | None:
    """The fewest voters that meet `asked` and not `needed`, one principal each; None when there are
    none; empty when that can't be told within MOST_STEPS."""
    if not asked or not needed or _too_costly(asked, needed):
        return ()
    least: tuple[str, ...] | None = None
    for clause in asked:
        for company in _companies(clause, needed):
            if (least is None or len(company) < len(least)) and not _met(needed, company):
                least = company
    return least


def size(formula: d.Formula) -> tuple[int, int]:
    """How many alternatives the formula has, and the most voters that one of them wants; counted,
    not made."""
    match formula:
        case d.Quorum():
            return 1, formula.count
        case d.AnyOf():
            parts = [size(part) for part in formula.parts]
            return sum(many for many, _ in parts), max(voters for _, voters in parts)
        case d.AllOf():
            parts = [size(part) for part in formula.parts]
            return prod(many for many, _ in parts), sum(voters for _, voters in parts)


def in_words(formula: Alternatives) -> str:
    """The formula as the language writes it."""
    return " or ".join(
        " and ".join(f"{count} of {_group(group)}" for count, group in clause) for clause in formula
    )


def company_in_words(company: Sequence[str]) -> str:
    """`2 of clerk and 1 of head`: who they are."""
    return " and ".join(f"{company.count(one)} of {_said(one)}" for one in dict.fromkeys(company))


def _group(group: tuple[str, ...]) -> str:
    return _said(group[0]) if len(group) == 1 else f"[{', '.join(_said(one) for one in group)}]"


def _said(principal: str) -> str:
    return principal.replace(":", " ")


def _principal(one: d.Principal) -> str:
    match one:
        case d.RoleOf():
            return one.name
        case d.ActorOf():
            return _ONE + ".".join(one.path)
        case d.ActorsOf():
            return _SOME + ".".join(one.path)


def _too_costly(asked: Alternatives, needed: Alternatives) -> bool:
    """Told before anything is tried: how many companies there are, and what one may cost."""
    companies = 0
    steps = 0
    for clause in asked:
        voters = sum(count for count, _ in clause)
        here = prod(comb(len(_worst(group, needed)) + count - 1, count) for count, group in clause)
        companies += here
        if companies > MOST_COMPANIES:
            return True
        for goal in needed:
            seats = sum(count for count, _ in goal)
            steps += here * seats * seats * voters
    return steps > MOST_STEPS


def _companies(clause: tuple[Quorum, ...], needed: Alternatives) -> Iterator[tuple[str, ...]]:
    """The least companies that meet a clause, without those that another one is no better than."""
    seats = [combinations_with_replacement(_worst(group, needed), count) for count, group in clause]
    for chosen in product(*seats):
        company = tuple(one for part in chosen for one in part)
        single = [one for one in company if one.startswith(_ONE)]
        if len(single) == len(set(single)):
            yield company


def _worst(group: tuple[str, ...], needed: Alternatives) -> list[str]:
    """Of the principals those that are of least use for what is needed, one of each kind. A person
    of the proposal is one person only, so others stay beside them."""
    use = {one: _use(one, needed) for one in group}
    many = [one for one in group if not one.startswith(_ONE)]
    kept: list[str] = []
    for one in many:
        if not any(use[other] < use[one] for other in many) and use[one] not in [
            use[other] for other in kept
        ]:
            kept.append(one)
    if any(not use[one] for one in kept):
        return kept
    return [*(one for one in group if one.startswith(_ONE)), *kept]


def _use(principal: str, needed: Alternatives) -> frozenset[tuple[int, int]]:
    """The quorums of the needed formula in which the principal counts."""
    return frozenset(
        (number, place)
        for number, clause in enumerate(needed)
        for place, (_, group) in enumerate(clause)
        if principal in group
    )


def _met(needed: Alternatives, company: tuple[str, ...]) -> bool:
    return any(
        _seated([group for count, group in clause for _ in range(count)], company)
        for clause in needed
    )


def _seated(places: Sequence[tuple[str, ...]], company: tuple[str, ...]) -> bool:
    """Whether each place gets a voter of its own: augmenting paths (Kuhn)."""
    place_of: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        fit = [one for one, who in enumerate(company) if who in places[place] and one not in tried]
        # Somebody who has no place yet is found without moving others.
        for voter in sorted(fit, key=lambda one: one in place_of):
            if voter in tried:
                continue
            tried.add(voter)
            if voter not in place_of or seat(place_of[voter], tried):
                place_of[voter] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))

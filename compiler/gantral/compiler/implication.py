"""Does meeting one formula always mean meeting another? Decided for any number of persons, each in
any set of roles (LANGUAGE section 5, `needs`).

Formulas are monotone: more voters, or more roles of a voter, never undo that one is met. So only
the least companies of voters that meet the asked formula are tried, each voter in one role. That is
exact, and a company that falls short is a counterexample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from gantral.compiler.formulas import ONE, Alternatives, Part, plain

# What a search may cost, in steps of matching, and what it may hold at once.
MOST_STEPS = 10_000_000
MOST_COMPANIES = 20_000


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


def _too_costly(asked: Alternatives, needed: Alternatives) -> bool:
    """Told before anything is tried: how many companies there are, and what one may cost."""
    companies = 0
    steps = 0
    for clause in asked:
        worst = [(count, _worst(weights, needed)) for count, weights in clause]
        here = prod(_fillings(count, weights) for count, weights in worst)
        companies += here
        if companies > MOST_COMPANIES:
            return True
        voters = sum(-(-count // min(weight for _, weight in weights)) for count, weights in worst)
        steps += here * sum(_cost(goal, voters) for goal in needed)
    return steps > MOST_STEPS


def _cost(goal: tuple[Part, ...], voters: int) -> int:
    """The steps to see whether so many voters meet a clause."""
    if len(goal) == 1:
        return voters
    if plain(goal):
        return sum(count for count, _ in goal) ** 2 * voters
    return prod(count + 1 for count, _ in goal) * len(goal) * voters


def _companies(clause: tuple[Part, ...], needed: Alternatives) -> Iterator[tuple[str, ...]]:
    """The least companies that meet a clause, without those that another one is no better than."""
    for chosen in product(*(_filled(count, _worst(who, needed)) for count, who in clause)):
        company = tuple(one for part in chosen for one in part)
        single = [one for one in company if one.startswith(ONE)]
        if len(single) == len(set(single)):
            yield company


def _fillings(wanted: int, weights: Sequence[tuple[str, int]]) -> int:
    """How many `_filled` gives, at most."""
    # For each number of points still wanted: in how many ways by this principal and those after it.
    ways = [0] * (wanted + 1)
    for _, weight in reversed(weights):
        for left in range(1, wanted + 1):
            ways[left] += 1 if weight >= left else ways[left - weight]
    return ways[wanted]


def _filled(wanted: int, weights: Sequence[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    """Every way to bring that many points of which nobody can be left out. The heaviest come first,
    so that the last one is who makes up what is wanted."""
    pending: list[tuple[tuple[str, ...], int, int]] = [((), wanted, 0)]
    while pending:
        chosen, left, first = pending.pop()
        for place in range(len(weights) - 1, first - 1, -1):
            who, weight = weights[place]
            if left > weight:
                # A person of the proposal comes once.
                after = place + 1 if who.startswith(ONE) else place
                pending.append(((*chosen, who), left - weight, after))
        for who, weight in weights[first:]:
            if left <= weight:
                yield (*chosen, who)


def _worst(weights: Sequence[tuple[str, int]], needed: Alternatives) -> list[tuple[str, int]]:
    """Of the principals those that bring most here and least to what is needed, one of each kind,
    the heaviest first. A person of the proposal is one person only, so others stay beside them."""
    use = {who: _use(who, needed) for who, _ in weights}

    def serves(one: tuple[str, int], other: tuple[str, int]) -> bool:
        """Whether somebody of `one` can always come in the place of somebody of `other`."""
        least = all(a <= b for a, b in zip(use[one[0]], use[other[0]], strict=True))
        return one[1] >= other[1] and least

    many = [one for one in weights if not one[0].startswith(ONE)]
    kept = [
        one
        for place, one in enumerate(many)
        if not any(
            serves(other, one) and (at < place or not serves(one, other))
            for at, other in enumerate(many)
            if at != place
        )
    ]
    single = [
        one
        for one in weights
        if one[0].startswith(ONE) and not any(serves(other, one) for other in kept)
    ]
    return sorted([*single, *kept], key=lambda one: -one[1])


def _use(principal: str, needed: Alternatives) -> tuple[int, ...]:
    """What the principal brings to each part of the needed formula."""
    return tuple(dict(weights).get(principal, 0) for clause in needed for _, weights in clause)


def _met(needed: Alternatives, company: tuple[str, ...]) -> bool:
    return any(_clause_met(clause, company) for clause in needed)


def _clause_met(clause: tuple[Part, ...], company: tuple[str, ...]) -> bool:
    parts = [dict(weights) for _, weights in clause]
    brought = [tuple(part.get(who, 0) for part in parts) for who in company]
    wanted = [count for count, _ in clause]
    if any(sum(row[at] for row in brought) < count for at, count in enumerate(wanted)):
        return False
    if len(clause) == 1:
        return True
    if plain(clause):
        return _seated(wanted, brought)
    return _shared(wanted, brought)


def _shared(wanted: Sequence[int], brought: Sequence[tuple[int, ...]]) -> bool:
    """Whether the voters can be shared out so that each part has its points: every state of what is
    still wanted, voter by voter."""
    states = {tuple(wanted)}
    for row in brought:
        states |= {
            (*state[:at], max(0, state[at] - points), *state[at + 1 :])
            for state in states
            for at, points in enumerate(row)
            if points
        }
    return (0,) * len(wanted) in states


def _seated(wanted: Sequence[int], brought: Sequence[tuple[int, ...]]) -> bool:
    """Whether each place gets a voter of its own: augmenting paths (Kuhn)."""
    places = [at for at, count in enumerate(wanted) for _ in range(count)]
    place_of: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        fit = [who for who, row in enumerate(brought) if row[places[place]] and who not in tried]
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

"""Does one formula of deciders imply another (LANGUAGE section 6)? Sound: a yes is proved, for any
number of persons in any roles; where no proof is found the answer is no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from gantral.compiler.digest import meaning
from gantral.compiler.program import (
    ActorOf,
    ActorsOf,
    AllOf,
    AnyOf,
    Formula,
    Gate,
    Principal,
    Quorum,
    RoleOf,
    Widening,
)

# Beyond these no proof is looked for; a formula that people can read is far below.
MAX_CLAUSES = 256
MAX_PLACES = 200

_Clause = tuple[Quorum, ...]


def implies(one: Formula, other: Formula) -> bool:
    """Whether every set of voters that meets `one` is shown to meet `other`.

    Each clause of `one` (its `or` drawn outside) must fill a clause of `other`: the parts of a
    clause are disjoint sets of voters, so a place of `other` is filled by a voter of a part whose
    principals it all names, and no voter fills two.
    """
    if meaning(one) == meaning(other):
        return True
    wanted = _clauses(other)
    given = _clauses(one)
    if given is None or wanted is None:
        return False
    return all(any(_fills(clause, goal) for goal in wanted) for clause in given)


def widened(gate: Gate, at: int) -> Formula:
    """Who decides `at` ms after the asking: what a widening adds may be widened again."""
    pairs = [
        (_key(source), target)
        for tick in gate.clock
        if isinstance(tick, Widening) and tick.after <= at
        for source in tick.narrow
        for target in tick.wide
    ]

    def spread(formula: Formula) -> Formula:
        if isinstance(formula, AnyOf | AllOf):
            return replace(formula, parts=tuple(spread(part) for part in formula.parts))
        reached = {_key(one): one for one in formula.principals}
        waiting = list(reached)
        for source in waiting:
            for origin, target in pairs:
                if origin == source and _key(target) not in reached:
                    reached[_key(target)] = target
                    waiting.append(_key(target))
        return replace(formula, principals=tuple(reached.values()))

    return spread(gate.decide)


def written(formula: Formula) -> str:
    """The formula as one writes it."""
    match formula:
        case AnyOf(parts=parts):
            return " or ".join(written(part) for part in parts)
        case AllOf(parts=parts):
            return " and ".join(
                f"({written(part)})" if isinstance(part, AnyOf) else written(part) for part in parts
            )
        case Quorum(count=count, principals=principals):
            return f"{count} of {listed(principals)}"


def listed(principals: Iterable[Principal]) -> str:
    """Principals as one writes them."""
    names = [_key(one) for one in principals]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def named(principals: Iterable[Principal]) -> frozenset[str]:
    """The principals without their places."""
    return frozenset(_key(one) for one in principals)


def _key(principal: Principal) -> str:
    match principal:
        case RoleOf(name=name):
            return name
        case ActorOf(path=path):
            return f"actor {'.'.join(path)}"
        case ActorsOf(path=path):
            return f"actors {'.'.join(path)}"


def _clauses(formula: Formula) -> list[_Clause] | None:
    """The formula with its `or` outside; None when it grows too large."""
    match formula:
        case Quorum():
            return [(formula,)]
        case AnyOf(parts=parts):
            found = [_clauses(part) for part in parts]
            joined = [clause for one in found if one is not None for clause in one]
            return None if None in found or len(joined) > MAX_CLAUSES else joined
        case AllOf(parts=parts):
            made: list[_Clause] = [()]
            for part in parts:
                inner = _clauses(part)
                if inner is None or len(made) * len(inner) > MAX_CLAUSES:
                    return None
                made = [(*left, *right) for left, right in product(made, inner)]
            return made


def _fills(given: _Clause, wanted: _Clause) -> bool:
    voters = [named(one.principals) for one in given for _ in range(min(one.count, MAX_PLACES))]
    places = [named(one.principals) for one in wanted for _ in range(min(one.count, MAX_PLACES))]
    if max(len(voters), len(places)) >= MAX_PLACES:
        return False
    filled: dict[int, int] = {}
    return all(_seat(place, voters, places, filled, set()) for place in range(len(places)))


def _seat(
    place: int,
    voters: Sequence[frozenset[str]],
    places: Sequence[frozenset[str]],
    filled: dict[int, int],
    tried: set[int],
) -> bool:
    """Finds the place a voter, moving others where that helps (augmenting paths)."""
    for voter, roles in enumerate(voters):
        if voter in tried or not roles <= places[place]:
            continue
        tried.add(voter)
        if voter not in filled or _seat(filled[voter], voters, places, filled, tried):
            filled[voter] = place
            return True
    return False

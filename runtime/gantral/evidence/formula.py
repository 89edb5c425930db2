"""Does a set of voters meet a formula? Exact, by matching voters to places (LANGUAGE section 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gantral.evidence.errors import EvidenceError
from gantral.evidence.once import once

# "finance_manager" | {"actor": "/p"} | {"actors": "/p"}
Principal: TypeAlias = str | Mapping[str, str]
# {"any": [F, …]} | {"all": [F, …]} | {"quorum": ["2", [PRINCIPAL, …]]}
Formula: TypeAlias = Mapping[str, Any]
Quorum: TypeAlias = tuple[int, Sequence[Principal]]

# The compiler keeps formulas far below; a manifest beyond it is refused, not searched for hours.
MAX_CLAUSES = 4096
MAX_PLACES = 200


@dataclass(frozen=True)
class Voter:
    """Who voted: an actor id and the roles that the API's token showed."""

    actor: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Electorate:
    """Who counts as whom at one instant.

    ``named``: pointer -> the actor ids it was resolved to at WAITING_FOR_HUMAN. ``widened``: pairs
    (from, to): to counts wherever from is named.
    """

    named: Mapping[str, Collection[str]]
    widened: Sequence[tuple[Principal, Principal]] = ()

    def counts(self, voter: Voter, principals: Sequence[Principal]) -> bool:
        """Whether the voter is one of these principals, after widening."""
        return any(self._is(voter, principal) for principal in self._spread(principals))

    def _is(self, voter: Voter, principal: Principal) -> bool:
        if isinstance(principal, str):
            return principal in voter.roles
        return voter.actor in self.named.get(_pointer(principal), ())

    def _spread(self, principals: Sequence[Principal]) -> list[Principal]:
        reached = list(principals)
        # A widening may name what an earlier one added, so go on until nothing is new.
        for source in reached:
            for origin, target in self.widened:
                if origin == source and target not in reached:
                    reached.append(target)
        return reached

    def open_ended(self, principals: Sequence[Principal]) -> bool:
        """Whether a role is among them, so that unknown further voters may come."""
        return any(isinstance(principal, str) for principal in self._spread(principals))

    def people(self, principals: Sequence[Principal]) -> frozenset[str]:
        """The named actors among the principals."""
        return frozenset(
            actor
            for principal in self._spread(principals)
            if not isinstance(principal, str)
            for actor in self.named.get(_pointer(principal), ())
        )


def _pointer(principal: Mapping[str, str]) -> str:
    return next(iter(principal.values()))


def satisfied(formula: Formula, voters: Sequence[Voter], electorate: Electorate) -> bool:
    """Whether ``voters``, all saying the same, meet ``formula``.

    ``A and B`` splits the voters into two disjoint sets, ``A or B`` is either, a quorum is n
    distinct voters among its principals.

    Raises:
        EvidenceError: ``manifest``, for a formula outside the closed tree or its bounds.
    """
    people = list({voter.actor: voter for voter in voters}.values())
    for clause in clauses(formula):
        if sum(count for count, _ in clause) <= len(people) and _seated(
            [
                [index for index, voter in enumerate(people) if electorate.counts(voter, who)]
                for count, who in clause
                for _ in range(count)
            ]
        ):
            return True
    return False


def eligible(formula: Formula, voter: Voter, electorate: Electorate) -> bool:
    """Whether the voter counts anywhere in the formula."""
    return any(
        electorate.counts(voter, principals)
        for clause in clauses(formula)
        for _, principals in clause
    )


def possible(formula: Formula, electorate: Electorate, excluded: Collection[str]) -> bool:
    """Whether anybody could still meet the formula, as far as names alone tell.

    Holders of roles are not known here and taken to be enough; named persons who are excluded
    never count.
    """
    for clause in clauses(formula):
        closed = [(count, who) for count, who in clause if not electorate.open_ended(who)]
        actors = sorted({a for _, who in closed for a in electorate.people(who)} - set(excluded))
        if _seated(
            [
                [index for index, actor in enumerate(actors) if actor in electorate.people(who)]
                for count, who in closed
                for _ in range(count)
            ]
        ):
            return True
    return False


@once
def clauses(formula: Formula) -> list[tuple[Quorum, ...]]:
    """The formula as alternatives of quorums that need disjoint voters.

    Raises:
        EvidenceError: ``manifest``.
    """
    found = list(_expand(formula, 1))
    if any(sum(count for count, _ in clause) > MAX_PLACES for clause in found):
        raise EvidenceError("manifest", f"a formula that wants more than {MAX_PLACES} voters")
    return found


def _expand(formula: Formula, depth: int) -> Iterator[tuple[Quorum, ...]]:
    if not isinstance(formula, Mapping) or len(formula) != 1 or depth > 12:
        raise EvidenceError("manifest", "a formula is any, all or quorum")
    ((operator, operand),) = formula.items()
    if not isinstance(operand, (list, tuple)) or not operand:
        raise EvidenceError("manifest", "a formula is any, all or quorum")
    if operator == "quorum":
        yield (_quorum(operand),)
    elif operator == "any":
        for part in operand:
            yield from _expand(part, depth + 1)
    elif operator == "all":
        combined: list[tuple[Quorum, ...]] = [()]
        for part in operand:
            sides = list(_expand(part, depth + 1))
            if len(combined) * len(sides) > MAX_CLAUSES:
                raise EvidenceError("manifest", "a formula with too many alternatives")
            combined = [left + right for left in combined for right in sides]
        yield from combined
    else:
        raise EvidenceError("manifest", f"unknown formula {operator!r:.40}")


def _quorum(operand: Sequence[Any]) -> Quorum:
    if len(operand) != 2 or not isinstance(operand[0], str) or not operand[0].isdecimal():
        raise EvidenceError("manifest", "a quorum is a number and principals")
    count = int(operand[0])
    if not 1 <= count <= MAX_PLACES or not isinstance(operand[1], (list, tuple)) or not operand[1]:
        raise EvidenceError("manifest", "a quorum is a number and principals")
    for principal in operand[1]:
        if isinstance(principal, str):
            continue
        named = isinstance(principal, Mapping) and len(principal) == 1
        if not named or next(iter(principal)) not in ("actor", "actors"):
            raise EvidenceError("manifest", f"unknown principal {principal!r:.60}")
    return count, operand[1]


def _seated(places: Sequence[Sequence[int]]) -> bool:
    """Whether every place gets a voter of its own: augmenting paths (Kuhn)."""
    seat_of: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for voter in places[place]:
            if voter not in tried:
                tried.add(voter)
                if voter not in seat_of or seat(seat_of[voter], tried):
                    seat_of[voter] = place
                    return True
        return False

    return all(seat(place, set()) for place in range(len(places)))

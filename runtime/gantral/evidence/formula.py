"""Does a set of voters meet a formula? Exact (LANGUAGE section 6): voters are matched to places or,
where somebody counts for more than one point, each way to split them is followed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

from gantral.evidence.errors import EvidenceError
from gantral.evidence.forms import is_number
from gantral.evidence.once import once

# "finance_manager" | {"actor": "/p"} | {"actors": "/p"}
Principal: TypeAlias = str | Mapping[str, str]
# {"any": [F, …]} | {"all": [F, …]} | {"quorum": ["2", [PRINCIPAL, …]]}
# | {"points": ["5", [[PRINCIPAL, "3"], …]]}
Formula: TypeAlias = Mapping[str, Any]

# The compiler keeps formulas far below; a manifest beyond it is refused, not searched for hours.
MAX_CLAUSES = 4096
MAX_PLACES = 200
MAX_POINTS = 1000
# Of a clause in which points stand beside other parts: how far each part may be, in all.
MAX_SPLITS = 1024


@dataclass(frozen=True)
class Voter:
    """Who voted: an actor id and the roles that the API's token showed."""

    actor: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Part:
    """So many points of voters who stand for no other part of the clause. A voter brings the
    largest weight of those principals that they are; in a quorum each weighs 1."""

    wanted: int
    weights: tuple[tuple[Principal, int], ...]

    @property
    def principals(self) -> list[Principal]:
        """Who counts here at all."""
        return [principal for principal, _ in self.weights]

    @property
    def voters(self) -> int:
        """The fewest voters that could do."""
        return -(-self.wanted // max(weight for _, weight in self.weights))


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

    def points(self, voter: Voter, part: Part) -> int:
        """What the voter brings to a part: the largest weight, 0 for who is none of it."""
        return max((weight for who, weight in part.weights if self.counts(voter, [who])), default=0)

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
    distinct voters among its principals, points are the sum of each voter's largest weight.

    Raises:
        EvidenceError: ``manifest``, for a formula outside the closed tree or its bounds.
    """
    people = list({voter.actor: voter for voter in voters}.values())
    return any(_met(clause, people, electorate) for clause in clauses(formula))


def eligible(formula: Formula, voter: Voter, electorate: Electorate) -> bool:
    """Whether the voter counts anywhere in the formula."""
    return any(
        electorate.counts(voter, part.principals) for clause in clauses(formula) for part in clause
    )


def possible(
    formula: Formula,
    electorate: Electorate,
    excluded: Collection[str],
    holders: Sequence[Voter] | None = None,
) -> bool:
    """Whether anybody could still meet the formula.

    ``holders``: everybody who holds a role; None when nobody knows, and then they are taken to be
    enough. Who is excluded never counts.
    """
    if holders is not None:
        return any(
            _met(clause, _everybody(clause, electorate, excluded, holders), electorate)
            for clause in clauses(formula)
        )
    for clause in clauses(formula):
        closed = [part for part in clause if not electorate.open_ended(part.principals)]
        actors = {one for part in closed for one in electorate.people(part.principals)}
        people = [Voter(actor, frozenset()) for actor in sorted(actors - set(excluded))]
        if _met(closed, people, electorate):
            return True
    return False


def _everybody(
    clause: Sequence[Part],
    electorate: Electorate,
    excluded: Collection[str],
    holders: Sequence[Voter],
) -> list[Voter]:
    """Holders of roles, and the persons whom the clause names, each once."""
    found = {voter.actor: voter for voter in holders}
    for part in clause:
        for actor in electorate.people(part.principals):
            found.setdefault(actor, Voter(actor, frozenset()))
    return [voter for actor, voter in sorted(found.items()) if actor not in excluded]


@once
def clauses(formula: Formula) -> list[tuple[Part, ...]]:
    """The formula as alternatives of parts that need disjoint voters.

    Raises:
        EvidenceError: ``manifest``.
    """
    found = list(_expand(formula, 1))
    for clause in found:
        if sum(part.voters for part in clause) > MAX_PLACES:
            raise EvidenceError("manifest", f"a formula that wants more than {MAX_PLACES} voters")
        splits = prod(part.wanted + 1 for part in clause)
        if len(clause) > 1 and not _plain(clause) and splits > MAX_SPLITS:
            raise EvidenceError("manifest", f"a formula with more than {MAX_SPLITS} splits")
    return found


def _plain(clause: Sequence[Part]) -> bool:
    return all(weight == 1 for part in clause for _, weight in part.weights)


def _expand(formula: Formula, depth: int) -> Iterator[tuple[Part, ...]]:
    if not isinstance(formula, Mapping) or len(formula) != 1 or depth > 12:
        raise EvidenceError("manifest", "a formula is any, all, quorum or points")
    ((operator, operand),) = formula.items()
    if not isinstance(operand, (list, tuple)) or not operand:
        raise EvidenceError("manifest", "a formula is any, all, quorum or points")
    if operator == "quorum":
        yield (_quorum(operand),)
    elif operator == "points":
        yield (_points(operand),)
    elif operator == "any":
        for part in operand:
            yield from _expand(part, depth + 1)
    elif operator == "all":
        combined: list[tuple[Part, ...]] = [()]
        for part in operand:
            sides = list(_expand(part, depth + 1))
            if len(combined) * len(sides) > MAX_CLAUSES:
                raise EvidenceError("manifest", "a formula with too many alternatives")
            combined = [left + right for left in combined for right in sides]
        yield from combined
    else:
        raise EvidenceError("manifest", f"unknown formula {operator!r:.40}")


def _quorum(operand: Sequence[Any]) -> Part:
    wanted, who = _wanted(operand, MAX_PLACES, "a quorum is a number and principals")
    return Part(wanted, tuple((_known(principal), 1) for principal in who))


def _points(operand: Sequence[Any]) -> Part:
    wrong = "points are a number and principals with their weights"
    wanted, rows = _wanted(operand, MAX_POINTS, wrong)
    if not all(isinstance(row, (list, tuple)) and len(row) == 2 for row in rows):
        raise EvidenceError("manifest", wrong)
    return Part(
        wanted, tuple((_known(who), _number(weight, MAX_POINTS, wrong)) for who, weight in rows)
    )


def _wanted(operand: Sequence[Any], most: int, wrong: str) -> tuple[int, Sequence[Any]]:
    if len(operand) != 2 or not isinstance(operand[1], (list, tuple)) or not operand[1]:
        raise EvidenceError("manifest", wrong)
    return _number(operand[0], most, wrong), operand[1]


def _number(text: Any, most: int, wrong: str) -> int:
    short = isinstance(text, str) and len(text) < 6 and is_number(text)
    if not short or not 1 <= int(text) <= most:
        raise EvidenceError("manifest", wrong)
    return int(text)


def _known(principal: Any) -> Principal:
    ((kind, pointer),) = principal.items() if _single(principal) else (("", None),)
    if isinstance(principal, str) or (kind in ("actor", "actors") and isinstance(pointer, str)):
        known: Principal = principal
        return known
    raise EvidenceError("manifest", f"unknown principal {principal!r:.60}")


def _single(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1


def _met(clause: Sequence[Part], people: Sequence[Voter], electorate: Electorate) -> bool:
    """Whether the people can be split so that every part has its points."""
    brought = [[electorate.points(voter, part) for part in clause] for voter in people]
    for index, part in enumerate(clause):
        if sum(row[index] for row in brought) < part.wanted:
            return False
    if len(clause) < 2:
        return True
    if _plain(clause):
        places = [
            [voter for voter, row in enumerate(brought) if row[index]]
            for index, part in enumerate(clause)
            for _ in range(part.wanted)
        ]
        return len(places) <= len(people) and _seated(places)
    return _split([part.wanted for part in clause], brought)


def _split(wanted: Sequence[int], brought: Sequence[Sequence[int]]) -> bool:
    """Whether each voter can stand for one part so that nothing is left to be wanted: what is left
    is followed for every way to place those before."""
    left = {tuple(wanted)}
    for row in brought:
        reached = set()
        for state in left:
            for index, points in enumerate(row):
                if points and state[index]:
                    rest = max(0, state[index] - points)
                    after = (*state[:index], rest, *state[index + 1 :])
                    if not any(after):
                        return True
                    reached.add(after)
        left |= reached
    return False


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

"""What an effect is held to when it acts: LANGUAGE section 8, rules 2 to 4, and `needs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from gantral.compiler import program as p

from interpreter.book import Approval, Book, Voter
from interpreter.data import GIVEN, NOBODY, Datum, Seen


def judge(
    book: Book, call: p.ServiceCall, operation: p.Operation, under: Sequence[Approval],
    given: Mapping[str, Datum],
) -> None:  # fmt: skip
    """Notes what the call breaks, and counts the use of each approval."""
    if not call.under:
        book.breaks("acts under nothing", call.span)
        return
    if len(under) < len(call.under):
        book.breaks("acts under what was not obtained", call.span)
    for one in under:
        if all(release.operation != operation.key for release in one.gate.releases):
            book.breaks("acts under a gate that does not release it", call.span)
        if one.used >= one.gate.uses:
            book.breaks("acts over the uses", call.span)
        one.used += 1
    if under and all(one.how == "unasked" for one in under):
        book.breaks("acts where nobody was asked", call.span)
    by_people = [one for one in under if one.how == "people"]
    critical = operation.kind == "critical effect"
    if critical and not by_people:
        book.breaks("acts critically without people", call.span)
    allowed = {one.number: one for one in (by_people if critical else under)}
    for name, datum in given.items():
        if not all(_saw(each, name, operation, allowed) for each in datum.all_by() - {GIVEN}):
            book.breaks("acts with data nobody saw", call.span)
    for at, one in enumerate(by_people):
        for other in by_people[at + 1 :]:
            if one.persons & other.persons:
                book.breaks("acts by one person's yes at two gates", call.head)
    if operation.needs is not None:
        _needs(book, call, operation.needs, by_people, given)


def _saw(one: Seen, argument: str, operation: p.Operation, allowed: Mapping[int, Approval]) -> bool:
    """Whether one of the approvals that count showed it, for this service's use."""
    if one == NOBODY or one.execution not in allowed:
        return False
    if one.result is None or one.result.partition(".")[0] == operation.service:
        return True
    return any(
        isinstance(release, p.ReleaseFrom)
        and release.operation == operation.key
        and any((flow.argument, flow.operation) == (argument, one.result) for flow in release.flows)
        for release in allowed[one.execution].gate.releases
    )


def _needs(
    book: Book, call: p.ServiceCall, needs: p.Needs, by_people: Sequence[Approval],
    given: Mapping[str, Datum],
) -> None:  # fmt: skip
    enough = {
        one.number
        for one in by_people
        if meets(needs.formula, one.voters)
        and (needs.initiator_may_decide or not one.initiator_voted)
    }
    if not enough:
        book.breaks("acts under less than it needs", call.span)
    elif any(
        each.execution not in enough
        for datum in given.values()
        for each in datum.all_by() - {GIVEN}
    ):
        book.breaks("acts with data of an approval that asks for less", call.span)


def meets(formula: p.Formula, voters: Sequence[Voter]) -> bool:
    """Whether these persons are enough. A formula of an operation names roles only."""
    match formula:
        case p.Quorum(count=count, principals=principals):
            roles = {one.name for one in principals if isinstance(one, p.RoleOf)}
            return sum(bool(roles & {*voter}) for voter in voters) >= count
        case p.Points(count=count, weights=weights):
            return sum(_weight(weights, voter) for voter in voters) >= count
        case p.AnyOf(parts=parts):
            return any(meets(part, voters) for part in parts)
        case p.AllOf(parts=parts):
            # Every way to give each voter to one of the parts.
            for sides in product(range(len(parts)), repeat=len(voters)):
                split = [
                    [voter for voter, side in zip(voters, sides, strict=True) if side == at]
                    for at in range(len(parts))
                ]
                if all(meets(part, own) for part, own in zip(parts, split, strict=True)):
                    return True
            return False


def _weight(weights: Iterable[tuple[p.Principal, int]], voter: Voter) -> int:
    known = [weight for who, weight in weights if isinstance(who, p.RoleOf) and who.name in voter]
    return max(known, default=0)

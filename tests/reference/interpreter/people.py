"""What people, and the policies asked before them, answer at a gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gantral.compiler import program as p

from interpreter.book import Approval, Voter
from interpreter.data import Datum, Place, Places, overlap
from interpreter.expressions import Evaluator, Names, Values
from interpreter.schedule import Schedule

_PERSONS = tuple("abcdefghijkl")


def answers(gate: p.Gate) -> list[str]:
    """How an `ask` may come out. Withdrawal, a veto and nobody eligible are a no like that of one
    person; what a guard says of what was decided comes after."""
    found = ["yes"]
    if gate.amend:
        found.append("yes: amended")
    if gate.waived_by is not None:
        found.append("waived")
    found += ["no", "no: late"]
    if gate.waived_by is not None or gate.guarded_by is not None:
        found.append("failed")
    return found


def voters(schedule: Schedule, gate: p.Gate) -> tuple[tuple[Voter, ...], bool]:
    """Who said yes: no more than were needed, by some case of `decide`, before or after each
    widening; and whether the initiator was one of them."""
    formula = schedule.pick([case.formula for case in gate.cases])
    wide: dict[str, tuple[str, ...]] = {}
    for tick in gate.clock:
        if isinstance(tick, p.Widening) and schedule.pick((False, True)):
            for one in tick.narrow:
                if isinstance(one, p.RoleOf):
                    wide[one.name] = (*wide.get(one.name, ()), *_roles(tick.wide))
    found = tuple(_enough(schedule, formula, wide))
    return found, bool(found) and gate.initiator_may_decide and schedule.pick((False, True))


def _roles(principals: tuple[p.Principal, ...]) -> tuple[str, ...]:
    # A named person may be anybody, of no role that is known.
    return tuple(one.name if isinstance(one, p.RoleOf) else "" for one in principals)


def _enough(
    schedule: Schedule, formula: p.Formula, wide: dict[str, tuple[str, ...]]
) -> list[Voter]:
    match formula:
        case p.Quorum(count=count, principals=principals):
            return [_voter(schedule, principals, wide) for _ in range(count)]
        case p.Points(count=count, weights=weights):
            found: list[Voter] = []
            left = count
            while left > 0:
                who, weight = schedule.pick([one for one in weights if one[1] > 0])
                found.append(_voter(schedule, (who,), wide))
                left -= weight
            return found
        case p.AllOf(parts=parts):
            return [voter for part in parts for voter in _enough(schedule, part, wide)]
        case p.AnyOf(parts=parts):
            return _enough(schedule, schedule.pick(parts), wide)


def _voter(
    schedule: Schedule, principals: tuple[p.Principal, ...], wide: dict[str, tuple[str, ...]]
) -> Voter:
    roles = _roles(principals)
    role = schedule.pick((*roles, *(other for one in roles for other in wide.get(one, ()))))
    return (role,)


def naming(gate: p.Gate) -> Iterator[tuple[str, ...]]:
    """The paths of a proposal that say who decides."""
    found: list[object] = [*gate.veto, *gate.apart]
    for case in gate.cases:
        found += _principals(case.formula)
    for tick in gate.clock:
        if isinstance(tick, p.Widening):
            found += [*tick.narrow, *tick.wide]
    for one in found:
        if isinstance(one, p.ActorOf | p.ActorsOf):
            yield one.path


def _principals(formula: p.Formula) -> Iterator[p.Principal]:
    match formula:
        case p.Quorum(principals=principals):
            yield from principals
        case p.Points(weights=weights):
            yield from (who for who, _ in weights)
        case p.AllOf(parts=parts) | p.AnyOf(parts=parts):
            for part in parts:
                yield from _principals(part)


def persons(
    values: Values, gates: Mapping[str, p.Gate], made: Approval, voted: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Who they are: those that have voted before, or others; nobody who is kept apart."""
    gate = made.gate
    kept: set[object] = set()
    for name in _apart(gate):
        kept |= voted.get(name, frozenset())
    for one in gate.apart:
        if isinstance(one, p.ActorOf):
            kept.add(values.plain(at(values, made.proposed, one.path)))
    for other, who in voted.items():
        # It holds for both, whichever is asked first.
        if gate.name in _apart(gates[other]):
            kept |= who
    pool = [one for one in _PERSONS if one not in kept]
    if voted and values.schedule.pick((False, True)):
        pool.reverse()
    return frozenset(pool[: len(made.voters)])


def _apart(gate: p.Gate) -> set[str]:
    return {one.gate for one in gate.apart if isinstance(one, p.DecidersOf)}


def amend(values: Values, approval: Approval) -> None:
    """Amends what the gate lets be amended, within its bounds, where it lets anything. What a vote
    would be refused for (a condition that then came out differently) is tried as well."""
    gate = approval.gate
    evaluator = Evaluator(values, Names(parameters=approval.proposed))
    for each in gate.amend:
        old = at(values, approval.proposed, each.path)
        evaluator.names.old = old
        held = values.plain(old)
        fits: list[Datum] = []
        for other in range(3):
            new = Datum(_another(held, other))
            evaluator.names.new = new
            if new.value != held and values.known(evaluator.evaluate(each.condition)).value:
                fits.append(new)
        if not fits:
            continue
        new = values.schedule.pick(fits)
        place: Place = ("asked", approval.number, *each.path)
        decided = Datum(new.value, approval.seen, frozenset({place}))
        name, *rest = each.path
        approval.fields[name] = _put(values, approval.fields[name], tuple(rest), decided)
        stale = old.all_of()
        approval.stale |= stale
        approval.mirrored |= frozenset(_beside(approval, each.path, stale))


def _another(held: object, other: int) -> object:
    if isinstance(held, bool):
        return not held
    if isinstance(held, str):
        return ("amended", "a", "b")[other]
    return (1, 0, 7)[other]


def at(values: Values, fields: Mapping[str, Datum], path: tuple[str, ...]) -> Datum:
    """What stands at a path of a proposal."""
    found = fields[path[0]]
    for name in path[1:]:
        found = values.known(found).field(name)
    return found


def _put(values: Values, whole: Datum, path: tuple[str, ...], part: Datum) -> Datum:
    if not path:
        return part
    known = values.known(whole)
    inner = _put(values, known.field(path[0]), path[1:], part)
    assert isinstance(known.value, dict)
    return replace(known, value={**known.value, path[0]: inner})


def _beside(approval: Approval, amended: tuple[str, ...], stale: Places) -> list[Place]:
    """The other parts of the proposal that show the same places."""
    found: list[Place] = []

    def look(path: tuple[str, ...], datum: Datum) -> None:
        if isinstance(datum.value, dict):
            for name, part in datum.value.items():
                look((*path, name), part)
        elif not overlap(path, amended) and any(
            overlap(one, other) for one in datum.all_of() for other in stale
        ):
            found.append(("asked", approval.number, *path))

    for name, datum in approval.proposed.items():
        look((name,), datum)
    return found

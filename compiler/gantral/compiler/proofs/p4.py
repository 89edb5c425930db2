"""P4: every `decide` can be met by the persons that there are.

Given a roster (who holds which roles), each case of each gate must find its voters after the last
widening: whoever started the run, whoever of them `apart` keeps out, and whoever else is absent.
Persons with the same roles are interchangeable, so that a company is counted by its profiles.

What a roster can't tell is taken as given: a person whom the proposal names (`actor`, `actors`) is
there, is nobody of the roster, and of `actors` there are as many as the type lets be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement

from gantral.compiler import formulas
from gantral.compiler.program import declarations as d
from gantral.compiler.program.types import ListType, RecordType
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.frozen import frozen

UNMET = "G0701"
# How many absences are tried for the smallest set that blocks a gate.
MOST_ABSENT = 6
# A formula that is compared nowhere, being too large, is not searched here either.
TOO_LARGE = "G0702"

Profile = frozenset[str]


@frozen
class Roster:
    """Who holds which roles: person -> role names."""

    persons: Mapping[str, Profile]


@frozen
class Block:
    """Who is missing where a case can't be met: the one who started the run (or None), those whom
    `apart` keeps out, those who are absent. Names of the roster."""

    initiator: str | None
    apart: tuple[str, ...]
    absent: tuple[str, ...]


def prove(program: d.Program, roster: Roster, absent: int = 0) -> Iterator[Diagnostic]:
    """Each case that can't be met when `absent` persons of the roster are away, whoever it is."""
    for gate in program.gates.values():
        for case in formulas.widened(gate):
            if not formulas.alternatives(case.formula):
                yield Diagnostic(
                    TOO_LARGE,
                    "error",
                    f"who decides `{gate.name}` has too many alternatives to be held to a roster",
                    case.span,
                    help="say it in fewer parts",
                )
                continue
            block = blocked(program, gate, case, roster, absent)
            if block is not None:
                yield Diagnostic(
                    UNMET,
                    "error",
                    f"the roster can't meet this `decide` of gate `{gate.name}`{_missing(block)}",
                    case.span,
                    help="it wants "
                    f"{formulas.in_words(formulas.alternatives(case.formula))}; give more persons "
                    "these roles, or ask for fewer",
                )


def smallest(program: d.Program, gate: d.Gate, roster: Roster) -> Block | None:
    """The fewest absences that block some case of the gate; None when MOST_ABSENT do not."""
    for absent in range(min(MOST_ABSENT, len(roster.persons)) + 1):
        for case in formulas.widened(gate):
            block = blocked(program, gate, case, roster, absent)
            if block is not None:
                return block
    return None


def blocked(
    program: d.Program, gate: d.Gate, case: d.Case, roster: Roster, absent: int
) -> Block | None:
    """Who is missing when the case can't be met with so many absent; None: it always can."""
    profiles = Counter(roster.persons.values())
    named = _named(gate, case.formula)
    parts = formulas.alternatives(case.formula)
    for starter in _starters(program, gate, profiles):
        present = profiles - Counter() if starter is None else profiles - Counter([starter])
        for away in _choices(present, _kept_out(program, gate) + absent):
            if not _met(parts, [*(present - Counter(away)).elements(), *named]):
                return _names(roster, starter, away, absent)
    return None


def _starters(
    program: d.Program, gate: d.Gate, profiles: Counter[Profile]
) -> Iterator[Profile | None]:
    """Whom the gate excludes for having started the run: each kind of person who may."""
    may = [one for one in sorted(profiles, key=sorted) if one & {*program.start_by}]
    if gate.initiator_may_decide or not may:
        # Also where nobody of the roster starts runs: then it is a workload, or somebody else.
        yield None
    else:
        yield from may


def _kept_out(program: d.Program, gate: d.Gate) -> int:
    """How many persons of the roster `apart` may keep out: each `actor` one, `actors` as many as
    there must be, and one at least; of another gate's deciders as many as it may want."""
    found = 0
    for one in gate.apart:
        match one:
            case d.ActorOf():
                found += 1
            case d.ActorsOf(path=path):
                found += max(_least(gate.parameters, path), 1)
            case d.DecidersOf(gate=other):
                cases = program.gates[other].cases
                found += max(formulas.size(case.formula).voters for case in cases)
    return found


def _choices(present: Counter[Profile], count: int) -> Iterator[tuple[Profile, ...]]:
    """Every kind of choice of so many persons, or all when there are no more."""
    count = min(count, present.total())
    kinds = sorted(present, key=sorted)
    for chosen in combinations_with_replacement(kinds, count):
        if Counter(chosen) <= present:
            yield chosen


def _named(gate: d.Gate, formula: d.Formula) -> list[Profile]:
    """The persons whom the proposal names among those who decide."""
    found: list[Profile] = []
    for one in _principals(formula):
        match one:
            case d.ActorOf(path=path):
                found.append(frozenset([formulas.ONE + ".".join(path)]))
            case d.ActorsOf(path=path):
                each = frozenset(["actors:" + ".".join(path)])
                found += [each] * _most(gate.parameters, path)
            case _:
                pass
    return found


def _principals(formula: d.Formula) -> list[d.Principal]:
    if isinstance(formula, d.Quorum | d.Points):
        return list(formula.principals)
    return list(dict.fromkeys(one for part in formula.parts for one in _principals(part)))


def _met(alternatives: formulas.Alternatives, people: Sequence[Profile]) -> bool:
    return any(_shared_out(clause, people) for clause in alternatives)


def _shared_out(clause: Sequence[formulas.Part], people: Sequence[Profile]) -> bool:
    """Whether the people can be shared out so that each part has its points: person by person, over
    all that is still wanted."""
    weights = [dict(part[1]) for part in clause]
    wanted = {tuple(count for count, _ in clause)}
    done = tuple(0 for _ in clause)
    for person in people:
        brings = [max((each[who] for who in each if who in person), default=0) for each in weights]
        wanted |= {
            tuple(max(0, left - points) if at == part else left for at, left in enumerate(state))
            for state in wanted
            for part, points in enumerate(brings)
            if points and state[part]
        }
        if done in wanted:
            return True
    return done in wanted


def _list(record: RecordType, path: tuple[str, ...]) -> ListType:
    type_: object = record
    for step in path:
        assert isinstance(type_, RecordType)
        field = type_.field(step)
        assert field is not None
        type_ = field.type
    assert isinstance(type_, ListType)
    return type_


def _least(record: RecordType, path: tuple[str, ...]) -> int:
    return _list(record, path).min or 0


def _most(record: RecordType, path: tuple[str, ...]) -> int:
    # More than any formula can want is no more use.
    return min(_list(record, path).max or 0, formulas.RECOUNTED_VOTERS)


def _names(
    roster: Roster, starter: Profile | None, away: tuple[Profile, ...], absent: int
) -> Block:
    """Persons of these profiles, the first of each by name."""
    free: dict[Profile, list[str]] = {}
    for name in sorted(roster.persons):
        free.setdefault(roster.persons[name], []).append(name)
    initiator = None if starter is None else free[starter].pop(0)
    chosen = sorted(free[one].pop(0) for one in away)
    split = max(len(chosen) - absent, 0)
    return Block(initiator, tuple(chosen[:split]), tuple(chosen[split:]))


def _missing(block: Block) -> str:
    said = []
    if block.initiator is not None:
        said.append(f"{block.initiator} starts the run")
    if block.apart:
        said.append(f"{_listed(block.apart)} {_verb(block.apart)} kept out by `apart`")
    if block.absent:
        said.append(f"{_listed(block.absent)} {_verb(block.absent)} absent")
    return f" when {' and '.join(said)}" if said else ""


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _verb(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"

"""Who decides, as alternatives of parts: after widenings, how large, in words.

A part wants so many points of voters who stand for no other part; a voter brings the largest weight
of those principals that they are. A quorum is a part in which each weighs 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

from gantral.compiler.program import declarations as d
from gantral.dsl.frozen import frozen

Part: TypeAlias = tuple[int, tuple[tuple[str, int], ...]]
"""So many points of these: a role's name, `actor:path` or `actors:path`, each with its weight."""
Alternatives: TypeAlias = tuple[tuple[Part, ...], ...]
"""Any of these; each wants disjoint voters for all its parts. Empty: too large to be compared."""

# As `evidence/formula.py` counts them: a gate beyond these is refused before it is ever asked.
RECOUNTED_ALTERNATIVES = 4096
RECOUNTED_VOTERS = 200
RECOUNTED_POINTS = 1000
RECOUNTED_SPLITS = 1024
MOST_ALTERNATIVES = 256
ONE = "actor:"
_SOME = "actors:"


def asked(gate: d.Gate) -> Alternatives:
    """What a gate asks for in the end, in whichever case of its `decide`: after every `widen`,
    which only ever lets more people in, so that what holds then held before."""
    return _joined([alternatives(case.formula) for case in widened(gate)])


def widened(gate: d.Gate, at: int | None = None) -> tuple[d.Case, ...]:
    """Who decides `at` ms after the asking (None: in the end), case by case; what a widening adds
    may be widened again."""
    pairs = [
        (_principal(narrow), wide)
        for tick in gate.clock
        if isinstance(tick, d.Widening) and (at is None or tick.after <= at)
        for narrow in tick.narrow
        for wide in tick.wide
    ]

    def reached(weights: Sequence[tuple[d.Principal, int]]) -> tuple[tuple[d.Principal, int], ...]:
        found = {_principal(one): (one, weight) for one, weight in weights}
        waiting = [*weights]
        for source, weight in waiting:
            for narrow, wide in pairs:
                known = found.get(_principal(wide))
                if narrow == _principal(source) and (known is None or known[1] < weight):
                    found[_principal(wide)] = (wide, weight)
                    waiting.append((wide, weight))
        return tuple(found.values())

    def spread(formula: d.Formula) -> d.Formula:
        match formula:
            case d.AnyOf() | d.AllOf():
                return replace(formula, parts=tuple(spread(part) for part in formula.parts))
            case d.Quorum():
                every = reached([(one, 1) for one in formula.principals])
                return replace(formula, principals=tuple(one for one, _ in every))
            case d.Points():
                return replace(formula, weights=reached(formula.weights))

    return tuple(replace(case, formula=spread(case.formula)) for case in gate.cases)


def alternatives(formula: d.Formula) -> Alternatives:
    """The formula as alternatives; empty when there are more than MOST_ALTERNATIVES."""
    match formula:
        case d.Quorum():
            return (((formula.count, tuple((_principal(one), 1) for one in formula.principals)),),)
        case d.Points():
            return (((formula.count, tuple((_principal(w), n) for w, n in formula.weights)),),)
        case d.AnyOf():
            return _joined([alternatives(part) for part in formula.parts])
        case d.AllOf():
            made: Alternatives = ((),)
            for part in formula.parts:
                sides = alternatives(part)
                if len(made) * len(sides) > MOST_ALTERNATIVES:
                    return ()
                made = tuple(left + right for left in made for right in sides)
            return made


def _joined(parts: Sequence[Alternatives]) -> Alternatives:
    joined = tuple(clause for part in parts for clause in part)
    return joined if all(parts) and len(joined) <= MOST_ALTERNATIVES else ()


def plain(parts: Sequence[Part]) -> bool:
    """Whether each voter is worth 1 everywhere."""
    return all(weight == 1 for _, weights in parts for _, weight in weights)


@frozen
class Size:
    """How many alternatives a formula has, the most voters that one of them wants, and, of those in
    which points stand beside something else, in how many ways these can be shared out."""

    alternatives: int
    voters: int
    splits: int


def size(formula: d.Formula) -> Size:
    """The size of a formula; counted, not made, and never less than it is."""
    found = _sized(formula)
    return Size(found.alternatives, found.voters, found.mixed)


@frozen
class _Sized:
    alternatives: int
    voters: int
    quorums: int
    """The most ways to share out an alternative of quorums alone,"""
    points: int
    """one of points alone,"""
    mixed: int
    """and one of several parts with points among them."""


def _sized(formula: d.Formula) -> _Sized:
    match formula:
        case d.Quorum():
            return _Sized(1, formula.count, formula.count + 1, 0, 0)
        case d.Points():
            heaviest = max(weight for _, weight in formula.weights)
            ways = (formula.count + 1, 0) if heaviest == 1 else (0, formula.count + 1)
            return _Sized(1, -(-formula.count // heaviest), *ways, 0)
        case d.AnyOf():
            parts = [_sized(part) for part in formula.parts]
            return _Sized(
                sum(one.alternatives for one in parts),
                max(one.voters for one in parts),
                max(one.quorums for one in parts),
                max(one.points for one in parts),
                max(one.mixed for one in parts),
            )
        case d.AllOf():
            parts = [_sized(part) for part in formula.parts]
            weighted = any(one.points or one.mixed for one in parts)
            return _Sized(
                prod(one.alternatives for one in parts),
                sum(one.voters for one in parts),
                prod(one.quorums for one in parts),
                0,
                prod(max(one.quorums, one.points, one.mixed) for one in parts) if weighted else 0,
            )


def in_words(formula: Alternatives) -> str:
    """The formula as the language writes it."""
    return " or ".join(" and ".join(map(_part_in_words, clause)) for clause in formula)


def company_in_words(company: Sequence[str]) -> str:
    """`2 of clerk and 1 of head`: who they are."""
    return " and ".join(f"{company.count(one)} of {_said(one)}" for one in dict.fromkeys(company))


def _part_in_words(part: Part) -> str:
    count, weights = part
    if plain([part]):
        names = [_said(who) for who, _ in weights]
        return f"{count} of {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"
    return f"{count} points of {{ {', '.join(f'{_said(who)}: {n}' for who, n in weights)} }}"


def _said(principal: str) -> str:
    return principal.replace(":", " ")


def _principal(one: d.Principal) -> str:
    match one:
        case d.RoleOf():
            return one.name
        case d.ActorOf():
            return ONE + ".".join(one.path)
        case d.ActorsOf():
            return _SOME + ".".join(one.path)

"""Formulas of deciders, as a gate has them at a time of its clock (LANGUAGE section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gantral.compiler.digest import meaning
from gantral.compiler.formulas import alternatives, shortfall
from gantral.compiler.program import (
    ActorOf,
    ActorsOf,
    AllOf,
    AnyOf,
    Formula,
    Gate,
    Principal,
    RoleOf,
    Widening,
)


def implies(one: Formula, other: Formula) -> bool:
    """Whether every company of voters that meets `one` meets `other`; False where that can't be
    told. One too large to be compared still implies itself."""
    if meaning(one) == meaning(other):
        return True
    return shortfall(alternatives(one), alternatives(other)) is None


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

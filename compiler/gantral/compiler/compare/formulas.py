"""Formulas of deciders, compared (LANGUAGE section 6)."""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.digest import meaning
from gantral.compiler.formulas import alternatives
from gantral.compiler.implication import shortfall
from gantral.compiler.program import (
    ActorOf,
    ActorsOf,
    DecidersOf,
    Formula,
    Principal,
    RoleOf,
    Separation,
)


def implies(one: Formula, other: Formula) -> bool:
    """Whether every company of voters that meets `one` meets `other`; False where that can't be
    told. One too large to be compared still implies itself."""
    if meaning(one) == meaning(other):
        return True
    return shortfall(alternatives(one), alternatives(other)) is None


def named(principals: Iterable[Principal | Separation]) -> frozenset[str]:
    """The principals, or those kept apart, without their places."""
    return frozenset(_key(one) for one in principals)


def _key(principal: Principal | Separation) -> str:
    match principal:
        case RoleOf(name=name):
            return name
        case ActorOf(path=path):
            return f"actor {'.'.join(path)}"
        case ActorsOf(path=path):
            return f"actors {'.'.join(path)}"
        case DecidersOf(gate=gate):
            return f"deciders of {gate}"

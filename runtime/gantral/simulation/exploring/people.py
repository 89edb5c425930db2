"""Who there is: as many of each role as any gate can want, who starts, and one of no role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any, Final

from gantral.evidence.calendar import ticks
from gantral.evidence.trees import keeps_deciders
from gantral.identity import Person
from gantral.simulation.deployment import AUDIENCE, ISSUER, Deployment

STARTER: Final = "starter"
NOBODY: Final = "somebody"
_MOST: Final = 6
_JUST_NOW: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class People:
    """Everybody by name. Those of ``alike`` differ by nothing but their names, role by role."""

    known: Mapping[str, Person]

    def now(self, name: str, moment: datetime, act: int) -> Person:
        """The person as a token tells that was verified a moment ago."""
        at = int(moment.timestamp())
        return replace(
            self.known[name],
            signed_in=at - int(_JUST_NOW.total_seconds()),
            expires=at + 3600,
            token_hash=sha256(f"{name}/{act}".encode()).hexdigest(),
        )


def people(deployment: Deployment, workflow: str, family: Sequence[Mapping[str, Any]]) -> People:
    """Enough people for every gate of the family."""
    start = deployment.programs[workflow].manifest["start_by"]
    wanted: dict[str, int] = {}
    for manifest in family:
        gates = manifest["gates"].values()
        needs = [_needs(gate) for gate in gates]
        apart = any(keeps_deciders(one) for gate in gates for one in gate["apart"])
        for role in {role for one in needs for role in one}:
            counts = [one.get(role, 0) for one in needs]
            wanted[role] = max(wanted.get(role, 0), sum(counts) if apart else max(counts))
        for event in manifest.get("events", {}).values():
            for role in set(event["from"]) - {"initiator"}:
                wanted.setdefault(role, 1)
    names = {STARTER: tuple(start[:1]), NOBODY: ()}
    for role in sorted(wanted):
        for number in range(min(wanted[role], _MOST)):
            names[f"{role}_{number + 1}"] = (role,)
    return People({name: _person(name, roles, deployment.levels) for name, roles in names.items()})


def _person(name: str, roles: tuple[str, ...], levels: tuple[str, ...]) -> Person:
    return Person(
        issuer=ISSUER,
        audience=AUDIENCE,
        claim="sub",
        value=name,
        name=name,
        roles=roles,
        levels=levels,
        signed_in=None,
        expires=0,
        token_hash="0" * 64,
    )


def _needs(gate: Mapping[str, Any]) -> dict[str, int]:
    """role -> how many of it the gate may want, in any case and after each widening."""
    found: dict[str, int] = {}
    for case in gate["decide"]:
        _more(found, _count(case["formula"]))
    _more(found, {one: 1 for one in gate["veto"] if isinstance(one, str)})
    for tick in ticks(gate):
        if tick[1] == "widen":
            narrow = sum(found.get(one, 1) for one in tick[2] if isinstance(one, str))
            _more(found, {one: narrow for one in tick[3] if isinstance(one, str)})
    return found


def _more(found: dict[str, int], other: Mapping[str, int]) -> None:
    for role, count in other.items():
        found[role] = max(found.get(role, 0), count)


def _count(formula: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    if "quorum" in formula:
        count, principals = formula["quorum"]
        return {one: int(count) for one in principals if isinstance(one, str)}
    if "points" in formula:
        count, weights = formula["points"]
        return {
            one: ceil(int(count) / int(weight))
            for one, weight in weights
            if isinstance(one, str) and int(weight) > 0
        }
    for part in formula.get("any", []):
        _more(found, _count(part))
    for part in formula.get("all", []):
        for role, count in _count(part).items():
            found[role] = found.get(role, 0) + count
    return found

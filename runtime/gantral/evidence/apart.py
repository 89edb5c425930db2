"""Who may not decide at a gate (LANGUAGE section 6, ``apart``): persons, and others' deciders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gantral.evidence.envelope import unwrap
from gantral.evidence.trees import keeps_deciders

# gate -> the actor ids of everybody who voted there so far, in whatever round.
Voted = Mapping[str, Collection[str]]


def voters_of(statement: Mapping[str, Any]) -> set[str]:
    """The actor ids of everybody whose vote a decision holds: also what was taken back or replaced
    counts for ``apart deciders of`` (ADR 0115)."""
    decision = statement["decision"]
    if decision == "none":
        return set()
    return {
        str(unwrap(envelope, "authority-decision").statement["human_actor_id"])
        for envelope in decision["votes"]
    }


def kept_out(
    gate: Mapping[str, Any], initiator: str, named: Mapping[str, Collection[str]], voted: Voted
) -> list[str]:
    """Sorted actor ids of everybody that the gate's ``apart`` keeps out. ``named`` are the persons
    of the proposal by pointer."""
    found: set[str] = set()
    for who in gate["apart"]:
        if who == "initiator":
            found.add(initiator)
        elif keeps_deciders(who):
            found.update(voted.get(who["deciders"], ()))
        else:
            found.update(named.get(next(iter(who.values())), ()))
    return sorted(found - {"none"})

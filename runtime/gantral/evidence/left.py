"""What completed children left behind, and what of it the one that ran them undid (ADR 0140).

A child says at its end what stands of its effects, and of its own children's. Its parent may undo
it: the claim and the outcome lie in the folder of the instance whose effect it was, by whose
approval it is undone, and the chain of the one that undid tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.uses import check_outcome, is_undo

Undo = tuple[str, str, str]  # instance, grant, slot


def effect(instance_id: str, call: str) -> str:
    """How a call of another instance is named among what stands."""
    return f"{instance_id}/{call}"


@dataclass
class Left:
    """The effects that completed children left, and the undos that were told. ``stood`` names them
    by ``effect``; ``max_skew`` is in milliseconds."""

    max_skew: int = 0
    stood: set[str] = field(default_factory=set)
    claims: dict[Undo, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[Undo, Mapping[str, Any]] = field(default_factory=dict)

    def leave(self, standing: Iterable[str]) -> None:
        """Enter what a child left as it completed."""
        self.stood.update(standing)

    def claim(self, claim: Mapping[str, Any], now: str) -> None:
        """Enter the claim of an undo, told by a commit at ``now``.

        Raises:
            EvidenceError: ``child_undo``, ``slot_twice``, ``claim_late``.
        """
        place = undo_of(claim)
        if effect(place[0], claim["call"]) not in self.stood or not is_undo(claim["slot"]):
            errors.refuse("child_undo", f"no completed child left {claim['call']} to be undone")
        if place in self.claims:
            errors.refuse("slot_twice", f"slot {claim['slot']} is claimed twice")
        if forms.instant_ms(claim["timestamp"]) > forms.instant_ms(now) + self.max_skew:
            errors.refuse("claim_late", "the claim is younger than the commit that holds it")
        self.claims[place] = claim

    def outcome(self, outcome: Mapping[str, Any], now: str) -> None:
        """Enter the outcome of an undo, told by a commit at ``now``.

        Raises:
            EvidenceError: ``outcome``, ``outcome_twice``, ``outcome_time``.
        """
        place = undo_of(outcome)
        told = place in self.outcomes
        check_outcome(outcome, self.claims.get(place), told, now, self.max_skew)
        self.outcomes[place] = outcome

    def undone(self) -> set[str]:
        """What is told to be undone, by ``effect``: under each approval that it was done under."""
        told: dict[str, bool] = {}
        for place, claim in self.claims.items():
            ended = self.outcomes.get(place)
            done = ended is not None and ended["status"] == "done"
            name = effect(place[0], claim["call"])
            told[name] = told.get(name, True) and done
        return {name for name, done in told.items() if done}

    def standing(self) -> list[str]:
        """What stands, sorted, by ``effect``."""
        return sorted(self.stood - self.undone())

    def without_outcome(self) -> list[str]:
        """Call ids, sorted, of undos whose end is not told."""
        return sorted({c["call"] for place, c in self.claims.items() if place not in self.outcomes})


def undo_of(statement: Mapping[str, Any]) -> Undo:
    """The place of an undo's claim or outcome."""
    return statement["instance_id"], statement["grant"], statement["slot"]

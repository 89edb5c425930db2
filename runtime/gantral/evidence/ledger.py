"""The verifier's book of claimed uses: which call took which slot, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.gate import Grant
from gantral.evidence.planned import approvals_of
from gantral.evidence.uses import (
    check_claim,
    check_outcome,
    check_undo,
    is_undo,
    other_grants,
    surely_alike,
)

Place = tuple[str, str]  # grant, slot


@dataclass
class Ledger:
    """Claims and outcomes in the order in which commits tell them.

    ``max_skew`` is in milliseconds. What is kept grows with the number of uses, which manifests
    bound, not with the chain.
    """

    max_skew: int
    grants: dict[str, Grant] = field(default_factory=dict)
    claims: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    results: dict[str, dict[str, str]] = field(default_factory=dict)

    def claim(self, manifest: Mapping[str, Any], claim: Mapping[str, Any], now: str) -> None:
        """Enter a claim told by a commit at ``now``.

        Raises:
            EvidenceError: ``grant``, ``slot_twice``, ``at_most``, ``call_twice``, ``claim_late``,
                ``alike``, ``alike_unknown`` and the rules of ``check_claim`` and ``check_undo``.
        """
        place = (claim["grant"], claim["slot"])
        grant = self.grants.get(claim["grant"])
        if grant is None:
            raise errors.EvidenceError("grant", f"nothing granted {claim['call']} before its use")
        if place in self.claims:
            errors.refuse("slot_twice", f"slot {claim['slot']} is claimed twice")
        if forms.instant_ms(claim["timestamp"]) > forms.instant_ms(now) + self.max_skew:
            errors.refuse("claim_late", "the claim is younger than the commit that holds it")
        if is_undo(claim["slot"]):
            origin = (claim["grant"], claim["slot"].removeprefix("undo/"))
            effect, ended = self.claims.get(origin), self.outcomes.get(origin)
            if effect is None or ended is None or ended["status"] != "done":
                raise errors.EvidenceError("undo", "only what is known to be done is undone")
            check_undo(manifest, grant, effect, dict(ended["results"]), claim)
        else:
            same = [c for (name, slot), c in self.claims.items() if name == place[0]]
            at_most = int(self.at_most(grant, claim["call"]))
            calls = sum(1 for c in same if c["call"] == claim["call"] and not is_undo(c["slot"]))
            if calls >= at_most:
                errors.refuse("at_most", f"{claim['call']} is planned at most {at_most} times")
            self._once(claim)
            check_claim(manifest, grant, claim, self.results, self.grants, self.max_skew)
            self._check_alike(grant, claim, same)
        self.claims[place] = claim

    def _once(self, claim: Mapping[str, Any]) -> None:
        """A call under several grants claims of all of them in one attempt. The same call id under
        another grant at another time is another call: of a round that has been already."""
        for (_, slot), other in self.claims.items():
            if other["call"] != claim["call"] or is_undo(slot) or other["grant"] == claim["grant"]:
                continue
            if any(other[name] != claim[name] for name in ("run", "attempt", "timestamp")):
                errors.refuse("call_twice", f"{claim['call']} was done under another approval")

    def _check_alike(
        self, grant: Grant, claim: Mapping[str, Any], others: list[Mapping[str, Any]]
    ) -> None:
        gate = grant.manifest_gate
        for one in others:
            if one["call"] == claim["call"] or is_undo(one["slot"]):
                continue
            if not surely_alike(grant, claim, one):
                continue
            if gate["alike"] == "false":
                errors.refuse("alike", f"{claim['call']} does the same as {one['call']}")
            ended = self.outcomes.get((one["grant"], one["slot"]))
            if ended is None or ended["status"] == "unknown":
                errors.refuse(
                    "alike_unknown", f"{claim['call']} does what {one['call']} may have done"
                )

    @staticmethod
    def at_most(grant: Grant, call: str) -> str:
        """How often the plan lets the call of this id run. In a loop each round has its own."""
        plan = grant.planned(call)
        return "1" if plan is None or plan.indexes else str(plan.entry["at_most"])

    def outcome(self, outcome: Mapping[str, Any], now: str) -> None:
        """Enter a signed outcome told by a commit at ``now``.

        Raises:
            EvidenceError: ``outcome``, ``outcome_twice``, ``outcome_time``.
        """
        place = (outcome["grant"], outcome["slot"])
        told = place in self.outcomes
        check_outcome(outcome, self.claims.get(place), told, now, self.max_skew)
        if outcome["status"] != "done" and outcome["results"]:
            errors.refuse("outcome_results", "what was not done has no results")
        if len(dict(outcome["results"])) != len(outcome["results"]):
            errors.refuse("outcome_results", "a result is there twice")
        self.outcomes[place] = outcome
        if outcome["status"] == "done" and not is_undo(outcome["slot"]):
            self.results[outcome["call"]] = dict(outcome["results"])

    def whole(self, manifest: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Demand, once a commit's records are entered, that what was done acted under every
        approval that the program names for it: a use of each is claimed before the service is
        called (ADR 0042, 0114).

        Raises:
            EvidenceError: ``under``.
        """
        if outcome["status"] != "done" or is_undo(outcome["slot"]):
            return
        call = outcome["call"]
        claims = [
            claim
            for (_, slot), claim in self.claims.items()
            if claim["call"] == call and not is_undo(slot)
        ]
        under = {claim["grant"] for claim in claims}
        approvals = [self.grants[name].approval for name in under]
        if sorted(approvals) != sorted(approvals_of(manifest, call)):
            errors.refuse("under", f"{call} did not act under each approval that it wants")
        if any(not other_grants(claim) <= under for claim in claims):
            errors.refuse("under", f"{call} shows data of an approval that it did not act under")

    def standing(self) -> list[str]:
        """Call ids, sorted, of effects that are done or unknown and not known to be undone."""
        found = set()
        for (grant, slot), claim in self.claims.items():
            if is_undo(slot):
                continue
            ended = self.outcomes.get((grant, slot))
            undone = self.outcomes.get((grant, f"undo/{slot}"))
            happened = ended is None or ended["status"] != "not_done"
            if happened and (undone is None or undone["status"] != "done"):
                found.add(claim["call"])
        return sorted(found)

    def without_outcome(self) -> list[str]:
        """Call ids, sorted, of claims whose end is not told."""
        return sorted({c["call"] for place, c in self.claims.items() if place not in self.outcomes})

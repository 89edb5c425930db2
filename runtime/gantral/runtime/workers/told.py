"""Which uses the commits tell, and which lie in the store untold.

A run hears of a use from its effect's answer. It hears nothing when the attempt was lost or ran out
of time, and something else when somebody completed the activity by hand. The claim and the outcome
in the store are what counts, so the evidence worker and the closer add what is untold to the next
commit that may hold it, and list what stands by what is told (FORMAT sections 3 and 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gantral.evidence.envelope import unwrap
from gantral.evidence.ledger import Ledger, Place
from gantral.evidence.left import Left, effect, undo_of
from gantral.evidence.uses import is_undo
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.uses import Use, read_use

# kind of record -> the member that holds its envelope
SEALED: Final = {"use": "claim", "outcome": "outcome"}
# Those of the undo of what a completed child did.
UNDOS: Final = {"child_undo": "claim", "child_undone": "outcome"}


@dataclass
class Told:
    """Claims and outcomes that commits hold, by grant and slot."""

    claims: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    outcomes: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    left: Left = field(default_factory=Left)

    def tell(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Enter a commit's records; their signatures are judged elsewhere.

        Raises:
            EvidenceError: an envelope that can't be read.
        """
        for record in records:
            kind = record["kind"]
            if kind in SEALED:
                said = unwrap(record[SEALED[kind]], kind).statement
                book = self.claims if kind == "use" else self.outcomes
                book[said["grant"], said["slot"]] = said
            elif kind in UNDOS:
                what = "use" if kind == "child_undo" else "outcome"
                said = unwrap(record[UNDOS[kind]], what).statement
                undos = self.left.claims if what == "use" else self.left.outcomes
                undos[undo_of(said)] = said
            elif kind == "child_end":
                self.left.leave(record.get("standing", []))

    def standing(self) -> list[str]:
        """What is done or unknown, and not undone, sorted: call ids, and ``instance/call`` of what
        completed children did."""
        own = Ledger(0, claims=self.claims, outcomes=self.outcomes).standing()
        return sorted([*own, *self.left.standing()])

    def untold(self, chain: Chain) -> list[dict[str, Any]]:
        """Records of what lies in the store and is not told, in the order of its claims.

        Raises:
            EvidenceError, StoreError.
        """
        records: list[dict[str, Any]] = []
        for place, use in _uses(chain):
            if place not in self.claims:
                records.append({"kind": "use", "claim": use.claim.envelope})
            if use.outcome is not None and place not in self.outcomes:
                records.append({"kind": "outcome", "outcome": use.outcome.envelope})
        return records + self._untold_undos(chain)

    def _untold_undos(self, chain: Chain) -> list[dict[str, Any]]:
        """Those of undos of what completed children did: they lie with the children."""
        records: list[dict[str, Any]] = []
        for instance_id in sorted({one.partition("/")[0] for one in self.left.stood}):
            child = Chain(chain.store, chain.trust, chain.team, instance_id)
            for (grant, slot), use in _uses(child):
                call = effect(instance_id, use.claim.statement["call"])
                if call not in self.left.stood or not is_undo(slot):
                    continue
                place = (instance_id, grant, slot)
                if place not in self.left.claims:
                    records.append({"kind": "child_undo", "claim": use.claim.envelope})
                if use.outcome is not None and place not in self.left.outcomes:
                    records.append({"kind": "child_undone", "outcome": use.outcome.envelope})
        return records


def _uses(chain: Chain) -> list[tuple[Place, Use]]:
    found: list[tuple[Place, Use]] = []
    for key in chain.store.list(chain.key("uses")):
        grant, slot = key.removeprefix(chain.key("uses") + "/").removesuffix(".json").split("/", 1)
        use = None if slot.endswith(".outcome") else read_use(chain, grant, slot)
        if use is not None:
            found.append(((grant, slot), use))
    # An undo, and a call that takes another's result, come after what they rest on.
    return sorted(found, key=lambda pair: (pair[1].claim.statement["timestamp"], pair[0]))

"""Uses of a grant: claimed create-exclusive by slot, each ended by a signed outcome.

Tried: under a claim named by call, a reset, a raised retry limit and an attempt slower than its
timeout each ran an effect twice; under one named by slot, none did (DESIGN section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.authority import Cause
from gantral.evidence import AlreadyThere, EvidenceError, seal
from gantral.evidence.bytes import parse_object
from gantral.evidence.envelope import MAX_ENVELOPE, write_envelope
from gantral.evidence.records import CLAIM, OUTCOME
from gantral.evidence.signers import Signer
from gantral.evidence.uses import CLAIM_TYPE, OUTCOME_TYPE
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.grants import NotGranted

_EFFECT = frozenset({"effect"})


@dataclass(frozen=True)
class Sealed:
    """A signed statement as it lies in the store."""

    statement: Mapping[str, Any]
    envelope: dict[str, Any]


@dataclass(frozen=True)
class Use:
    """One claim, and its outcome once there is one."""

    slot: str
    claim: Sealed
    outcome: Sealed | None


@dataclass(frozen=True)
class Book:
    """The uses of one grant in the store; signs with the effect key."""

    chain: Chain
    key: Signer
    grant: str

    def use(self, slot: str) -> Use | None:
        """What lies at a slot. Raises EvidenceError for what no effect key signed."""
        return read_use(self.chain, self.grant, slot)

    def taken(self, uses: int) -> list[Use]:
        """Every claimed slot of 1 to ``uses``, in order."""
        found: list[Use] = []
        for slot in range(1, uses + 1):
            use = self.use(str(slot))
            if use is not None:
                found.append(use)
        return found

    def of_call(self, uses: int, call: str) -> Use | None:
        """The use that this call claimed, None when it has not."""
        return next((use for use in self.taken(uses) if use.claim.statement["call"] == call), None)

    def claim(self, slot: str, members: Mapping[str, Any]) -> Sealed | None:
        """Claim a slot, create-exclusive; None when somebody else was first."""
        statement = {**members, "type": CLAIM_TYPE, "grant": self.grant, "slot": slot}
        CLAIM.require(statement)
        return self._put("use", f"{slot}.json", statement)

    def end(self, use: Use, status: str, results: Sequence[Sequence[str]], at: str) -> Sealed:
        """Put the outcome of a use; the one that lies there already if another attempt was
        first."""
        claim = use.claim.statement
        names = ("call", "instance_id", "operation", "owning_team_id")
        statement = {
            **{name: claim[name] for name in names},
            "type": OUTCOME_TYPE,
            "grant": self.grant,
            "slot": use.slot,
            "status": status,
            "results": [list(pair) for pair in results],
            "timestamp": max(at, claim["timestamp"]),
        }
        name = f"{use.slot}.outcome.json"
        put = self._put("outcome", name, statement)
        there = put or _read(self.chain, "outcome", self._key(name))
        if there is None:
            # A store that loses what it has said is there; nothing here can bring that about.
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the outcome was put and is not there")
        return there

    def _key(self, name: str) -> str:
        return _use_key(self.chain, self.grant, name)

    def _put(self, kind: str, name: str, statement: Mapping[str, Any]) -> Sealed | None:
        envelope = seal(kind, statement, self.key)
        try:
            self.chain.store.put(self._key(name), write_envelope(envelope))
        except AlreadyThere:
            return None
        return Sealed(dict(statement), envelope)


def read_use(chain: Chain, grant: str, slot: str) -> Use | None:
    """The use of a grant at a slot, None when it is free.

    Raises:
        EvidenceError: what lies there is no claim that an effect key signed, of this very place.
    """
    claim = _read(chain, "use", _use_key(chain, grant, f"{slot}.json"))
    if claim is None:
        return None
    CLAIM.require(claim.statement)
    outcome = _read(chain, "outcome", _use_key(chain, grant, f"{slot}.outcome.json"))
    if outcome is not None:
        OUTCOME.require(outcome.statement)
    for sealed in (claim, *([outcome] if outcome else [])):
        if (sealed.statement["grant"], sealed.statement["slot"]) != (grant, slot):
            raise EvidenceError("place", f"the use at slot {slot} is of another place")
    return Use(slot, claim, outcome)


def claim_slot(
    book: Book,
    gate: Mapping[str, Any],
    members: Mapping[str, Any],
    same: Callable[[Mapping[str, Any]], bool],
) -> tuple[Use, bool]:
    """Claim the first free slot for a call that has none yet: the use and True; or the use that
    another attempt of this very call claimed in the meantime, and False. ``same``: whether another
    call's claim is of this operation with equal arguments. Slots fill in order, so whoever takes
    one has looked at every claim before it.

    Raises:
        NotGranted: spent: no slot is left, or an equal call took one.
    """
    uses = int(gate["uses"])
    for number in range(1, uses + 1):
        slot = str(number)
        there = book.use(slot)
        if there is None:
            sealed = book.claim(slot, members)
            if sealed is not None:
                return Use(slot, sealed, None), True
            there = book.use(slot)
        if there is None:
            # Only a store that loses things comes here; the next slot can't be known to be free.
            raise NotGranted(Cause.SPENT, "the slot was taken and is not there")
        claim = there.claim.statement
        if claim["call"] == members["call"]:
            return there, False
        ended = there.outcome.statement["status"] if there.outcome else "unknown"
        if (gate["alike"] == "true" and ended != "unknown") or not same(claim):
            continue
        why = "did the same under this approval already"
        if gate["alike"] == "true":
            why = "did the same, and nobody knows whether it happened"
        own = book.of_call(uses, members["call"])
        if own is not None:
            return own, False
        raise NotGranted(Cause.SPENT, f"{claim['call']} {why}")
    raise NotGranted(Cause.SPENT, f"all {uses} uses of this approval are claimed")


def _use_key(chain: Chain, grant: str, name: str) -> str:
    return chain.key("uses", grant, *name.split("/"))


def _read(chain: Chain, kind: str, key: str) -> Sealed | None:
    data = chain.store.get(key)
    if data is None:
        return None
    opened = chain.open(data, kind, _EFFECT)
    return Sealed(opened.statement, parse_object(data, MAX_ENVELOPE))

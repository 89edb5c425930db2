"""Signed erasures of texts, and legal holds, as a store keeps them (FORMAT sections 4, 7, 9).

An erasure lies in the instance's folder and travels with its evidence. A hold is the operator's
own: it lies apart, under ``_holds/``, and no evidence carries it (docs/adr/0171).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.bytes import canonical
from gantral.evidence.envelope import Sealed, judge, read_envelope, seal, write_envelope
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import ZERO, H
from gantral.evidence.records import ERASURE, HOLD
from gantral.evidence.schema import Form
from gantral.evidence.signers import Signer
from gantral.evidence.store import AlreadyThere, Store
from gantral.evidence.trust import TrustFile

_USE = frozenset({"erasure"})
# Of leaves in one erasure: a statement may have 1 MiB, and one leaf takes 67 bytes.
_MOST_LEAVES = 10_000
_RACES = 8


@dataclass(frozen=True)
class Erased:
    """When a text was erased and why."""

    timestamp: str
    reason: str

    def __str__(self) -> str:
        return f"(erased on {self.timestamp[:10]}: {self.reason})"


def said_of(sealed: Iterable[Sealed]) -> dict[str, Erased]:
    """leaf -> its erasure; of several the earliest."""
    found: dict[str, Erased] = {}
    for one in sorted(sealed, key=lambda one: (str(one.statement["timestamp"]), one.hash)):
        for leaf in one.statement["leaves"]:
            found.setdefault(leaf, Erased(one.statement["timestamp"], one.statement["reason"]))
    return found


def erasures(store: Store, trust: TrustFile, team: str, instance_id: str) -> list[Sealed]:
    """The erasures of an instance.

    Raises:
        StoreError. EvidenceError: one is not signed as it must be.
    """
    prefix, found = f"{team}/{instance_id}/erasures", []
    for key in store.list(prefix):
        sealed = _judged(store.get(key) or b"", "erasure", ERASURE, trust, team, instance_id)
        if key != f"{prefix}/{sealed.hash}.json":
            errors.refuse("erasure_name", f"{key} is not named by its hash")
        found.append(sealed)
    return found


def erasure_parts(
    team: str,
    instance_id: str,
    leaves: Iterable[str],
    reason: str,
    now: str,
    key: Signer,
    trust: TrustFile,
) -> Iterator[tuple[str, bytes]]:
    """Signed erasures of these leaves, by their keys in the store.

    Raises:
        EvidenceError: the key may not sign it, now and for this team.
    """
    ordered = sorted(leaves)
    for start in range(0, len(ordered), _MOST_LEAVES):
        statement = {
            "type": "gantral.dev/erasure/v1",
            "instance_id": instance_id,
            "owning_team_id": team,
            "leaves": ordered[start : start + _MOST_LEAVES],
            "reason": reason,
            "timestamp": now,
        }
        data = write_envelope(seal("erasure", statement, key))
        sealed = _judged(data, "erasure", ERASURE, trust, team, instance_id)
        yield f"{team}/{instance_id}/erasures/{sealed.hash}.json", data


@dataclass(frozen=True)
class Holds:
    """An instance's holds and releases in turn. Every method raises StoreError, and EvidenceError
    when what lies there is not whole and signed: then nobody can say that nothing is held."""

    store: Store
    trust: TrustFile
    team: str
    instance_id: str

    def all(self) -> list[Mapping[str, Any]]:
        """Each statement, oldest first."""
        found: list[Mapping[str, Any]] = []
        previous = ZERO
        for key in self.store.list(f"_holds/{self.team}/{self.instance_id}"):
            data = self.store.get(key) or b""
            sealed = _judged(data, "hold", HOLD, self.trust, self.team, self.instance_id)
            one = sealed.statement
            wanted = "released" if len(found) % 2 else "held"
            if (
                key != self._key(len(found))
                or one["number"] != str(len(found))
                or (one["previous"], one["standing"]) != (previous, wanted)
            ):
                errors.refuse("holds", f"{key} does not follow the one before it")
            found.append(one)
            previous = sealed.hash
        return found

    def standing(self) -> Mapping[str, Any] | None:
        """The hold under which it is, or None."""
        found = self.all()
        return found[-1] if found and found[-1]["standing"] == "held" else None

    def put(self, standing: str, reason: str, now: str, key: Signer) -> bool:
        """Put a hold (``held``) or a release (``released``); False when it is so already."""
        for _ in range(_RACES):
            found = self.all()
            if (found[-1]["standing"] if found else "released") == standing:
                return False
            statement = {
                "type": "gantral.dev/hold/v1",
                "instance_id": self.instance_id,
                "owning_team_id": self.team,
                "number": str(len(found)),
                "previous": H("hold", canonical(dict(found[-1]))) if found else ZERO,
                "standing": standing,
                "reason": reason,
                "timestamp": now,
            }
            data = write_envelope(seal("hold", statement, key))
            _judged(data, "hold", HOLD, self.trust, self.team, self.instance_id)
            try:
                self.store.put(self._key(len(found)), data)
            except AlreadyThere:
                continue  # somebody else's came first: look again
            return True
        raise EvidenceError("holds", "too many people hold and release it at once")

    def _key(self, number: int) -> str:
        return f"_holds/{self.team}/{self.instance_id}/{number:08d}.json"


def _judged(
    data: bytes, kind: str, form: Form, trust: TrustFile, team: str, instance_id: str
) -> Sealed:
    sealed = read_envelope(data, kind)
    statement = sealed.statement
    form.require(statement)
    if (statement["owning_team_id"], statement["instance_id"]) != (team, instance_id):
        errors.refuse("other_instance", f"the {kind} is of another instance")
    if not forms.is_instant(statement["timestamp"]):
        errors.refuse("instant", f"the time of the {kind} is no instant")
    judge(sealed, trust, _USE, team, statement["timestamp"])
    return sealed

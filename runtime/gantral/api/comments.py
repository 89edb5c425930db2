"""What people ask or say at a gate that waits, without deciding (docs/adr/0180).

A comment is sealed by the decision key and lies in the drafts, ``team/instance/comments/…``: it is
no evidence, no run and no verifier reads it, and it goes when texts of its instance are erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gantral.api.sealing import put_envelope
from gantral.evidence import AlreadyThere, EvidenceError, Store, TrustFile, seal
from gantral.evidence.envelope import judge, read_envelope
from gantral.evidence.signers import Signer

_KIND: Final = "comment"
_FOLDER: Final = "comments"
_MEMBERS: Final = {
    "type", "instance_id", "owning_team_id", "gate", "round", "number", "human_actor_id", "name",
    "text", "timestamp",
}  # fmt: skip


@dataclass(frozen=True)
class Comment:
    """One comment. ``actor`` is who said it, ``name`` the claim's value; ``number`` counts from 1
    at its gate and round."""

    gate: str
    round: str
    number: int
    actor: str
    name: str
    text: str
    at: str


class Comments:
    """The comments of a deployment: reads those that its decision key sealed, and no other.

    Methods raise StoreError.
    """

    def __init__(self, drafts: Store, trust: TrustFile, key: Signer) -> None:
        self._drafts = drafts
        self._trust = trust
        self._key = key

    def of(self, team: str, instance_id: str) -> list[Comment]:
        """Every comment of an instance, the oldest first."""
        found = [
            one
            for key in list(self._drafts.list(f"{team}/{instance_id}/{_FOLDER}"))
            if (one := self._read(team, instance_id, key)) is not None
        ]
        return sorted(found, key=lambda one: (one.at, one.gate, one.number))

    def put(self, team: str, instance_id: str, said: Comment) -> bool:
        """Seal one and put it; False when another has its number already."""
        statement = {
            "type": f"gantral.dev/{_KIND}/v1",
            "instance_id": instance_id,
            "owning_team_id": team,
            "gate": said.gate,
            "round": said.round,
            "number": str(said.number),
            "human_actor_id": said.actor,
            "name": said.name,
            "text": said.text,
            "timestamp": said.at,
        }
        key = f"{team}/{instance_id}/{_FOLDER}/{_file(statement)}"
        try:
            put_envelope(self._drafts, key, seal(_KIND, statement, self._key))
        except AlreadyThere:
            return False
        return True

    def _read(self, team: str, instance_id: str, key: str) -> Comment | None:
        """None for what was erased meanwhile, and for what nobody of ours sealed for this place."""
        data = self._drafts.get(key)
        if data is None:
            return None
        try:
            sealed = read_envelope(data, _KIND)
            said = sealed.statement
            at = str(said.get("timestamp"))
            judge(sealed, self._trust, frozenset({"decision"}), team, at)
        except EvidenceError:
            return None
        if (
            said.keys() != _MEMBERS
            or (said["instance_id"], said["owning_team_id"]) != (instance_id, team)
            or key.rpartition("/")[2] != _file(said)
        ):
            return None
        return Comment(
            gate=said["gate"],
            round=said["round"],
            number=int(said["number"]),
            actor=said["human_actor_id"],
            name=said["name"],
            text=said["text"],
            at=at,
        )


def _file(said: Mapping[str, str]) -> str:
    return f"{said['gate']}-{said['round']}-{said['number']}.json"


def counted(keys: Iterable[str]) -> dict[str, int]:
    """instance -> how many comments lie among the keys of the drafts."""
    found: dict[str, int] = {}
    for key in keys:
        parts = key.split("/")
        if len(parts) == 4 and parts[2] == _FOLDER:
            found[parts[1]] = found.get(parts[1], 0) + 1
    return found

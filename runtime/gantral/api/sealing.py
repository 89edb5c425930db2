"""What the decision key signs: submissions, votes, refusals; and the salted texts they bind.

The key and the pepper live here alone. Nothing is sealed before the token was verified and the
rules were asked (FORMAT section 5).
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gantral.evidence import AlreadyThere, H, Store, actor_id, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.evidence.hashes import context_hash, leaf
from gantral.evidence.signers import Signer
from gantral.identity import Person, RoleMap, instant

NONE = "none"


@dataclass(frozen=True)
class Text:
    """One salted text: ``leaf`` names its file, ``data`` is its bytes (FORMAT section 4)."""

    leaf: str
    data: bytes


def text(instance_id: str, path: str, value: Any) -> Text:
    """A text under a fresh salt of 128 bits."""
    parts = [secrets.token_hex(16), instance_id, path, value]
    return Text(leaf(parts), canonical(parts))


def put_texts(store: Store, team: str, instance_id: str, texts: Sequence[Text]) -> None:
    """Put every text; a leaf is salted, so what is there already is the same.

    Raises:
        StoreError.
    """
    for one in texts:
        try:
            store.put(f"{team}/{instance_id}/texts/{one.leaf}.json", one.data)
        except AlreadyThere:
            continue


@dataclass(frozen=True)
class Seal:
    """The deployment's decision key, pepper and role mapping.

    ``environment`` marks what is sealed as development or production evidence; ``retention`` is how
    long that is to be kept.
    """

    key: Signer
    pepper: bytes
    role_map: RoleMap
    environment: str
    retention: timedelta

    @property
    def role_map_hash(self) -> str:
        """H(role-map, canonical mapping): what the roles in a vote were read by."""
        return H("role-map", canonical(self.role_map.statement()))

    def actor(self, person: Person) -> str:
        """The person's actor id."""
        return actor_id(self.pepper, person.issuer, person.claim, person.value)

    def actor_of(self, person: Person, value: str) -> str:
        """The actor id of another person, named by the same claim of the same issuer."""
        return actor_id(self.pepper, person.issuer, person.claim, value)

    def instance_id(self, *key: Any) -> str:
        """A UUID (RFC 9562 version 8) that the key alone gives and nobody without the pepper."""
        message = b"gantral.dev/instance/v1\n" + canonical(list(key))
        digest = bytearray(hmac.new(self.pepper, message, sha256).digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return str(uuid.UUID(bytes=bytes(digest)))

    def assurance(self, person: Person, level: str, identity: Text) -> dict[str, str]:
        """Member ``assurance`` of a submission or a vote."""
        return {
            "iss": person.issuer,
            "aud": person.audience,
            "level": level,
            "auth_time": NONE if person.signed_in is None else instant(person.signed_in),
            "token_hash": person.token_hash,
            "role_map": self.role_map_hash,
            "identity": identity.leaf,
        }

    def identity(self, person: Person, instance_id: str) -> Text:
        """The erasable text that says who an actor id is."""
        return text(instance_id, f"/identity/{self.actor(person)}", person.value)

    def submission(
        self,
        person: Person,
        manifest: Mapping[str, Any],
        version_id: str,
        instance_id: str,
        context: Sequence[Sequence[str]],
        business_key: Text | None,
        identity: Text,
        now: datetime,
        started_from: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The sealed submission that CREATED rests on. ``started_from``: the ended instance that
        it was started from, and the artifact that ended that one."""
        level = person.levels[0] if person.levels else NONE
        return seal(
            "submission",
            {
                "type": "gantral.dev/submission/v1",
                "instance_id": instance_id,
                "owning_team_id": manifest["owning_team_id"],
                "workflow_id": manifest["workflow_id"],
                "workflow_version_id": version_id,
                "human_actor_id": self.actor(person),
                "context_hash": context_hash(context),
                "business_key": business_key.leaf if business_key else NONE,
                "parent_artifact_hash": NONE,
                "retain_until": stamp(now + self.retention),
                "environment": self.environment,
                "timestamp": stamp(now),
                "assurance": self.assurance(person, level, identity),
                **({"started_from": dict(started_from)} if started_from else {}),
            },
            self.key,
        )


def stamp(moment: datetime) -> str:
    """A moment as evidence writes it, cut to the millisecond."""
    return instant(moment.astimezone(UTC).timestamp())


def put_envelope(store: Store, key: str, envelope: Mapping[str, Any]) -> None:
    """Put an envelope's exact bytes, create-exclusive.

    Raises:
        AlreadyThere, StoreError.
    """
    store.put(key, write_envelope(envelope))

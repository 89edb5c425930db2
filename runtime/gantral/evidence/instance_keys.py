"""One key an instance, with which its values in Temporal's history are sealed (docs/adr/0190).

It lies beside the texts, in the store that can delete, under ``_keys/TEAM/INSTANCE.key``: no
evidence, and in no bundle. Once it is deleted, what history holds of the instance is noise.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass

from gantral.evidence.store import AlreadyThere, Store, StoreError

BYTES = 32


@dataclass(frozen=True)
class InstanceKeys:
    """The keys that a store of evidence and texts holds. Every method raises StoreError."""

    store: Store

    def make(self, team: str, instance_id: str) -> bytes:
        """The instance's key, made unless it is there: before the instance is started."""
        with suppress(AlreadyThere):
            self.store.put(_name(team, instance_id), secrets.token_bytes(BYTES))
        key = self.get(team, instance_id)
        if key is None:
            raise StoreError(f"the key of {instance_id} was put and is not there")
        return key

    def get(self, team: str, instance_id: str) -> bytes | None:
        """The instance's key; None when it is erased, or never was."""
        key = self.store.get(_name(team, instance_id))
        if key is not None and len(key) != BYTES:
            raise StoreError(f"what lies there as the key of {instance_id} is none")
        return key

    def drop(self, team: str, instance_id: str) -> None:
        """Erase the key. No error when it is not there."""
        self.store.delete(_name(team, instance_id))


def _name(team: str, instance_id: str) -> str:
    return f"_keys/{team}/{instance_id}.key"

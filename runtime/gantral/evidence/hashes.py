"""The hashes of evidence (FORMAT sections 1 to 5)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from gantral.evidence.bytes import canonical

ZERO = "0" * 64


def H(kind: str, data: bytes) -> str:  # noqa: N802 - FORMAT's own name
    """SHA-256 of ``"gantral.dev/<kind>/v1\\n"`` and ``data``, lower-case hex (FORMAT section 1)."""
    return sha256(f"gantral.dev/{kind}/v1\n".encode() + data).hexdigest()


def artifact_hash(artifact: Mapping[str, Any]) -> str:
    """SHA-256, untagged, of the artifact's bytes without ``artifact_hash`` (FORMAT section 1)."""
    rest = {name: value for name, value in artifact.items() if name != "artifact_hash"}
    return sha256(canonical(rest)).hexdigest()


def artifact_id(instance_id: str, sequence: int) -> str:
    """UUIDv5(instance_id, "gantral/artifact/" + sequence) (FORMAT section 2)."""
    return str(uuid.uuid5(uuid.UUID(instance_id), f"gantral/artifact/{sequence}"))


def leaf(text: Sequence[str]) -> str:
    """The hash of a text ``[salt, instance_id, path, value]`` (FORMAT section 4)."""
    return H("leaf", canonical(list(text)))


def context_hash(context: Sequence[Sequence[str]]) -> str:
    """The hash of ``[[pointer, leaf], …]``, which is sorted by pointer (FORMAT section 4)."""
    return H("context", canonical([list(pair) for pair in context]))


def records_hash(prev_commit_hash: str, records: Sequence[Mapping[str, Any]]) -> str:
    """The hash of a commit's records, tied to their place in the chain (FORMAT section 3)."""
    statement = {
        "prev_commit_hash": prev_commit_hash,
        "records": [dict(record) for record in records],
    }
    return H("records", canonical(statement))


def decision_hash(decision: Mapping[str, Any]) -> str:
    """The hash of a commit's decision, votes or submission (FORMAT section 5)."""
    return H("decision", canonical(dict(decision)))

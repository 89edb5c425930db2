"""The hashes of evidence (FORMAT sections 1 to 5)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha1, sha256
from typing import Any

from gantral.evidence.bytes import MAX_BYTES, canonical, parse
from gantral.evidence.forms import HEX32

ZERO = "0" * 64


def H(kind: str, data: bytes) -> str:  # noqa: N802 - FORMAT's own name
    """SHA-256 of ``"gantral.dev/<kind>/v1\\n"`` and ``data``, lower-case hex (FORMAT section 1)."""
    return sha256(_tag(kind) + data).hexdigest()


@lru_cache(maxsize=64)
def _tag(kind: str) -> bytes:
    return f"gantral.dev/{kind}/v1\n".encode()


def artifact_hash(artifact: Mapping[str, Any]) -> str:
    """SHA-256, untagged, of the artifact's bytes without ``artifact_hash`` (FORMAT section 1)."""
    rest = {name: value for name, value in artifact.items() if name != "artifact_hash"}
    return sha256(canonical(rest)).hexdigest()


def artifact_id(instance_id: str, sequence: int) -> str:
    """UUIDv5(instance_id, "gantral/artifact/" + sequence) (FORMAT section 2)."""
    return _uuid5(instance_id, b"gantral/artifact/%d" % sequence)


def child_id(instance_id: str, call: str) -> str:
    """UUIDv5(instance_id, "gantral/child/" + call id): the instance that a call of `run workflow`
    starts, the same however often it is tried (FORMAT section 5)."""
    return _uuid5(instance_id, b"gantral/child/" + call.encode())


def keyed_id(pepper: bytes, *key: Any) -> str:
    """A UUID (RFC 9562 version 8) that the key alone gives and nobody without the team's pepper:
    the instance of a workflow that runs once per key."""
    message = b"gantral.dev/instance/v1\n" + canonical(list(key))
    digest = bytearray(hmac.new(pepper, message, sha256).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    name = digest.hex()
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"


def _uuid5(space_id: str, text: bytes) -> str:
    # By hand (RFC 9562, version 5): the uuid module takes five times as long, and the verifier
    # asks for each artifact.
    space = bytes.fromhex(space_id.replace("-", ""))
    if len(space) != 16:
        raise ValueError(f"no UUID: {space_id[:40]}")
    name = sha1(space + text, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(name[16], 16) & 3]
    return f"{name[:8]}-{name[8:12]}-5{name[13:16]}-{variant}{name[17:20]}-{name[20:32]}"


# The bytes that most texts have, read at a glance: printable ASCII in which JSON escapes nothing.
# What matches is canonical by construction; what does not (other letters, line ends) is parsed.
_PLAIN = r"[ !#-\[\]-~]*"
_TEXT = re.compile(
    rf'\["([0-9a-f]{{32}})","({_PLAIN})","({_PLAIN})","({_PLAIN})"\]\Z'.encode("ascii")
)


def read_text(data: bytes) -> list[str] | None:
    """``[salt, instance_id, path, value]`` of a text's exact bytes; None when it is no such list.

    Raises:
        EvidenceError: ``bytes``.
    """
    if len(data) <= MAX_BYTES and (match := _TEXT.match(data)):
        return [part.decode("ascii") for part in match.groups()]
    text = parse(data)
    if (
        isinstance(text, list)
        and len(text) == 4
        and all(isinstance(part, str) for part in text)
        and HEX32.match(text[0])
    ):
        return text
    return None


def leaf_of(data: bytes) -> str:
    """``leaf`` of a text's exact bytes, which ``read_text`` has read."""
    return H("leaf", data)


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

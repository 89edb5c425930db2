"""DSSE envelopes, written and read by hand: library readers are too lenient (FORMAT section 1)."""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

from gantral.evidence.bytes import MAX_BYTES, canonical, parse_object
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import H
from gantral.evidence.signers import Signer
from gantral.evidence.trust import TrustFile

# Base64 makes 4 of 3; the rest of an envelope is well under 4 KiB.
MAX_ENVELOPE = MAX_BYTES * 4 // 3 + 4096

_HEAD = b'{"payload":"'
_TEMPLATE = re.compile(
    rb'","payloadType":"application/vnd\.gantral\.([a-z-]+)\.v1\+json",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/=]{88})"\}\]\}\Z'
)
_ENVELOPE = {"payload", "payloadType", "signatures"}
_SIGNATURE = {"keyid", "sig"}


class Sealed(NamedTuple):
    """An envelope read strictly, its signature not yet judged. ``hash`` is H(kind, payload): what
    names a commit, a vote, a submission (FORMAT sections 3, 5)."""

    kind: str
    statement: dict[str, Any]
    payload: bytes
    keyid: str
    signature: bytes
    hash: str


class Opened(NamedTuple):
    """An envelope whose signature holds: the statement, its exact bytes, who signed, with what
    use of a key."""

    statement: dict[str, Any]
    payload: bytes
    keyid: str
    use: str
    hash: str


def payload_type(kind: str) -> str:
    """The one payloadType of a kind."""
    return f"application/vnd.gantral.{kind}.v1+json"


def pae(kind: str, payload: bytes) -> bytes:
    """What DSSE signs: the type and the payload, each with its length."""
    name = payload_type(kind).encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def seal(kind: str, statement: Mapping[str, Any], key: Signer) -> dict[str, Any]:
    """Sign ``statement`` as an envelope of ``kind``.

    Raises:
        EvidenceError: ``bytes``, when the statement is outside the profile of FORMAT section 1.
    """
    payload = canonical(dict(statement))
    signature = key.sign(pae(kind, payload))
    return {
        "payload": b64encode(payload).decode("ascii"),
        "payloadType": payload_type(kind),
        "signatures": [{"keyid": key.keyid, "sig": b64encode(signature).decode("ascii")}],
    }


def unwrap(envelope: object, kind: str) -> Sealed:
    """Read an envelope's exact members and its canonical payload; judge no signature.

    Raises:
        EvidenceError: ``envelope`` or ``bytes``.
    """
    if not isinstance(envelope, dict) or envelope.keys() != _ENVELOPE:
        raise EvidenceError("envelope", "an envelope has exactly payload, payloadType, signatures")
    if envelope["payloadType"] != payload_type(kind):
        raise EvidenceError("envelope", f"payloadType is not {payload_type(kind)}")
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise EvidenceError("envelope", "an envelope has exactly one signature")
    one = signatures[0]
    if not isinstance(one, dict) or one.keys() != _SIGNATURE or not isinstance(one["keyid"], str):
        raise EvidenceError("envelope", "a signature has exactly keyid and sig")
    return _read(kind, _base64(envelope["payload"]), one["keyid"], one["sig"])


def _read(kind: str, payload: bytes, keyid: str, sig: object) -> Sealed:
    signature = _base64(sig)
    if len(signature) != 64:
        raise EvidenceError("envelope", "a signature has 64 bytes")
    statement = parse_object(payload)
    if statement.get("type") != f"gantral.dev/{kind}/v1":
        unknown = isinstance(statement.get("type"), str)
        raise EvidenceError(
            "version",
            f"the statement's type is {statement.get('type')!r:.60}, not gantral.dev/{kind}/v1",
            inconclusive=unknown,
        )
    return Sealed(kind, statement, payload, keyid, signature, H(kind, payload))


def judge(sealed: Sealed, trust: TrustFile, uses: frozenset[str], team: str, at: str) -> Opened:
    """Demand that a key of one of these uses, of this team, valid at ``at``, signed it.

    Raises:
        EvidenceError: ``key_unknown`` (inconclusive), ``key_use``, ``key_team``,
            ``key_lifetime``, ``key_compromised`` or ``signature``.
    """
    key = trust.key(sealed.keyid, uses)
    if not key.public.verifies(sealed.signature, pae(sealed.kind, sealed.payload)):
        raise EvidenceError("signature", f"the signature of key {sealed.keyid} does not hold")
    key.check(team, at)
    return Opened(sealed.statement, sealed.payload, sealed.keyid, key.use, sealed.hash)


def open_envelope(
    envelope: object, kind: str, trust: TrustFile, use: str | frozenset[str], team: str, at: str
) -> Opened:
    """``unwrap``, then ``judge``. ``at`` is the instant of the signing, as the statement says.

    Raises:
        EvidenceError: as those two.
    """
    uses = frozenset({use}) if isinstance(use, str) else use
    return judge(unwrap(envelope, kind), trust, uses, team, at)


def read_envelope(data: bytes, kind: str) -> Sealed:
    """``unwrap`` a file's exact bytes.

    Raises:
        EvidenceError: ``bytes``, ``envelope`` or ``version``.
    """
    # An envelope's own bytes leave no choice but its four values, so a template reads what a
    # parser would, and what it matches is canonical by construction once the payload is found to
    # be base64. Anything else goes the long way, which finds the words for what is wrong.
    end = data.find(b'"', len(_HEAD))
    if (
        len(data) <= MAX_ENVELOPE
        and data.startswith(_HEAD)
        and (match := _TEMPLATE.match(data, end))
        and match[1] == kind.encode()
        and (payload := _decoded(data[len(_HEAD) : end])) is not None
    ):
        return _read(kind, payload, match[2].decode(), match[3])
    return unwrap(parse_object(data, MAX_ENVELOPE), kind)


def write_envelope(envelope: Mapping[str, Any]) -> bytes:
    """The file bytes of an envelope: RFC 8785 too.

    Raises:
        EvidenceError: ``bytes``.
    """
    return canonical(dict(envelope), MAX_ENVELOPE)


def _base64(text: object) -> bytes:
    # The texts of JSON, or the bytes that the template cut out.
    data = text.encode() if isinstance(text, str) else text
    if not isinstance(data, bytes):
        raise EvidenceError("envelope", "base64 text is wanted")
    found = _decoded(data)
    if found is None:
        raise EvidenceError("envelope", "not standard padded base64")
    return found


def _decoded(text: bytes) -> bytes | None:
    """The bytes whose one standard padded text this is; None when it is of none."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Unused bits of the last character decode to nothing: only re-encoding shows them, of the last
    # four characters; those before have none.
    tail = binascii.b2a_base64(data[-(len(data) % 3 or 3) :], newline=False)
    return None if len(text) % 4 or tail != text[-4:] else data

"""RFC 3161 time-stamps: a third party's word for when a file was there already. No verdict rests on
one; it is what a thief of keys can't write (docs/evidence/keys.md, "Stolen")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from gantral.evidence.errors import EvidenceError
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

# RFC 3161 section 2.4.1 takes any; these are those that stand.
_DIGESTS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


@dataclass(frozen=True)
class Stamp:
    """``at``: the instant the authority names, UTC; ``authority``: its certificate's subject, or
    "" when only the authority's own file names it."""

    at: datetime
    authority: str


def stamped(data: Iterable[bytes], token: bytes, roots: bytes) -> Stamp:
    """What a time-stamp says of a file.

    data: the file's bytes, in pieces. token: the authority's answer, DER (RFC 3161 section 2.4.2).
    roots: PEM certificates that are trusted to vouch for authorities. The certificates are judged
    at the instant that is stamped: no clock is read, and a token outlives them.

    Raises:
        EvidenceError: ``stamp``, with the reason.
    """
    try:
        certificates = x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise EvidenceError("stamp", "the authority's file holds no PEM certificate") from None
    try:
        answer = decode_timestamp_response(token)
        imprint = answer.tst_info.message_imprint
        digest = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    except Exception:
        # The library's own parser names no closed set for what bytes may be.
        raise EvidenceError(
            "stamp", "the token is no answer of a time-stamping authority"
        ) from None
    if digest is None:
        raise EvidenceError("stamp", "the token is over a digest that is none of SHA-2's")
    hashed = hashlib.new(digest)
    for piece in data:
        hashed.update(piece)
    verifier = VerifierBuilder(roots=certificates).build()
    try:
        verifier.verify(answer, hashed.digest())
    except VerificationError as error:
        raise EvidenceError(
            "stamp", _reason(str(error), imprint.message, hashed.digest())
        ) from None
    except Exception:
        raise EvidenceError("stamp", "the token can't be verified") from None
    at = answer.tst_info.gen_time
    return Stamp(at.astimezone(UTC), _subject(answer.signed_data.certificates, certificates))


def _reason(said: str, stamped: bytes, found: bytes) -> str:
    if stamped != found:
        return "the token is for other bytes than this file's"
    return f"the token does not verify: {said[:120]}"


def _subject(given: Iterable[bytes], roots: Sequence[x509.Certificate]) -> str:
    for der in given:
        one = x509.load_der_x509_certificate(der)
        if one not in roots:
            return one.subject.rfc4514_string()
    return ""

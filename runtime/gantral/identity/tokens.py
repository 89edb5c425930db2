"""Is this token the provider's, for us, and in time? Pure: the keys and the clock are given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from gantral.identity.keys import FAMILIES, KeySet
from gantral.identity.refusal import Refused

_MOST_BYTES = 16 * 1024
# An ID token says JWT or nothing, an access token at+jwt (RFC 9068). A logout token, a DPoP proof
# or a client assertion of the same provider says otherwise and is no token for us.
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
AGAIN = "sign in again, then repeat what you did"


@dataclass(frozen=True)
class Expected:
    """What a good token looks like. ``leeway``: seconds by which the clocks may differ."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway: int = 30

    def __post_init__(self) -> None:
        for algorithm in self.algorithms:
            if algorithm not in FAMILIES:
                raise ValueError(f"{algorithm} is no algorithm that a public key can verify")


@dataclass(frozen=True)
class Token:
    """A verified token. ``hash``: SHA-256 of its bytes, in hex; the token itself is not kept.

    ``issued``, ``expires``, ``signed_in`` are epoch seconds; ``signed_in`` is None where the
    provider does not say when its user last proved who they are (``auth_time``).
    """

    hash: str
    issuer: str
    audience: str
    claims: Mapping[str, Any]
    issued: int
    expires: int
    signed_in: int | None


def verify(token: str, keys: KeySet, expected: Expected, now: datetime) -> Token:
    """Verify a token's form, signature, issuer, audience and times (DESIGN section 8).

    Raises:
        Refused: token_malformed, token_type, token_algorithm, token_key_unknown,
            token_key_ambiguous, token_key_weak, token_signature, token_issuer, token_audience,
            token_expired, token_not_yet, token_claims.
    """
    header = read_header(token)
    algorithm = header.get("alg")
    if algorithm not in expected.algorithms:
        raise Refused("token_algorithm", "the token's algorithm is not one this deployment takes")
    key = keys.find(header.get("kid"), algorithm)
    try:
        payload = jwt.PyJWS().decode_complete(token, key, algorithms=[algorithm])["payload"]
    except jwt.InvalidSignatureError:
        raise Refused("token_signature", "the signature does not fit the token") from None
    except (jwt.PyJWTError, ValueError):
        raise Refused("token_malformed", "the token can't be read") from None
    claims = _object(payload)
    _check_who(claims, expected)
    issued, expires = _check_when(claims, expected, int(now.timestamp()))
    signed_in = claims.get("auth_time")
    if signed_in is not None and not _whole(signed_in):
        raise Refused("token_claims", "auth_time is no whole number of seconds")
    if signed_in is not None and signed_in > now.timestamp() + expected.leeway:
        raise Refused("token_not_yet", "auth_time lies in the future")
    return Token(
        hash=hashlib.sha256(token.encode("ascii")).hexdigest(),
        issuer=expected.issuer,
        audience=expected.audience,
        claims=claims,
        issued=issued,
        expires=expires,
        signed_in=signed_in,
    )


def read_header(token: str) -> Mapping[str, Any]:
    """The header of a token that nobody verified yet: only to find its key.

    Raises:
        Refused: token_malformed, token_type.
    """
    if not token.isascii() or len(token) > _MOST_BYTES or token.count(".") != 2:
        raise Refused("token_malformed", "this is no signed token of three parts")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        raise Refused("token_malformed", "the token's header can't be read") from None
    if "crit" in header or "b64" in header:
        raise Refused("token_malformed", "the token asks for extensions that are not known here")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise Refused("token_malformed", "the token's key id is no text")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Refused("token_type", "this token was made for another purpose")
    return header


def _check_who(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise Refused("token_issuer", "the token is from another issuer")
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if expected.audience not in given:
        raise Refused("token_audience", "the token was made for another application")


def _check_when(claims: Mapping[str, Any], expected: Expected, now: int) -> tuple[int, int]:
    issued: Any = claims.get("iat")
    expires: Any = claims.get("exp")
    before: Any = claims.get("nbf", 0)
    if not (_whole(issued) and _whole(expires) and _whole(before)):
        raise Refused("token_claims", "iat, exp and nbf must be whole numbers of seconds")
    if now >= expires + expected.leeway:
        raise Refused("token_expired", "the token has expired", AGAIN)
    if issued > now + expected.leeway or before > now + expected.leeway:
        raise Refused("token_not_yet", "the token is not valid yet")
    return issued, expires


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _object(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload.decode("utf-8"), object_pairs_hook=_no_double)
    except (ValueError, RecursionError):
        raise Refused("token_malformed", "the token's claims can't be read") from None
    if not isinstance(claims, dict):
        raise Refused("token_malformed", "the token's claims are no object")
    return claims


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a claim stands twice")
    return found

"""Hostile tokens: forged with keys made here, checked against a JWKS document."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from gantral.identity import Expected, KeySet, Refused, verify

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
T = int(NOW.timestamp())
ISSUER = "https://idp.example"
EXPECTED = Expected(ISSUER, "gantral", ("RS256",))
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS = {"iss": ISSUER, "aud": "gantral", "sub": "maria", "iat": T, "exp": T + 600}


def jwk(key: Any, kid: str | None = "one", **members: Any) -> dict[str, Any]:
    document = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    del document["key_ops"]
    return {**document, **({"kid": kid} if kid else {}), **members}


KEYS = KeySet.read({"keys": [jwk(KEY)]})


def token(changes: dict[str, Any] | None = None, *, key: Any = KEY, alg: str = "RS256",
          header: dict[str, Any] | None = None) -> str:  # fmt: skip
    claims = {**CLAIMS, **(changes or {})}
    claims = {name: value for name, value in claims.items() if value is not ...}
    wanted = {"kid": "one", **(header or {})}
    return jwt.encode(claims, key, alg, {k: v for k, v in wanted.items() if v is not ...})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned() -> str:
    head = {"alg": "none", "kid": "one", "typ": "JWT"}
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(CLAIMS).encode())}."


def hmac_with_public_key() -> str:
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "kid": "one", "typ": "JWT"}
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(CLAIMS).encode())}"
    return f"{signed}.{b64(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def tampered() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{b64(json.dumps({**CLAIMS, 'groups': ['fin-managers']}).encode())}.{signature}"


def cut() -> str:
    signed, signature = token().rsplit(".", 1)
    return f"{signed}.{b64(base64.urlsafe_b64decode(signature + '==')[:-6])}"


def double_claim() -> str:
    head = token().split(".")[0]
    twice = json.dumps(CLAIMS).encode()[:-1] + b', "sub": "carol"}'
    signed = f"{head}.{b64(twice)}"
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
        signed.encode(), KEY
    )
    return f"{signed}.{b64(signature)}"


def test_a_good_token() -> None:
    found = verify(token({"auth_time": T - 60}), KEYS, EXPECTED, NOW)
    assert found.claims["sub"] == "maria"
    assert found.signed_in == T - 60
    assert found.expires == T + 600
    assert len(found.hash) == 64


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", ...])
def test_the_types_that_are_tokens_for_us(kind: Any) -> None:
    assert verify(token(header={"typ": kind}), KEYS, EXPECTED, NOW)


def test_an_audience_among_several_and_clocks_that_differ_a_little() -> None:
    good = token({"aud": ["other", "gantral"], "iat": T + 20, "nbf": T + 20, "exp": T - 20})
    assert verify(good, KEYS, EXPECTED, NOW)


HOSTILE: list[tuple[str, Callable[[], str], str]] = [
    ("issuer", lambda: token({"iss": ISSUER + "/"}), "token_issuer"),
    ("no issuer", lambda: token({"iss": ...}), "token_issuer"),
    ("audience", lambda: token({"aud": "gantral2"}), "token_audience"),
    ("audience that contains ours", lambda: token({"aud": "gantral other"}), "token_audience"),
    ("no audience", lambda: token({"aud": ...}), "token_audience"),
    ("alg none", unsigned, "token_algorithm"),
    ("hmac with the public key", hmac_with_public_key, "token_algorithm"),
    ("another algorithm of the same key", lambda: token(alg="RS512"), "token_algorithm"),
    ("expired", lambda: token({"exp": T - 30}), "token_expired"),
    ("no expiry", lambda: token({"exp": ...}), "token_claims"),
    ("expiry as text", lambda: token({"exp": str(T + 600)}), "token_claims"),
    ("expiry as a fraction", lambda: token({"exp": T + 600.5}), "token_claims"),
    ("boolean expiry", lambda: token({"exp": True}), "token_claims"),
    ("no issue time", lambda: token({"iat": ...}), "token_claims"),
    ("from the future", lambda: token({"iat": T + 60, "exp": T + 900}), "token_not_yet"),
    ("not before", lambda: token({"nbf": T + 60}), "token_not_yet"),
    ("signed in tomorrow", lambda: token({"auth_time": T + 86400}), "token_not_yet"),
    ("unknown kid", lambda: token(header={"kid": "two"}), "token_key_unknown"),
    ("kid of another type", lambda: number_as_kid(), "token_malformed"),
    ("another's key", lambda: token(key=OTHER), "token_signature"),
    ("tampered", tampered, "token_signature"),
    ("cut", cut, "token_signature"),
    ("no signature", lambda: token().rsplit(".", 1)[0] + ".", "token_signature"),
    ("logout token", lambda: token(header={"typ": "logout+jwt"}), "token_type"),
    ("proof of possession", lambda: token(header={"typ": "dpop+jwt"}), "token_type"),
    ("critical extension", lambda: token(header={"crit": ["exp"], "exp": 1}), "token_malformed"),
    ("its own key in its header", lambda: token(key=OTHER, header={"jwk": jwk(OTHER)}),
     "token_signature"),
    ("a claim twice", double_claim, "token_malformed"),
    ("no token", lambda: "gantral", "token_malformed"),
    ("five parts", lambda: "a.b.c.d.e", "token_malformed"),
    ("not ascii", lambda: token() + "ä", "token_malformed"),
    ("too long", lambda: token({"x": "y" * 20000}), "token_malformed"),
    ("header of junk", lambda: "!!." + token().split(".", 1)[1], "token_malformed"),
]  # fmt: skip


def number_as_kid() -> str:
    head = b64(json.dumps({"alg": "RS256", "kid": 7, "typ": "JWT"}).encode())
    return f"{head}.{token().split('.', 1)[1]}"


@pytest.mark.parametrize(("forged", "rule"), [case[1:] for case in HOSTILE],
                         ids=[case[0] for case in HOSTILE])  # fmt: skip
def test_hostile_tokens_are_refused_by_name(forged: Callable[[], str], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        verify(forged(), KEYS, EXPECTED, NOW)
    assert refused.value.rule == rule
    assert refused.value.challenge.startswith('Bearer realm="gantral", error="invalid_token"')
    assert rule in refused.value.challenge


@pytest.mark.parametrize(
    ("keys", "kid", "rule"),
    [
        ([jwk(KEY), jwk(OTHER)], "one", "token_key_ambiguous"),
        ([jwk(KEY), jwk(KEY)], "one", "token_key_ambiguous"),
        ([jwk(KEY), jwk(OTHER, "two")], ..., "token_key_ambiguous"),
        ([jwk(KEY, use="enc")], "one", "token_key_unknown"),
        ([jwk(KEY, alg="RS512")], "one", "token_key_unknown"),
        ([jwk(KEY, key_ops=["encrypt"])], "one", "token_key_unknown"),
        ([{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}], "one", "token_key_unknown"),
        ([], "one", "token_key_unknown"),
    ],
)
def test_keys_that_leave_a_doubt(keys: list[Any], kid: Any, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        verify(token(header={"kid": kid}), KeySet.read({"keys": keys}), EXPECTED, NOW)
    assert refused.value.rule == rule


def test_a_token_without_kid_where_one_key_alone_can_be_meant() -> None:
    assert verify(token(header={"kid": ...}), KeySet.read({"keys": [jwk(KEY)]}), EXPECTED, NOW)


def test_a_short_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(Refused) as refused, pytest.warns(jwt.InsecureKeyLengthWarning):
        verify(token(key=short), KeySet.read({"keys": [jwk(short)]}), EXPECTED, NOW)
    assert refused.value.rule == "token_key_weak"


def test_an_elliptic_key_for_its_algorithm() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    document = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    keys = KeySet.read({"keys": [{**document, "kid": "one"}]})
    expected = Expected(ISSUER, "gantral", ("ES256",))
    assert verify(token(key=key, alg="ES256"), keys, expected, NOW)
    with pytest.raises(Refused) as refused:
        verify(token(), keys, Expected(ISSUER, "gantral", ("RS256", "ES256")), NOW)
    assert refused.value.rule == "token_key_unknown"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS1"])
def test_algorithms_that_can_not_be_set(algorithm: str) -> None:
    with pytest.raises(ValueError, match="no algorithm"):
        Expected(ISSUER, "gantral", (algorithm,))

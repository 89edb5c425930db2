"""The provider's public keys, as its JWKS document gives them (RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from gantral.identity.refusal import Refused

_LEAST_RSA_BITS = 2048
# Which key types can verify which algorithm. HMAC is not here: its key could not be public.
FAMILIES: Mapping[str, str] = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
    "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
}  # fmt: skip


@dataclass(frozen=True)
class KeySet:
    """The JWK objects that may verify a signature; private and symmetric ones are left out."""

    keys: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, document: Any) -> KeySet:
        """Read a JWKS document.

        Raises:
            ValueError: it is none.
        """
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list):
            raise ValueError("it has no list of keys")
        return cls(tuple(key for key in keys if isinstance(key, dict) and _can_verify(key)))

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The one key for a token's ``kid`` and ``alg``, bound to that algorithm.

        A token without ``kid`` is allowed only where one key alone can be meant (OpenID Connect
        Core section 10.1).

        Raises:
            Refused: token_key_unknown, token_key_ambiguous, token_key_weak.
        """
        fitting = [key for key in self.keys if _fits(key, algorithm)]
        if kid is not None:
            # Two keys of one name are a doubt even when one of them could not verify this token.
            named = [key for key in self.keys if key.get("kid") == kid]
            if len(named) > 1:
                raise Refused(
                    "token_key_ambiguous", "the provider publishes two keys under this key id"
                )
            fitting = [key for key in named if _fits(key, algorithm)]
        if not fitting:
            raise Refused(
                "token_key_unknown",
                "no key of the provider has this key id and algorithm",
                "sign in again: the provider may have changed its keys",
            )
        if len(fitting) > 1:
            raise Refused(
                "token_key_ambiguous",
                "the token names no key and the provider publishes several",
            )
        try:
            key = jwt.PyJWK(dict(fitting[0]), algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Refused("token_key_unknown", "the provider's key can't be read") from None
        if isinstance(key.key, RSAPublicKey) and key.key.key_size < _LEAST_RSA_BITS:
            raise Refused("token_key_weak", f"the key has fewer than {_LEAST_RSA_BITS} bits")
        return key


def _can_verify(key: Mapping[str, Any]) -> bool:
    operations = key.get("key_ops")
    return (
        key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use", "sig") == "sig"
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
        and "d" not in key
    )


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    return key.get("kty") == FAMILIES.get(algorithm) and key.get("alg", algorithm) == algorithm

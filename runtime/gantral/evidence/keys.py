"""Ed25519 keys: sign, verify, and the public keys that are refused (FORMAT section 1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from gantral.evidence.bytes import canonical
from gantral.evidence.errors import EvidenceError

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# The y coordinates of the eight points of small order: 0, 1, -1 and the two of order eight. Under
# such a key one signature fits any message (tried: 64 of 64).
_Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


def keyid_of(public_key: bytes) -> str:
    """SHA-256 of the 32 raw bytes, lower-case hex (FORMAT section 1)."""
    return sha256(public_key).hexdigest()


def check_public_key(raw: bytes) -> None:
    """Refuse what is no canonical point of large order.

    Raises:
        EvidenceError: ``key``, naming the reason (FORMAT section 1).
    """
    if len(raw) != 32:
        raise EvidenceError("key", f"{len(raw)} bytes where an Ed25519 public key has 32")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise EvidenceError("key", "the public key's encoding is not canonical")
    if y in _SMALL_ORDER:
        raise EvidenceError("key", "the public key has small order")
    x2 = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if pow(x2, (_P - 1) // 2, _P) != 1:
        raise EvidenceError("key", "the public key is no point of the curve")


@dataclass(frozen=True)
class PublicKey:
    """A verified public key, loaded once: loading costs more than SHA-256 of a commit."""

    keyid: str
    _key: Ed25519PublicKey

    @staticmethod
    def load(raw: bytes) -> PublicKey:
        """From 32 raw bytes.

        Raises:
            EvidenceError: ``key``.
        """
        check_public_key(raw)
        return PublicKey(keyid_of(raw), Ed25519PublicKey.from_public_bytes(raw))

    def __reduce__(self) -> tuple[Callable[[bytes], PublicKey], tuple[bytes]]:
        # Handed to another process, it is loaded there: the loaded key is of a library's own kind.
        return PublicKey.load, (self._key.public_bytes_raw(),)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` (64 bytes) is this key's over ``data``."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key. Its file is unencrypted PKCS 8 PEM, so other tools can hold it too."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes_raw()
        self.keyid: str = keyid_of(self.public)

    def __repr__(self) -> str:
        return f"SigningKey({self.keyid})"

    @staticmethod
    def generate() -> SigningKey:
        """A fresh key from the system's randomness."""
        return SigningKey(Ed25519PrivateKey.generate())

    @staticmethod
    def from_seed(seed: bytes) -> SigningKey:
        """The key of a 32-byte seed (golden vectors; RFC 8032)."""
        return SigningKey(Ed25519PrivateKey.from_private_bytes(seed))

    @staticmethod
    def load(data: bytes) -> SigningKey:
        """From the PEM that ``dump`` writes.

        Raises:
            EvidenceError: ``key``, when it is no unencrypted Ed25519 private key.
        """
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError) as error:
            raise EvidenceError("key", f"no PKCS 8 PEM of a private key ({error})") from None
        except Exception:
            # The library names no closed set for what it finds in a file; each is a refusal.
            raise EvidenceError("key", "a private key of an unknown algorithm") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise EvidenceError("key", "the private key is not Ed25519")
        return SigningKey(key)

    def dump(self) -> bytes:
        """The PEM bytes of the key's file."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature over ``data``."""
        return self._key.sign(data)


def actor_id(pepper: bytes, issuer: str, claim: str, value: str) -> str:
    """``actor:`` and 128 bits of HMAC-SHA-256 under the team's pepper (FORMAT section 4)."""
    message = b"gantral.dev/actor/v1\n" + canonical([issuer, claim, value])
    return "actor:" + hmac.new(pepper, message, sha256).hexdigest()[:32]

"""Who signs: a key that this process holds, or one in AWS KMS that never leaves it (FORMAT 7)."""

from __future__ import annotations

from typing import Any, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from gantral.evidence.errors import EvidenceError
from gantral.evidence.keys import PublicKey

# What KMS signs at most in one piece (its API reference, Sign). Ed25519 signs the whole message, so
# nothing shorter can stand in its place.
KMS_LIMIT: Final = 4096
_ALGORITHM: Final = "ED25519_SHA_512"
# Seconds, and tries. To sign again changes nothing: this is no emission.
_CONNECT, _READ, _TRIES = 2, 2, 2


class Signer(Protocol):
    """An Ed25519 key that signs. ``public``: 32 raw bytes; ``keyid``: SHA-256 of them, in hex."""

    @property
    def public(self) -> bytes: ...
    @property
    def keyid(self) -> str: ...

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature over ``data``.

        Raises:
            EvidenceError: ``signer``, when the key can't be asked or does not sign.
        """
        ...


class KmsKey:
    """A key of AWS KMS, of the spec ECC_NIST_EDWARDS25519. Safe to use from many threads."""

    def __init__(self, name: str, client: Any) -> None:
        """``name``: what KMS knows the key by, an ARN or an alias; ``client``: boto3's for KMS.

        Raises:
            EvidenceError: ``signer``, when KMS can't be asked; ``key``, when it is another kind of
                key or one that is refused (FORMAT section 1).
        """
        self._name, self._client = name, client
        found = self._asked("get_public_key", KeyId=name)
        if _ALGORITHM not in found["SigningAlgorithms"]:
            raise EvidenceError("key", f"{name} is {found['KeySpec']}, not ECC_NIST_EDWARDS25519")
        try:
            key = load_der_public_key(found["PublicKey"])
        except (ValueError, UnsupportedAlgorithm):
            raise EvidenceError("key", f"what KMS gives as {name} is no public key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise EvidenceError("key", f"{name} is not Ed25519")
        self.public: bytes = key.public_bytes_raw()
        self._verifier = PublicKey.load(self.public)
        self.keyid: str = self._verifier.keyid

    def __repr__(self) -> str:
        return f"KmsKey({self._name})"

    @staticmethod
    def load(name: str) -> KmsKey:
        """The key, by AWS's own configuration (variables, a profile, an instance's role).

        Raises:
            EvidenceError: ``signer`` or ``key``.
        """
        try:
            from boto3.session import Session
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise EvidenceError(
                "signer", "a key at kms: needs boto3: pip install 'gantral[aws]'"
            ) from None
        config = Config(
            connect_timeout=_CONNECT,
            read_timeout=_READ,
            retries={"total_max_attempts": _TRIES, "mode": "standard"},
        )
        # An ARN says its region; an alias is of the one that AWS's own configuration names.
        region = name.split(":")[3] if name.startswith("arn:") and name.count(":") > 4 else None
        try:
            client = Session().client("kms", region_name=region, config=config)
        except (BotoCoreError, ValueError) as error:
            raise EvidenceError(
                "signer", f"AWS's own settings can't be used: {type(error).__name__}"
            ) from None
        return KmsKey(name, client)

    def sign(self, data: bytes) -> bytes:
        """As ``Signer.sign``; what KMS gives is verified before it is believed."""
        if len(data) > KMS_LIMIT:
            raise EvidenceError(
                "signer", f"{len(data)} bytes are to be signed, and KMS signs {KMS_LIMIT} at most"
            )
        signature: bytes = self._asked(
            "sign",
            KeyId=self._name,
            Message=data,
            MessageType="RAW",
            SigningAlgorithm=_ALGORITHM,
        )["Signature"]
        if len(signature) != 64 or not self._verifier.verifies(signature, data):
            raise EvidenceError("signer", f"what {self._name} signed does not verify")
        return signature

    def _asked(self, operation: str, **given: object) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(**given)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise EvidenceError("signer", f"KMS refuses {self._name}: {code}") from None
        except BotoCoreError as error:
            raise EvidenceError("signer", f"KMS gives no answer: {type(error).__name__}") from None

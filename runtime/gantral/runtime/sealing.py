"""What of an instance is readable in Temporal's history; how all else is sealed (docs/adr/0190).

Whatever goes through history travels in an envelope of ours: the members of ``PLAIN`` as they are,
all others in one member ``sealed``: AES-256-SIV (RFC 5297) under the instance's key, bound to the
instance, the place and the plain members. SIV takes no nonce: the same values make the same bytes,
so a replay does. The team's data converter sees JSON and may do with it what it likes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SEALED: Final = "sealed"
# The message of a failure that has no rule to show.
UNTOLD: Final = "its text is sealed with the instance's key"
# Ids, hashes, counts and words of the program, whatever message they stand in: no person's text.
# A member that is not named here is sealed. No run id: a reset gives a run another one, and what it
# was answered before is still its own.
PLAIN: Final = frozenset(
    {
        "team",
        "workflow_id",
        "instance_id",
        "program",
        "call",
        "parents",
        "operation",
        "undo",
        "commit",
        "prev",
        "last_artifact",
        "sequence",
        "states",
        "timestamp",
        "gate",
        "round",
        "cause",
        "environment",
        "state",
        "statement",
        "standing",
        "artifact",
    }
)


class Unsealed(Exception):  # noqa: N818 - what came, not a fault of ours
    """What should have been sealed with the instance's key is not."""


class Sealer:
    """Seals and opens what one instance sends through history.

    Args:
        key: 32 bytes. instance_id: whose it is; part of what every seal is bound to.
    """

    def __init__(self, key: bytes, instance_id: str) -> None:
        self.instance_id = instance_id
        self._key = key

    @cached_property
    def _cipher(self) -> AESSIV:
        return AESSIV(hmac.digest(self._key, b"gantral.dev/sealed/v1", "sha512"))

    def close(self, place: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """The envelope of a message."""
        plain = {name: value for name, value in message.items() if name in PLAIN}
        rest = {name: value for name, value in message.items() if name not in PLAIN}
        return {**plain, SEALED: self.close_value(place, rest, plain)}

    def open(self, place: str, envelope: object) -> dict[str, Any]:
        """The message of an envelope. Raises Unsealed."""
        if not isinstance(envelope, Mapping) or envelope.keys() - PLAIN != {SEALED}:
            raise Unsealed(f"{place} is not sealed with the instance's key")
        plain = plain_of(envelope)
        rest = self.open_value(place, envelope[SEALED], plain)
        if not isinstance(rest, dict) or rest.keys() & PLAIN:
            raise Unsealed(f"{place} is no envelope of this runtime")
        return {**plain, **rest}

    def close_value(self, place: str, value: Any, plain: Mapping[str, Any] | None = None) -> str:
        """Any JSON value, sealed for this place and these plain members beside it."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        data = text.encode("utf-8", "surrogatepass")
        return base64.b64encode(self._cipher.encrypt(data, [self._bound(place, plain)])).decode()

    def open_value(self, place: str, text: object, plain: Mapping[str, Any] | None = None) -> Any:
        """The value that was sealed for this place. Raises Unsealed."""
        try:
            data = base64.b64decode(str(text), validate=True)
            opened = self._cipher.decrypt(data, [self._bound(place, plain)])
            return json.loads(opened.decode("utf-8", "surrogatepass"))
        except (InvalidTag, ValueError, binascii.Error, RecursionError):
            raise Unsealed(f"{place} is not sealed with the instance's key") from None

    def for_end(self, child: str) -> bytes:
        """The key that a child of this instance seals its end with: a value that the parent keeps a
        copy of, and that must stay readable for the parent when the child is erased."""
        return hmac.digest(self._key, f"gantral.dev/child-end/v1\n{child}".encode(), "sha256")

    def _bound(self, place: str, plain: Mapping[str, Any] | None) -> bytes:
        return json.dumps([self.instance_id, place, plain or {}], sort_keys=True).encode()


def plain_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an envelope that are not sealed."""
    return {name: value for name, value in envelope.items() if name != SEALED}

"""Signed notes, checkpoints and cosignatures of a transparency log, read strictly (C2SP).

signed-note, tlog-checkpoint, tlog-cosignature: Ed25519 alone, the log's own signature (type 1) and
a witness's, which says when (type 4).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from gantral.evidence import errors
from gantral.evidence.errors import EvidenceError
from gantral.evidence.forms import instant_text
from gantral.evidence.keys import PublicKey

LOG, WITNESS = 1, 4
MOST_NOTE = 1 << 16
MOST_SIZE = 1 << 53
# A name of printable ASCII without space and plus: origins and witnesses are schema-less URLs.
NAME = re.compile(r"[!-*,-~]{1,200}\Z")
_VKEY = re.compile(r"([!-*,-~]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})\Z")
_SIGNATURE = re.compile(r"— ([!-*,-~]{1,200}) ([A-Za-z0-9+/]+={0,2})\Z")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
# Beyond it no instant of ours has a form (the year 9999).
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True)
class NoteKey:
    """A verifier key: a name, how it signs (``LOG`` or ``WITNESS``) and its Ed25519 key."""

    name: str
    kind: int
    public: PublicKey
    raw: bytes

    @property
    def ident(self) -> bytes:
        """The four bytes by which a signature names it."""
        return key_ident(self.name, self.kind, self.raw)

    def text(self) -> str:
        """Its vkey."""
        data = b64encode(bytes([self.kind]) + self.raw).decode("ascii")
        return f"{self.name}+{self.ident.hex()}+{data}"

    @staticmethod
    def read(vkey: str, kind: int) -> NoteKey:
        """From its vkey.

        Raises:
            EvidenceError: ``key``: no vkey of this kind, or a key that is refused.
        """
        match = _VKEY.match(vkey)
        data = decode(match[3]) if match else None
        if match is None or data is None or len(data) != 33:
            raise EvidenceError("key", f"no vkey of an Ed25519 key: {vkey:.80}")
        if data[0] != kind:
            wanted = "a log's" if kind == LOG else "a witness's"
            raise EvidenceError("key", f"{match[1]:.80} has a key of type {data[0]}, not {wanted}")
        key = NoteKey(match[1], kind, PublicKey.load(data[1:]), data[1:])
        if key.ident.hex() != match[2]:
            raise EvidenceError("key", f"the vkey of {match[1]:.80} has another key's id")
        return key


def key_ident(name: str, kind: int, raw: bytes) -> bytes:
    """The key ID of signed-note: SHA-256 of name, line end, type and key, its first four bytes."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + raw).digest()[:4]


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree at one size, as its note says, and who signed that note, not judged yet."""

    origin: str
    size: int
    root: bytes
    body: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]  # name, key id, what follows

    def signed(self, key: NoteKey) -> bool:
        """Whether the log's key signed it.

        Raises:
            EvidenceError: ``checkpoint_signature``, for one of its that does not hold.
        """
        return any(self._held(key, self.body, said) for said in self._by(key))

    def cosigned(self, key: NoteKey) -> int | None:
        """The second (since 1970) at which the witness cosigned it, its earliest; None if it did
        not.

        Raises:
            EvidenceError: ``checkpoint_signature``, for one of its that does not hold.
        """
        found: list[int] = []
        for said in self._by(key):
            second = int.from_bytes(said[:8], "big")
            if self._held(key, b"cosignature/v1\ntime %d\n%b" % (second, self.body), said[8:]):
                found.append(second)
        return min(found, default=None)

    def _by(self, key: NoteKey) -> list[bytes]:
        named = (key.name, key.ident)
        return [said for name, ident, said in self.signatures if (name, ident) == named]

    def _held(self, key: NoteKey, message: bytes, signature: bytes) -> bool:
        if len(signature) == 64 and key.public.verifies(signature, message):
            return True
        # A known key's signature that does not hold spoils the note (signed-note, Signatures).
        errors.refuse(
            "checkpoint_signature", f"the signature of {key.name} on a checkpoint does not hold"
        )
        return False


def read_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint's exact bytes; judge no signature.

    Raises:
        EvidenceError: ``checkpoint``.
    """
    if len(data) > MOST_NOTE:
        raise _no(f"it has {len(data)} bytes, at most {MOST_NOTE} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _no("it is not UTF-8") from None
    body, blank, signed = text.rpartition("\n\n")
    if not blank or not signed.endswith("\n"):
        raise _no("it is no signed note")
    lines = body.split("\n")
    if len(lines) != 3:
        # Extension lines mean what nobody can audit: a log of ours writes none.
        raise _no("its text has other lines than origin, size and root")
    root = decode(lines[2])
    if not NAME.match(lines[0]) or not _NUMBER.match(lines[1]) or root is None or len(root) != 32:
        raise _no("its origin, size or root is of another form")
    if int(lines[1]) > MOST_SIZE:
        raise _no("its size is more than a log can have")
    signatures = []
    for line in signed[:-1].split("\n"):
        match = _SIGNATURE.match(line)
        said = decode(match[2]) if match else None
        if match is None or said is None or len(said) < 5:
            raise _no("a line of its signatures is none")
        signatures.append((match[1], said[:4], said[4:]))
    return Checkpoint(
        lines[0], int(lines[1]), root, f"{body}\n".encode(), tuple(signatures)
    )  # fmt: skip


def decode(text: str) -> bytes | None:
    """The bytes of standard padded base64 in its one form, or None."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    # Unused bits of the last character decode to nothing: only re-encoding shows them.
    return data if b64encode(data).decode("ascii") == text else None


def second_text(second: int) -> str:
    """The instant of a cosignature. Raises EvidenceError ``checkpoint`` beyond the calendar."""
    if not 0 <= second <= _LAST_SECOND:
        raise _no("a cosignature's time is none")
    return instant_text(second * 1000)


def _no(why: str) -> EvidenceError:
    return EvidenceError("checkpoint", f"no checkpoint of a log: {why}")

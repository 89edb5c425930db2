"""A log made by hand, with its witnesses: what a verifier is given of one, true or forged."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import SigningKey, canonical, parse
from gantral.evidence.envelope import read_envelope
from gantral.evidence.keys import PublicKey
from gantral.evidence.log_views import entry_paths
from gantral.evidence.logged import Entry, Proof, proof_name
from gantral.evidence.merkle import inclusion_proof, leaf_hash, root_of
from gantral.evidence.notes import LOG, WITNESS, NoteKey
from scenes import Scene

ORIGIN = "log.example/payments"
AT = 1_764_000_000  # 2025-11-24, and later than every key's beginning when it is moved by a year
YEAR = 31_536_000
NAMES = ("w1", "w2", "w3")


def seed(name: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(f"seed {name}".encode()).digest())


def note_key(name: str, kind: int, key: SigningKey) -> NoteKey:
    return NoteKey(name, kind, PublicKey.load(key.public), key.public)


def line(key: NoteKey, said: bytes) -> str:
    return f"— {key.name} {b64encode(key.ident + said).decode()}\n"


@dataclass
class HandLog:
    """Entries, and the keys that sign for them."""

    entries: list[bytes] = field(default_factory=list)
    key: SigningKey = field(default_factory=lambda: seed("log"))
    witnesses: dict[str, SigningKey] = field(
        default_factory=lambda: {name: seed(name) for name in NAMES}
    )
    at: int = AT + YEAR

    def add(self, scene: Scene, upto: int | None = None) -> HandLog:
        """Log the commits of an instance, as a folder has them."""
        for entry in entries_of(scene.files)[:upto]:
            self.entries.append(entry.data())
        return self

    def leaves(self) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries]

    def body(self, size: int, root: bytes | None = None) -> bytes:
        root = root if root is not None else root_of(self.leaves()[:size])
        return f"{ORIGIN}\n{size}\n{b64encode(root).decode()}\n".encode()

    def checkpoint(
        self,
        size: int | None = None,
        by: Sequence[str] = ("w1", "w2"),
        root: bytes | None = None,
        signed: bool = True,
    ) -> bytes:
        body = self.body(len(self.entries) if size is None else size, root)
        lines = []
        if signed:
            lines.append(line(note_key(ORIGIN, LOG, self.key), self.key.sign(body)))
        for name in by:
            message = f"cosignature/v1\ntime {self.at}\n".encode() + body
            said = self.at.to_bytes(8, "big") + self.witnesses[name].sign(message)
            lines.append(line(note_key(f"{name}.example", WITNESS, self.witnesses[name]), said))
        return body + b"\n" + "".join(lines).encode()

    def proof(self, entry: Entry, checkpoint: bytes | None = None) -> bytes:
        note = checkpoint or self.checkpoint()
        size = int(note.split(b"\n")[1])
        leaves = self.leaves()
        index = self.entries.index(entry.data())
        found = inclusion_proof(index, size, lambda begin, end: root_of(leaves[begin:end]))
        return Proof(index, tuple(found), note).write()

    def policy(self, quorum: str = "two") -> str:
        lines = [f"log {note_key(ORIGIN, LOG, self.key).text()}"]
        for name, key in self.witnesses.items():
            lines.append(f"witness {name} {note_key(f'{name}.example', WITNESS, key).text()}")
        lines += ["group two 2 w1 w2 w3", f"quorum {quorum}", ""]
        return "\n".join(lines)

    def tiles(self, size: int | None = None) -> dict[str, bytes]:
        """The log's entries, as tlog-tiles lays them."""
        found, at = {}, 0
        for path, width in entry_paths(len(self.entries) if size is None else size):
            held = self.entries[at : at + width]
            found[path] = b"".join(len(one).to_bytes(2, "big") + one for one in held)
            at += width
        return found


def entries_of(files: dict[str, bytes]) -> list[Entry]:
    """What a log is given of an instance's commits."""
    found = []
    for name in sorted(files):
        if name.startswith("commits/"):
            sealed = read_envelope(files[name], "commit")
            said = sealed.statement
            found.append(
                Entry(said["owning_team_id"], said["instance_id"], int(said["commit"]), sealed.hash)
            )
    return found


def trusting(trust: bytes, own: HandLog, quorum: str = "two", **changes: Any) -> bytes:
    """The trust file, with the log's policy and keys. ``changes``: members of their entries."""
    value: Any = parse(trust)
    some = next(iter(value["keys"].values()))
    for use, keys in (("log", [own.key]), ("witness", list(own.witnesses.values()))):
        for key in keys:
            entry = {**some, "public_key": key.public.hex(), "use": use}
            value["keys"][key.keyid] = {**entry, **changes.get(use, {})}
    value["log"] = own.policy(quorum)
    return canonical(value)


def with_proof(scene: Scene, log: HandLog, checkpoint: bytes | None = None) -> dict[str, bytes]:
    """The instance's files, with the proof of its last commit."""
    last = entries_of(scene.files)[-1]
    return {**scene.files, proof_name(last.number): log.proof(last, checkpoint)}

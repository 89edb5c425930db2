"""A bundle of as many artifacts as are wanted: one published instance, under a new id and signed
anew, again and again. Leaves, artifacts and commits follow from the id, so nothing is the same in
two of them but the program."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.evidence import H, SigningKey, canonical
from gantral.evidence.bundle import CONTENTS_NAME, LINES_NAME, TYPE, place
from gantral.evidence.bytes import encode
from gantral.evidence.envelope import pae, payload_type
from gantral.evidence.hashes import artifact_id
from gantral.evidence.tar import TarWriter

VECTOR = Path(__file__).parents[1] / "docs" / "evidence" / "vectors" / "approved"
TRUST = VECTOR / "trust.json"
ARTIFACTS = 7
_TOKEN = re.compile(rb"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Which key seals what.
_USE = {"commit": "commit", "submission": "decision", "authority-decision": "decision",
        "use": "effect", "outcome": "effect"}  # fmt: skip
Names = dict[bytes, bytes]


def write(path: Path, artifacts: int) -> int:
    """Write a bundle of at least so many artifacts; the number of its instances."""
    number = -(-artifacts // ARTIFACTS)
    ids = [f"{index:08x}-6d0c-4a53-9d0e-2f1f0c6f7b11" for index in range(1, number + 1)]
    listed = sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()
    contents = canonical({
        "type": TYPE, "asked_instances": "all", "asked_since": "none", "asked_team": "none",
        "completeness": "not_shown", "instances": str(number), "instances_hash": listed,
    })  # fmt: skip
    template = Template()
    with path.open("wb", buffering=1 << 20) as file:
        tar = TarWriter(file)
        tar.add("", CONTENTS_NAME, len(contents), [contents])
        for one in ids:
            files = template.files(one)
            for name in sorted(files, key=place):
                tar.add(one, name, len(files[name]), [files[name]])
        tar.end()
    return number


class Template:
    """The published instance in pieces: what changes is found by its old hash."""

    def __init__(self) -> None:
        inputs = json.loads((VECTOR / "inputs.json").read_bytes())
        self._keys = {
            use: SigningKey.from_seed(bytes.fromhex(seed)) for use, seed in inputs["seeds"].items()
        }
        self._old = inputs["instance_id"]
        folder = VECTOR / "instance"
        self._manifest = (folder / "manifest.json").read_bytes()
        self._texts = [
            (one.stem.encode(), one.read_bytes()) for one in sorted((folder / "texts").iterdir())
        ]
        self._commits = [
            _Commit(one.read_bytes()) for one in sorted((folder / "commits").iterdir())
        ]

    def files(self, instance_id: str) -> dict[str, bytes]:
        """The whole folder of an instance of that id."""
        names: Names = {self._old.encode(): instance_id.encode()}

        def renamed(data: bytes) -> bytes:
            return _TOKEN.sub(lambda found: names.get(found[0], found[0]), data)

        files = {"manifest.json": self._manifest}
        for old, data in self._texts:
            new = renamed(data)
            names[old] = H("leaf", new).encode()
            files[f"texts/{names[old].decode()}.json"] = new
        for sequence in range(ARTIFACTS):
            names[artifact_id(self._old, sequence).encode()] = artifact_id(
                instance_id, sequence
            ).encode()
        lines = []
        for number, commit in enumerate(self._commits):
            envelope, made = commit.under(names, renamed, self._seal)
            files[f"commits/{number:08d}.json"] = envelope
            lines += [one + b"\n" for one in made]
        files[LINES_NAME] = b"".join(lines)
        return files

    def _seal(self, kind: str, payload: bytes) -> bytes:
        key = self._keys[_USE[kind]]
        signature = base64.b64encode(key.sign(pae(kind, payload)))
        return b'{"payload":"%b","payloadType":"%b","signatures":[{"keyid":"%b","sig":"%b"}]}' % (
            base64.b64encode(payload), payload_type(kind).encode(), key.keyid.encode(), signature,
        )  # fmt: skip


class _Commit:
    """One commit in pieces; inside it each sealed statement is a mark."""

    def __init__(self, envelope: bytes) -> None:
        payload = base64.b64decode(json.loads(envelope)["payload"])
        self._hash = H("commit", payload).encode()
        self._statement: dict[str, Any] = json.loads(payload)
        self._inside: list[tuple[str, bytes]] = []
        made = self._statement
        self._records = self._marked(made["records"])
        self._decision = self._marked(made["decision"])
        self._context = encode(made["context"])
        self._artifacts = [dict(one) for one in made["artifacts"]]

    def _marked(self, value: Any) -> bytes:
        data = encode(value)
        for one in _envelopes(value):
            data = data.replace(encode(one), b"<%d>" % len(self._inside))
            kind = one["payloadType"].split(".")[2]
            self._inside.append((kind, base64.b64decode(one["payload"])))
        return data

    def under(
        self, names: Names, renamed: Callable[[bytes], bytes], seal: Callable[[str, bytes], bytes]
    ) -> tuple[bytes, list[bytes]]:
        """The commit's envelope and its artifacts; ``names`` learns what follows from it."""
        context = renamed(self._context)
        old = self._statement
        first = old["artifacts"][0] if old["artifacts"] else None
        if first:
            names[first["context_hash"].encode()] = H("context", context).encode()
        sealed = [seal(kind, renamed(payload)) for kind, payload in self._inside]

        def whole(data: bytes) -> bytes:
            return re.sub(rb"<([0-9]+)>", lambda found: sealed[int(found[1])], renamed(data))

        records, decision = whole(self._records), whole(self._decision)
        before = renamed(old["prev_commit_hash"].encode())
        if first:
            bound = b'{"prev_commit_hash":"%b","records":%b}' % (before, records)
            names[first["records_hash"].encode()] = H("records", bound).encode()
            if decision != b'"none"':
                names[first["decision_hash"].encode()] = H("decision", decision).encode()
        lines = []
        for artifact in self._artifacts:
            bare = {name: value for name, value in artifact.items() if name != "artifact_hash"}
            new = sha256(renamed(encode(bare))).hexdigest().encode()
            names[artifact["artifact_hash"].encode()] = new
            lines.append(renamed(encode(artifact)))
        rest = {
            name: old[name]
            for name in ("commit", "instance_id", "owning_team_id", "timestamp", "type")
        }
        pieces = {name: renamed(encode(value)) for name, value in rest.items()}
        pieces |= {"artifacts": b"[%b]" % b",".join(lines), "context": context}
        pieces |= {"decision": decision, "records": records}
        pieces["prev_commit_hash"] = b'"%b"' % before
        payload = b",".join(b'"%b":%b' % (name.encode(), pieces[name]) for name in sorted(pieces))
        payload = b"{%b}" % payload
        names[self._hash] = H("commit", payload).encode()
        return seal("commit", payload), lines


def _envelopes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "payloadType" in value:
            yield value
        else:
            for one in value.values():
                yield from _envelopes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _envelopes(one)

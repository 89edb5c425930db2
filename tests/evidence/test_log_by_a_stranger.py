"""Every byte of the log's golden vector again, from its inputs.json and the vector of the instance.

Imports nothing of gantral: this is what a stranger writes who has read docs/evidence/log.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence"
VECTOR = EVIDENCE / "log"


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root(entries: list[bytes]) -> bytes:
    if len(entries) == 1:
        return sha(b"\0" + entries[0])
    k = split(len(entries))
    return sha(b"\1" + root(entries[:k]) + root(entries[k:]))


def path(index: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), root(entries[k:])]
    return [*path(index - k, entries[k:]), root(entries[:k])]


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def keyid(name: str, kind: int, key: Ed25519PrivateKey) -> bytes:
    return sha(name.encode() + b"\n" + bytes([kind]) + public(key))[:4]


def vkey(name: str, kind: int, key: Ed25519PrivateKey) -> str:
    return f"{name}+{keyid(name, kind, key).hex()}+{b64(bytes([kind]) + public(key))}"


def test_every_byte_of_the_log_is_reproduced() -> None:
    given: dict[str, Any] = json.loads((VECTOR / "inputs.json").read_text())
    keys = {
        name: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        for name, seed in given["seeds"].items()
    }
    entries = [
        json.dumps(["gantral.dev/log-entry/v1", *one], separators=(",", ":")).encode()
        for one in given["entries"]
    ]
    # An entry is of the commit that the vector has: H(commit, payload).
    commit = json.loads(
        (EVIDENCE / "vectors" / given["vector"] / "instance/commits/00000003.json").read_text()
    )
    payload = base64.b64decode(commit["payload"])
    commit_hash = sha(b"gantral.dev/commit/v1\n" + payload).hex()
    index = next(n for n, one in enumerate(given["entries"]) if one[3] == commit_hash)
    assert given["entries"][index][2] == "3"

    body = f"{given['origin']}\n{len(entries)}\n{b64(root(entries))}\n".encode()
    signed = keyid(given["origin"], 1, keys["log"]) + keys["log"].sign(body)
    lines = [f"— {given['origin']} {b64(signed)}"]
    at = int(given["cosigned_at"])
    for name in given["cosigned_by"]:
        message = f"cosignature/v1\ntime {at}\n".encode() + body
        said = at.to_bytes(8, "big") + keys[name].sign(message)
        who = given["witnesses"][name]
        lines.append(f"— {who} {b64(keyid(who, 4, keys[name]) + said)}")
    note = body + ("\n" + "".join(f"{one}\n" for one in lines)).encode()
    assert note == (VECTOR / "checkpoint").read_bytes()

    proof = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(b64, path(index, entries)), "", ""]
    made = "\n".join(proof).encode() + note
    assert made == (VECTOR / "log" / "00000003.tlog-proof").read_bytes()

    tile = b"".join(len(one).to_bytes(2, "big") + one for one in entries)
    assert tile == (VECTOR / "tile" / "entries" / "000.p" / str(len(entries))).read_bytes()

    policy = [f"log {vkey(given['origin'], 1, keys['log'])}"]
    policy += [
        f"witness {name} {vkey(who, 4, keys[name])}" for name, who in given["witnesses"].items()
    ]
    policy += [f"group two {given['quorum']} {' '.join(given['witnesses'])}", "quorum two", ""]
    trust = json.loads((VECTOR / "trust.json").read_text())
    assert trust["log"] == "\n".join(policy)
    for name, key in keys.items():
        listed = trust["keys"][sha(public(key)).hex()]
        assert listed["use"] == ("log" if name == "log" else "witness")

"""The verifier against what hashing, signatures and reading of the same bytes alone cost."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from gantral.evidence import TrustFile
from gantral.evidence.verify import verify_folder
from rounds import compare, spread
from sizes import size

ROUNDS = size(7, 1)


def run(folders: list[Path], trust_file: Path) -> None:
    """Measure and print."""
    data = trust_file.read_bytes()
    trust, keys = TrustFile.load(data), keys_of(data)
    total = sum(file.stat().st_size for one in folders for file in one.rglob("*") if file.is_file())
    verdicts = {verify_folder(folder, trust).verdict for folder in folders}
    checked = _limits(folders, keys)
    found = compare(
        lambda: [verify_folder(folder, trust) for folder in folders],
        lambda: _limits(folders, keys),
        ROUNDS,
    )
    print(
        f"verify: {len(folders)} instances, {total / 1e6:.1f} MB, {checked} signatures, all"
        f" {', '.join(sorted(verdicts))}, median of {ROUNDS}"
    )
    print(f"  gantral verify          {spread(found.ours, 1000 / len(folders), 'ms an instance')}")
    print(
        f"  the limit               {spread(found.theirs, 1000 / len(folders), 'ms an instance')}"
    )
    print(f"  {1 / found.ratio:.2f} times the limit's speed, budget at least 0.7")


def keys_of(trust_file: bytes) -> dict[str, Ed25519PublicKey]:
    """The keys of a trust file's bytes, by their ids."""
    return {
        keyid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"]))
        for keyid, key in json.loads(trust_file)["keys"].items()
    }


def _limits(folders: list[Path], keys: Mapping[str, Ed25519PublicKey]) -> int:
    """Hash, verify, parse and re-encode everything once; the number of signatures. A manifest that
    is the same in many folders is read once, as the verifier does."""
    seen: set[bytes] = set()
    return sum(_limit(os.fspath(folder), keys, seen) for folder in folders)


def _limit(folder: str, keys: Mapping[str, Ed25519PublicKey], seen: set[bytes]) -> int:
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                count += _limit(entry.path, keys, seen)
                continue
            with open(entry.path, "rb") as file:
                data = file.read()
            if entry.name == "manifest.json":
                if data in seen:
                    continue
                seen.add(data)
            for line in data.splitlines() if entry.name.endswith(".jsonl") else [data]:
                count += limit_of(line, keys)
    return count


def limit_of(data: bytes, keys: Mapping[str, Ed25519PublicKey]) -> int:
    """Hash, parse and write again what stands there, and judge each signature in it; how many."""
    hashlib.sha256(data).hexdigest()
    count = 0
    for envelope in list(_envelopes(_strict(data))):
        payload = base64.b64decode(envelope["payload"], validate=True)
        kind = envelope["payloadType"].encode()
        (signature,) = envelope["signatures"]
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        keys[signature["keyid"]].verify(base64.b64decode(signature["sig"]), signed)
        count += 1 + limit_of(payload, keys)
    return count


def _strict(data: bytes) -> Any:
    # A member that stands twice does not survive the comparison either.
    value = json.loads(data.decode("utf-8"))
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if again.encode() != data:
        raise ValueError("not canonical")
    return value


def _envelopes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.keys() == {"payload", "payloadType", "signatures"}:
            yield value
        else:
            for one in value.values():
                yield from _envelopes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _envelopes(one)

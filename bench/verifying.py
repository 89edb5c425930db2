"""The verifier against what hashing, signatures and reading of the same bytes alone cost."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from gantral.evidence import TrustFile
from gantral.evidence.verify import verify_folder
from rounds import compare, spread

ROUNDS = 7


def run(folders: list[Path], trust_file: Path) -> None:
    """Measure and print."""
    data = trust_file.read_bytes()
    trust = TrustFile.load(data)
    keys = {
        keyid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"]))
        for keyid, key in json.loads(data)["keys"].items()
    }
    size = sum(file.stat().st_size for one in folders for file in one.rglob("*") if file.is_file())
    verdicts = {verify_folder(folder, trust).verdict for folder in folders}
    checked = sum(_limit(folder, keys) for folder in folders)
    found = compare(
        lambda: [verify_folder(folder, trust) for folder in folders],
        lambda: [_limit(folder, keys) for folder in folders],
        ROUNDS,
    )
    print(
        f"verify: {len(folders)} instances, {size / 1e6:.1f} MB, {checked} signatures, all"
        f" {', '.join(sorted(verdicts))}, median of {ROUNDS}"
    )
    print(f"  gantral verify          {spread(found.ours, 1000 / len(folders), 'ms an instance')}")
    print(
        f"  the limit               {spread(found.theirs, 1000 / len(folders), 'ms an instance')}"
    )
    print(f"  {1 / found.ratio:.2f} times the limit's speed, budget at least 0.7")


def _limit(folder: Path, keys: Mapping[str, Ed25519PublicKey]) -> int:
    """Hash, verify, parse and re-encode everything in a folder once; the number of signatures."""
    count = 0
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        for line in data.splitlines() if file.suffix == ".jsonl" else [data]:
            count += _one(line, keys)
    return count


def _one(data: bytes, keys: Mapping[str, Ed25519PublicKey]) -> int:
    hashlib.sha256(data).hexdigest()
    count = 0
    for envelope in list(_envelopes(_strict(data))):
        payload = base64.b64decode(envelope["payload"], validate=True)
        kind = envelope["payloadType"].encode()
        (signature,) = envelope["signatures"]
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        keys[signature["keyid"]].verify(base64.b64decode(signature["sig"]), signed)
        count += 1 + _one(payload, keys)
    return count


def _strict(data: bytes) -> Any:
    value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_double)
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if again.encode() != data:
        raise ValueError("not canonical")
    return value


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


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

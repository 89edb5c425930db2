"""What reading, SHA-256 and Ed25519 alone cost on a bundle's bytes, and with strict parsing and
canonical writing besides: a process of its own, so that its peak memory is its own.

python bench/limit.py alone|strict TRUST BUNDLE
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from verifying import keys_of, limit_of

_SEALED = re.compile(
    rb'"payload":"([^"]*)","payloadType":"([^"]*)","signatures":\[\{"keyid":"([^"]*)","sig":"([^"]*)"'
)


def alone(data: bytes, keys: Mapping[str, Ed25519PublicKey]) -> None:
    """Hash the bytes, and judge each signature in them."""
    hashlib.sha256(data).hexdigest()
    for payload, kind, keyid, signature in _SEALED.findall(data):
        inside = base64.b64decode(payload)
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(inside), inside)
        keys[keyid.decode()].verify(base64.b64decode(signature), signed)
        alone(inside, keys)


def main(how: str, trust: str, bundle: str) -> None:
    """Do it once for every file of the bundle. A manifest that was met is not read again."""
    keys = keys_of(Path(trust).read_bytes())
    met: set[bytes] = set()
    with open(bundle, "rb") as file:
        while (header := file.read(512)).strip(b"\0"):
            size = int(header[124:135], 8)
            data = file.read(size)
            file.seek(-size % 512, 1)
            name = header[:100].rstrip(b"\0")
            if name == b"manifest.json":
                if data in met:
                    continue
                met.add(data)
            for part in data.splitlines() if name.endswith(b".jsonl") else [data]:
                if how == "alone":
                    alone(part, keys)
                else:
                    limit_of(part, keys)


if __name__ == "__main__":
    main(*sys.argv[1:])

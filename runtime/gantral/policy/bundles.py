"""policy_version_id: which policy files a bundle was built of (DESIGN section 7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def policy_version_id(files: Mapping[str, bytes]) -> str:
    """ "sha256:" + hex of the canonical JSON ``[[path, sha256 hex], …]`` sorted by path.

    ``files``: posix path relative to the policy folder -> bytes. Sorted by code point.
    """
    listed = [[path, hashlib.sha256(files[path]).hexdigest()] for path in sorted(files)]
    text = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

"""The name of a set of policy files: what ``policy_version_id`` is in evidence (DESIGN section 7)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


def policy_revision(files: Mapping[str, bytes]) -> str:
    """``sha256:<hex>`` over the sorted list of [path, sha256 of content] of ``files``.

    Args:
        files: posix path below the policy folder -> exact content.
    """
    listing = [[path, hashlib.sha256(files[path]).hexdigest()] for path in sorted(files)]
    # Lists of text alone: here json's tight form is RFC 8785's.
    text = json.dumps(listing, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def is_revision(text: str) -> bool:
    """Whether ``text`` has the only form that a bundle's revision may have."""
    return _FORM.fullmatch(text) is not None

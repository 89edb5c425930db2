"""Leaves, their salts and their texts (FORMAT section 4).

A fresh salt for each leaf. Salts and values are drafted before the texts are put, and the draft is
read back: a commit that is delivered again finds its own salts, and so makes the same commit.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from gantral.evidence import AlreadyThere, EvidenceError, Store, canonical, parse
from gantral.evidence.hashes import leaf
from gantral.runtime.workers.chain import Chain

_MOST: int = 16 * 1024 * 1024
ABSENT, EMPTY = "{}", "[]"

Text = list[str]  # [salt, instance_id, path, value]


def leaf_value(value: Any) -> str:
    """A leaf value of docs/manifest.md as the text that is bound.

    Raises:
        EvidenceError: ``form``, for what is neither text nor the two empty values.
    """
    if isinstance(value, str):
        return value
    if value == {} and isinstance(value, dict):
        return ABSENT
    if value == [] and isinstance(value, list):
        return EMPTY
    raise EvidenceError("form", f"no leaf value: {type(value).__name__}")


def drafted(chain: Chain, drafts: Store, number: int, values: Mapping[str, str]) -> list[Text]:
    """The texts of ``pointer -> value`` for a commit, sorted by pointer: the draft's, if this
    commit was tried before with the same values.

    Raises:
        StoreError, EvidenceError.
    """
    pairs = sorted([pointer, value] for pointer, value in values.items())
    # A run that was reset may come to this number with other values: it gets salts of its own.
    digest = sha256(canonical(pairs, _MOST)).hexdigest()[:32]
    key = draft_key(chain, number, digest)
    fresh = [[secrets.token_hex(16), chain.instance_id, path, value] for path, value in pairs]
    with suppress(AlreadyThere):
        drafts.put(key, canonical(fresh, _MOST))
    found = drafts.get(key)
    texts = parse(found, _MOST) if found is not None else None
    if not isinstance(texts, list) or [text[2:] for text in texts] != pairs:
        raise EvidenceError("draft", f"the draft of commit {number} does not hold its values")
    return texts


def put_texts(chain: Chain, texts: Sequence[Text]) -> None:
    """Put each text under its leaf, if absent. Raises StoreError."""
    for text in texts:
        with suppress(AlreadyThere):
            chain.store.put(chain.key("texts", f"{leaf(text)}.json"), canonical(text))


def draft_key(chain: Chain, number: int, digest: str) -> str:
    """Where a commit's draft lies in the drafts."""
    return chain.key(f"{number:08d}-{digest}.json")


def drop_drafts(chain: Chain, drafts: Store, below: int) -> None:
    """Delete the drafts of commits under ``below``: nobody can deliver those again, and a draft
    holds values that erasure must not miss. Raises StoreError."""
    for key in list(drafts.list(chain.key())):
        if key.rpartition("/")[2] < f"{below:08d}":
            drafts.delete(key)

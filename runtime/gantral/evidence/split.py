"""Texts apart from all else, so that they can be erased where the rest is locked for years."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from gantral.evidence.store import Store, StoreError, is_erasable, parts_of


class SplitStore:
    """One store made of two: ``texts`` holds ``team/instance/texts/…`` and the instances' keys,
    ``locked`` all else."""

    def __init__(self, locked: Store, texts: Store) -> None:
        self._locked = locked
        self._texts = texts

    def put(self, key: str, data: bytes) -> None:
        """See Store. Raises AlreadyThere, StoreError."""
        self._of(key).put(key, data)

    def get(self, key: str) -> bytes | None:
        """See Store. Raises StoreError."""
        return self._of(key).get(key)

    def list(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        folder = prefix.strip("/")
        parts = parts_of(folder) if folder else []
        if len(parts) > 2 or parts[:1] == ["_keys"]:
            # One folder lies in one store.
            erasable = parts[0] == "_keys" or parts[2] == "texts"
            yield from (self._texts if erasable else self._locked).list(prefix)
        else:
            yield from merge(self._locked.list(prefix), self._texts.list(prefix))

    def folders(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        both = merge(self._locked.folders(prefix), self._texts.folders(prefix))
        yield from (name for name, _ in groupby(both))

    def delete(self, key: str) -> None:
        """See Store. Raises StoreError."""
        if not is_erasable(key):
            raise StoreError(f"{key} is no text: evidence is never deleted")
        self._texts.delete(key)

    def check(self) -> None:
        """See Store. Raises Unfit, StoreError."""
        self._locked.check()
        self._texts.check()

    def probe(self) -> None:
        """See Store. Raises Unfit, StoreError."""
        self._locked.probe()
        self._texts.probe()

    def _of(self, key: str) -> Store:
        return self._texts if is_erasable(key) else self._locked

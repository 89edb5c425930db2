"""A write-once store in memory, of which a copy costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from gantral.evidence import AlreadyThere, StoreError
from gantral.evidence.store import is_erasable, parts_of


def key_of(instance_id: str) -> bytes:
    """The key with which a simulated instance seals its history: no secret, and always the same."""
    return sha256(instance_id.encode()).digest()


class MemoryStore:
    """``evidence.Store`` over a dict. ``deletable``: True for drafts, where every key may go."""

    def __init__(self, held: dict[str, bytes] | None = None, *, deletable: bool = False) -> None:
        self._held: dict[str, bytes] = {} if held is None else held
        self._deletable = deletable

    def fork(self) -> MemoryStore:
        """A store of its own that holds the same."""
        return MemoryStore(dict(self._held), deletable=self._deletable)

    def lean_on(self, other: MemoryStore) -> None:
        """Be the other one from now on, for whoever has a hand on this one."""
        self._held = other._held

    def put(self, key: str, data: bytes) -> None:
        """See Store. Raises AlreadyThere, StoreError."""
        folder, *_, name = parts_of(key)
        if key in self._held:
            raise AlreadyThere(key)
        # Chance is the one thing that stories may not tell apart.
        self._held[key] = key_of(name.removesuffix(".key")) if folder == "_keys" else data

    def get(self, key: str) -> bytes | None:
        """See Store."""
        return self._held.get(key)

    def list(self, prefix: str) -> Iterator[str]:
        """See Store."""
        start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        yield from sorted(key for key in self._held if key.startswith(start))

    def folders(self, prefix: str) -> Iterator[str]:
        """See Store."""
        start = f"{prefix}/" if prefix else ""
        beyond = (key.removeprefix(start) for key in self._held if key.startswith(start))
        yield from sorted(
            {name for name, slash, _ in (key.partition("/") for key in beyond) if slash}
        )

    def delete(self, key: str) -> None:
        """See Store. Raises StoreError."""
        if not self._deletable and not is_erasable(key):
            raise StoreError(f"{key} is no text: evidence is never deleted")
        self._held.pop(key, None)

    def check(self) -> None:
        """See Store: memory is always there."""

    def probe(self) -> None:
        """See Store: memory always takes a put."""

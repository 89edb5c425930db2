"""Where evidence lies: create-exclusive keys, and a local store that survives kill -9."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\Z")
_INCOMING = ".incoming"


class StoreError(Exception):
    """The store could not do it. Whatever it says is final (DESIGN section 5, commit)."""


class AlreadyThere(StoreError):  # noqa: N818 - what it says, not what went wrong
    """Something lies under the key already; nothing was changed."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"{key} is already there")


class Store(Protocol):
    """Write-once keys ``team/instance/…`` (FORMAT section 3)."""

    def put(self, key: str, data: bytes) -> None:
        """Create ``key`` exclusively and durably. Raises AlreadyThere or StoreError."""

    def get(self, key: str) -> bytes | None:
        """The bytes under ``key``, or None. Raises StoreError."""

    def list(self, prefix: str) -> Iterator[str]:
        """Every key under the folder ``prefix``, sorted. Raises StoreError."""

    def delete(self, key: str) -> None:
        """Erase a text; a key that is not there is no error. Raises StoreError for any other."""


class LocalStore:
    """A folder as a write-once store.

    A put is: temporary file, fsync, link(2), fsync of the folder. ``link`` is atomic and refuses
    an existing name, so of many writers one wins, and a writer killed in between leaves nothing
    under the key.

    Args:
        root: the folder; made on first use.
        deletable: True for drafts, where every key may be deleted; else only texts may.
    """

    def __init__(self, root: str | os.PathLike[str], *, deletable: bool = False) -> None:
        self.root = Path(root)
        self._deletable = deletable

    def put(self, key: str, data: bytes) -> None:
        """See Store. Raises AlreadyThere, StoreError."""
        path = self._path(key)
        try:
            self._folder(path.parent)
            incoming = self.root / _INCOMING
            self._folder(incoming)
            temporary = incoming / secrets.token_hex(16)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(temporary, path)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
            _sync(path.parent)
        except FileExistsError:
            # Who put it may have died before its own fsync of the folder; what we now report as
            # being there must stay there.
            _sync(path.parent)
            raise AlreadyThere(key) from None
        except OSError as error:
            raise StoreError(f"cannot put {key}: {error.strerror or error}") from error

    def get(self, key: str) -> bytes | None:
        """See Store. Raises StoreError."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot get {key}: {error.strerror or error}") from error

    def list(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        folder = self._path(prefix.rstrip("/")) if prefix.strip("/") else self.root
        try:
            yield from self._walk(folder, prefix.strip("/"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot list {prefix}: {error.strerror or error}") from error

    def delete(self, key: str) -> None:
        """See Store. Raises StoreError."""
        parts = key.split("/")
        if not self._deletable and (len(parts) != 4 or parts[2] != "texts"):
            raise StoreError(f"{key} is no text: evidence is never deleted")
        path = self._path(key)
        try:
            path.unlink()
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot delete {key}: {error.strerror or error}") from error

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not all(map(_SEGMENT.match, parts)):
            raise StoreError(f"no key of a store: {key!r:.200}")
        return self.root.joinpath(*parts)

    def _folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        missing = [folder, *folder.parents]
        made = [path for path in missing if not path.exists()]
        for path in reversed(made):
            with contextlib.suppress(FileExistsError):
                path.mkdir()
            _sync(path.parent)

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            key = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != _INCOMING:
                    yield from self._walk(Path(entry.path), key)
            else:
                yield key


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

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
_PROBE = b"a put is tried here\n"
_INCOMING = ".incoming"


class StoreError(Exception):
    """The store could not do it. Whatever it says is final (DESIGN section 5, commit)."""


class AlreadyThere(StoreError):  # noqa: N818 - what it says, not what went wrong
    """Something lies under the key already; nothing was changed."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"{key} is already there")


class Spoilt(StoreError):  # noqa: N818 - the evidence's state, not what went wrong
    """Somebody deleted what lay under the key, or wrote it twice. What is there is never read."""


class Unfit(StoreError):  # noqa: N818 - the store's state, not what went wrong
    """Evidence can't rest on this store: ``rule`` names why, ``remedy`` says what to do."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        self.rule = rule
        self.remedy = remedy
        super().__init__(message)


class Store(Protocol):
    """Write-once keys ``team/instance/…`` (FORMAT section 3). Safe to use from many threads."""

    def put(self, key: str, data: bytes) -> None:
        """Create ``key`` exclusively and durably. Raises AlreadyThere or StoreError."""

    def get(self, key: str) -> bytes | None:
        """The bytes under ``key``, or None. Raises StoreError."""

    def list(self, prefix: str) -> Iterator[str]:
        """Every key under the folder ``prefix``, sorted. Raises StoreError."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The name of each folder just under the folder ``prefix``, sorted; what lies in them is
        not gone through. Raises StoreError."""

    def delete(self, key: str) -> None:
        """Erase a text, or an instance's key; one that is not there is no error. Raises StoreError
        for any other."""

    def check(self) -> None:
        """Look, without writing, whether evidence can rest on this store: at start-up.
        Raises Unfit, with the remedy, or StoreError."""

    def probe(self) -> None:
        """Show that a put would be taken now; no key is added. Raises Unfit or StoreError."""


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
            _write(temporary, data)
            try:
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

    def folders(self, prefix: str) -> Iterator[str]:
        """See Store. Raises StoreError."""
        try:
            with os.scandir(self._path(prefix) if prefix else self.root) as found:
                names = sorted(one.name for one in found if _is_folder(one))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot list {prefix}: {error.strerror or error}") from error
        yield from (name for name in names if name != _INCOMING)

    def delete(self, key: str) -> None:
        """See Store. Raises StoreError."""
        if not self._deletable and not is_erasable(key):
            raise StoreError(f"{key} is no text: evidence is never deleted")
        path = self._path(key)
        try:
            path.unlink()
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot delete {key}: {error.strerror or error}") from error

    def check(self) -> None:
        """See Store. The folder is made when it is not there. Raises Unfit."""
        try:
            self._folder(self.root / _INCOMING)
        except OSError as error:
            raise self._unwritable(error) from None

    def probe(self) -> None:
        """See Store. Writes and removes a file beside the keys. Raises Unfit."""
        self.check()
        try:
            _write(temporary := self.root / _INCOMING / secrets.token_hex(16), _PROBE)
            temporary.unlink()
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> Unfit:
        return Unfit(
            "store_not_writable",
            f"{self.root} can't be written: {error.strerror or error}",
            "give the account that runs this the right to create files there, and room",
        )

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*parts_of(key))

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
            # As if each key were one text: "a.json" is before what lies in the folder "a".
            entries = sorted(found, key=lambda one: one.name + "/" * _is_folder(one))
        for entry in entries:
            key = f"{prefix}/{entry.name}" if prefix else entry.name
            if _is_folder(entry):
                if entry.name != _INCOMING:
                    yield from self._walk(Path(entry.path), key)
            else:
                yield key


def parts_of(key: str) -> list[str]:
    """The segments of a key or of a folder of keys. Raises StoreError for what is none."""
    parts = key.split("/")
    if not all(map(_SEGMENT.match, parts)):
        raise StoreError(f"no key of a store: {key!r:.200}")
    return parts


def is_erasable(key: str) -> bool:
    """Whether what lies there may be erased: a text, ``team/instance/texts/leaf.json``, or the key
    of an instance, ``_keys/team/instance.key``."""
    parts = key.split("/")
    return (len(parts) == 4 and parts[2] == "texts") or (len(parts) == 3 and parts[0] == "_keys")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _write(path: Path, data: bytes) -> None:
    """A whole new file on the disk, or none. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

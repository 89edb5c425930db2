"""An instance's closed layout, and a folder of it, read without following links (FORMAT 9)."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gantral.evidence.envelope import MAX_ENVELOPE
from gantral.evidence.errors import EvidenceError

_HASH = "[0-9a-f]{64}"
_LAYOUT = re.compile(
    "manifest\\.json|artifacts\\.jsonl"
    "|commits/[0-9]{8}\\.json"
    f"|texts/{_HASH}\\.json"
    f"|votes/{_HASH}(?:\\.refusal)?\\.json"
    f"|uses/{_HASH}/(?:undo/)?[1-9][0-9]{{0,5}}(?:\\.outcome)?\\.json"
    f"|erasures/{_HASH}\\.json"
    "|log/[0-9]{8}\\.tlog-proof"
    "\\Z"
)
_READ = 32768
LINE = 16384
"""No line of artifacts.jsonl is as long: one that is longer is cut, and then equals none."""
_FOLDERS = re.compile(f"(?:commits|texts|votes|erasures|log|uses(?:/{_HASH}(?:/undo)?)?)\\Z")


class Files(Protocol):
    """The files of one instance by their names, wherever they lie."""

    @property
    def names(self) -> Container[str]:
        """Which there are."""

    @property
    def strangers(self) -> Sequence[str]:
        """What lies there and does not belong."""

    def under(self, prefix: str) -> list[str]:
        """The names that begin with a folder, e.g. ``commits/``, sorted."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes, or None when it is not there."""

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, each with its line end; none when it is not there."""


def belongs(name: str) -> bool:
    """Whether a file of that name may lie in an instance's folder."""
    return _LAYOUT.fullmatch(name) is not None


class Folder:
    """The files of one instance by their names, e.g. ``commits/00000000.json``."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self.names: set[str] = set()
        self._under: dict[str, list[str]] = {}
        self.strangers: list[str] = []
        self._scan(str(self.root), "")

    def _scan(self, folder: str, prefix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if _FOLDERS.match(name):
                        self._scan(entry.path, name + "/")
                    else:
                        self.strangers.append(name + "/")
                elif entry.is_file(follow_symlinks=False) and belongs(name):
                    self.names.add(name)
                    self._under.setdefault(name.partition("/")[0], []).append(name)
                else:
                    self.strangers.append(name)

    def under(self, prefix: str) -> list[str]:
        """The names in the folder ``prefix``, e.g. ``commits/``, sorted."""
        return sorted(self._under.get(prefix.removesuffix("/"), ()))

    def read(self, name: str) -> bytes | None:
        """A file's bytes, or None when it is not there.

        Raises:
            EvidenceError: ``bytes``, for a file larger than any of ours.
        """
        if name not in self.names:
            return None
        handle = os.open(f"{self.root}/{name}", os.O_RDONLY | os.O_NOFOLLOW)
        try:
            # Small reads: the system makes room for what is asked for, and most files are small.
            data = os.read(handle, _READ)
            while 0 < len(data) <= MAX_ENVELOPE and (more := os.read(handle, MAX_ENVELOPE)):
                data += more
        finally:
            os.close(handle)
        if len(data) > MAX_ENVELOPE:
            raise EvidenceError("bytes", f"{name} is larger than evidence can be")
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, each with its line end; none when it is not there."""
        if name in self.names:
            with open(f"{self.root}/{name}", "rb") as file:
                while line := file.readline(LINE):
                    yield line


class Kept:
    """Files in memory (``Files``)."""

    strangers: Sequence[str] = ()

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.names = files

    def under(self, prefix: str) -> list[str]:
        """See Files."""
        return sorted(name for name in self.names if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        """See Files."""
        return self.names.get(name)

    def lines(self, name: str) -> Iterator[bytes]:
        """See Files."""
        yield from self.names.get(name, b"").splitlines(keepends=True)

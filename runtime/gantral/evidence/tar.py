"""The container of a bundle: ustar with no freedom left, written and read block by block.

A header follows from folder, name and size alone. The reader builds the one that it expects and
demands those very bytes, so there are no links, devices, owners, times, extensions or paths to
judge: what is written any other way is refused. `tar xf` unpacks it all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from operator import itemgetter
from typing import BinaryIO, NamedTuple
from zlib import adler32

from gantral.evidence.errors import EvidenceError

BLOCK = 512
MAX_SIZE = 8**11 - 1
_ZEROS = bytes(BLOCK)
_CHUNK = 1 << 16
_NAME = re.compile(rb"[!-~]{1,100}\Z")
_FOLDER = re.compile(rb"[!-~]{0,155}\Z")
_SIZE = re.compile(rb"([0-7]{11})\0\Z")


class Member(NamedTuple):
    """One file: ``folder`` ("" for the top), ``name`` within it, its bytes and where they begin."""

    folder: str
    name: str
    size: int
    offset: int


def header(folder: str, name: str, size: int) -> bytes:
    """The one header of a file. ``name``: at most 100 ASCII characters, ``folder``: 155.

    Raises:
        EvidenceError: ``bundle``, when it does not fit.
    """
    if len(name) > 100 or len(folder) > 155 or size > MAX_SIZE:
        raise EvidenceError("bundle", f"{folder}/{name} does not fit into a bundle")
    made = b"".join(
        (
            name.encode("ascii").ljust(100, b"\0"),
            _field(b"0000644") + _field(b"0000000") * 2,  # mode, owner, group
            _field(b"%011o" % size) + _field(b"00000000000"),  # size, time
            b" " * 8 + b"0",  # the checksum's place, an ordinary file
            bytes(100),
            _field(b"ustar") + b"00",
            bytes(64),
            _field(b"0000000") * 2,
            folder.encode("ascii").ljust(155, b"\0"),
            bytes(12),
        )
    )
    return b"%b%b %b" % (made[:148], _field(b"%06o" % sum(made)), made[156:])


def _field(text: bytes) -> bytes:
    return text + b"\0"


def _sum(text: bytes) -> int:
    """The sum of the bytes of at most 155 ASCII characters: the low half of Adler-32 is that sum
    and one, modulo 65521."""
    return (adler32(text) & 0xFFFF) - 1


# What is the same in every header, and what it adds to the checksum.
_FIXED = itemgetter(slice(100, 124), slice(136, 148), slice(156, 345), slice(500, 512))
_PLAIN = _FIXED(header("", "x", 0))
_SUM = sum(map(sum, _PLAIN)) + 8 * ord(" ")


class TarWriter:
    """Writes members to a file that need not be able to seek."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, folder: str, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Write one file of exactly ``size`` bytes.

        Raises:
            EvidenceError: ``bundle``. OSError.
        """
        self._file.write(header(folder, name, size))
        written = 0
        for chunk in chunks:
            self._file.write(chunk)
            written += len(chunk)
        if written != size:
            raise EvidenceError("bundle", f"{folder}/{name} changed while it was read")
        self._file.write(bytes(-size % BLOCK))

    def end(self) -> None:
        """Write the end: without it a bundle is cut."""
        self._file.write(_ZEROS * 2)


class TarReader:
    """Reads members in order. ``seekable``: what is passed over may be skipped. ``at``: which byte
    of the bundle the file begins with."""

    def __init__(self, file: BinaryIO, *, seekable: bool, at: int = 0) -> None:
        self._file = file
        self._seekable = seekable
        self._folder: tuple[bytes, str | None, int] = (bytes(155), "", _SUM)
        self._at = at

    def next(self) -> Member | None:
        """The next member, whose bytes must then be taken or passed; None after the very end.

        Raises:
            EvidenceError: ``bundle``; ``cut`` (inconclusive) when the file ends before its end.
        """
        raw = self._exactly(BLOCK)
        if raw == _ZEROS:
            if self._exactly(BLOCK) != _ZEROS or self._file.read(1):
                raise EvidenceError("bundle", "something stands behind the end of the bundle")
            return None
        name, padded = raw[:100].rstrip(b"\0"), raw[345:500]
        # Many files of one folder stand together.
        if padded != self._folder[0]:
            self._folder = (padded, *_folder(padded))
        _, folder, plain = self._folder
        # The one header that there can be, looked at in its parts: to build it takes longer.
        if (
            _NAME.match(name)
            and folder is not None
            and (size := _SIZE.match(raw, 124, 136))
            and _FIXED(raw) == _PLAIN
            and raw[148:156] == b"%06o\0 " % (plain + _sum(name) + _sum(size[1]))
        ):
            return Member(folder, name.decode("ascii"), int(size[1], 8), self._at)
        raise EvidenceError("bundle", f"no header of a bundle at byte {self._at - BLOCK}")

    def go(self, at: int) -> None:
        """Stand before this byte of the bundle, which the file begins with byte 0 of."""
        self._file.seek(at)
        self._at = at

    def take(self, member: Member) -> bytes:
        """The bytes of the member that ``next`` gave: the caller has judged its size.

        Raises:
            EvidenceError: ``bundle``, ``cut``.
        """
        data = self._exactly(member.size - member.size % -BLOCK)
        if data[member.size :].strip(b"\0"):
            raise _behind(member)
        return data[: member.size]

    def skip(self, member: Member) -> None:
        """Pass the member's bytes.

        Raises:
            EvidenceError: ``bundle``, ``cut``.
        """
        left = member.size
        if self._seekable and left:
            # All but the last byte, which shows that they are there.
            self._file.seek(left - 1, 1)
            self._at += left - 1
            left = 1
        while left:
            left -= len(self._exactly(min(left, _CHUNK)))
        if self._exactly(-member.size % BLOCK).strip(b"\0"):
            raise _behind(member)

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size) if size else b""
        while len(data) < size and (more := self._file.read(size - len(data))):
            data += more
        if len(data) < size:
            raise EvidenceError("cut", "the bundle ends before its end", inconclusive=True)
        self._at += size
        return data


def end_of_folder(handle: int, start: int, most: int) -> int | None:
    """Where the header stands behind all files of the folder that begins with the header at byte
    ``start``, by the sizes that headers say: nothing else of them is judged. None when one says
    none, when there are more than ``most`` files, or the file ends before."""
    at, folder = start, b""
    for _ in range(most + 1):
        raw = os.pread(handle, BLOCK, at)
        if len(raw) < BLOCK:
            return None
        if raw[345:500] != folder:
            if folder:
                return at
            folder = raw[345:500]
        said = _SIZE.match(raw, 124, 136)
        if said is None:
            return None
        size = int(said[1], 8)
        at += BLOCK + size - size % -BLOCK
    return None


def _folder(padded: bytes) -> tuple[str | None, int]:
    """A folder's name, None for what is none, and what it adds to what is the same everywhere."""
    name = padded.rstrip(b"\0")
    return (name.decode("ascii"), _SUM + _sum(name)) if _FOLDER.match(name) else (None, 0)


def _behind(member: Member) -> EvidenceError:
    return EvidenceError("bundle", f"something stands behind {member.folder}/{member.name}")

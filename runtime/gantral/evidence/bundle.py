"""A bundle: the evidence of many instances in one file, read one instance at a time.

Layout, closed and in this order: ``contents.json``; each instance's folder, sorted by its id, its
files in the order in which a judge needs them; perhaps all of the log (``log/checkpoint`` and
its entries, as tlog-tiles lays them); the texts that evidence names by digest. Order and
header bytes leave no choice, so the same evidence asked for the same way gives the same bytes.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from gantral.evidence.bytes import MAX_BYTES, encode, parse, parse_object
from gantral.evidence.envelope import MAX_ENVELOPE
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import LINE, belongs
from gantral.evidence.hashes import H
from gantral.evidence.log_views import MOST_TILE, entry_paths, split_entries
from gantral.evidence.notes import MOST_NOTE, read_checkpoint
from gantral.evidence.records import CONTENTS
from gantral.evidence.tar import BLOCK, Member, TarReader, end_of_folder

TYPE = "gantral.dev/bundle/v1"
CONTENTS_NAME = "contents.json"
LINES_NAME = "artifacts.jsonl"
# What one instance may hold in a bundle; a folder has no such bounds. They keep a reader's memory
# flat whatever a stranger wrote.
MOST_FILES = 1 << 18
MOST_STREAMED = 1 << 26
MOST_TEXT = 4 * MAX_BYTES
_SMALL, _KEPT = 1 << 15, 1 << 20
# A longer instance is not read in one piece.
_LONG = 1 << 22

_ORDER = ("manifest.json", "commits", LINES_NAME, "votes", "uses", "erasures", "log", "texts")
_RANK = {name: rank for rank, name in enumerate(_ORDER)}
_INSTANCE = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")
_TEXT = re.compile("(?:policies|roles|specs/[0-9a-f]{64})\\Z")
_LOG = re.compile("log(?:/tile/entries(?:/x[0-9]{3})*(?:/[0-9]{3}\\.p)?)?\\Z")
_TEXT_NAME = re.compile("[0-9a-f]{64}\\.json\\Z")


def _beside(folder: str) -> bool:
    return bool(_TEXT.match(folder) or _LOG.match(folder))


class Section:
    """The files of one instance in a bundle (``Files``)."""

    strangers: tuple[str, ...] = ()

    def __init__(self, instance_id: str, handle: int) -> None:
        self.instance_id = instance_id
        self._handle = handle
        self.names: dict[str, tuple[int, int]] = {}  # in order: offset, size
        self._kept: dict[str, bytes] = {}
        self._room = MOST_STREAMED

    def enter(self, member: Member, reader: TarReader) -> None:
        """Note a file, and pass it; a stream's bytes are kept.

        Raises:
            EvidenceError: ``bundle``, ``too_large``, or the reader's.
        """
        if len(self.names) >= MOST_FILES:
            raise EvidenceError(
                "too_large",
                f"{self.instance_id} has more than {MOST_FILES} files: unpack it",
                inconclusive=True,
            )
        self.names[member.name] = (member.offset, member.size)
        self._room -= member.size
        if self._handle >= 0:
            # What is small is kept as it passes: to come back for it takes longer.
            if member.size <= _SMALL and self._room > MOST_STREAMED - _KEPT:
                self._kept[member.name] = reader.take(member)
            else:
                reader.skip(member)
            return
        if self._room < 0:
            raise EvidenceError(
                "too_large",
                f"{self.instance_id} has more than {MOST_STREAMED} bytes, too many for a stream:"
                " give the file itself",
                inconclusive=True,
            )
        self._kept[member.name] = reader.take(member)

    def under(self, prefix: str) -> list[str]:
        """See Files: they came sorted."""
        return [name for name in self.names if name.startswith(prefix)]

    def read(self, name: str) -> bytes | None:
        """See Files."""
        if name not in self.names:
            return None
        kept = self._kept.get(name)
        return self._part(name, 0, self.names[name][1]) if kept is None else kept

    def lines(self, name: str) -> Iterator[bytes]:
        """See Files."""
        if name not in self.names:
            return
        left, at, size = b"", 0, self.names[name][1]
        while at < size or left:
            if b"\n" not in left and len(left) < LINE and at < size:
                more = self._part(name, at, min(size - at, 1 << 16))
                if not more:
                    break
                at += len(more)
                left += more
                continue
            cut = left.find(b"\n", 0, LINE) + 1 or min(len(left), LINE)
            yield left[:cut]
            left = left[cut:]

    def _part(self, name: str, at: int, size: int) -> bytes:
        if name in self._kept:
            return self._kept[name][at : at + size]
        return os.pread(self._handle, size, self.names[name][0] + at)


class Stretch(NamedTuple):
    """Where an instance lies in a bundle's file: from its first header to the first behind it."""

    instance_id: str
    start: int
    end: int


def read_stretch(handle: int, stretch: Stretch) -> Section:
    """The files of the instance, which another process found in the same file.

    Raises:
        EvidenceError: as ``Bundle.sections``. OSError.
    """
    data = os.pread(handle, stretch.end - stretch.start + 3 * BLOCK, stretch.start)
    reader = TarReader(io.BytesIO(data), seekable=True, at=stretch.start)
    first = reader.next()
    if first is None or first.folder != stretch.instance_id:
        raise EvidenceError("bundle", "the file was changed while it was read")
    return _section(reader, handle, first)[0]


def _section(reader: TarReader, handle: int, first: Member) -> tuple[Section, Member | None]:
    """The files of the instance that begins with this one, and the file that follows them."""
    section = Section(first.folder, handle)
    before: tuple[int, str] = (-1, "")
    member: Member | None = first
    while member is not None and member.folder == first.folder:
        here = _place(member)
        if here <= before:
            raise _misplaced(member)
        section.enter(member, reader)
        before = here
        member = reader.next()
    return section, member


class Bundle:
    """A bundle that is read once, from its beginning to its end: ``sections``, then ``texts``.

    Args:
        file: opened for reading bytes. stream: it can't be read twice (a pipe), so an instance is
            kept in memory while it is judged, at most ``MOST_STREAMED`` bytes of it.
    """

    def __init__(self, file: BinaryIO, *, stream: bool = False) -> None:
        self._reader = TarReader(file, seekable=not stream)
        self.handle = -1 if stream else file.fileno()
        self._next: Member | None = None
        self._log_passed = False
        self.contents: dict[str, Any] = {}

    def sections(self) -> Iterator[Section]:
        """Each instance's files, when they are all there. A section may be read until the next one
        is asked for.

        Raises:
            EvidenceError: ``bundle``, ``contents``, ``too_large``, ``bytes``, ``form``; ``cut`` and
                ``version`` (inconclusive).
        """
        for one in self._listed(quick=False):
            assert isinstance(one, Section)
            yield one

    def stretches(self) -> Iterator[Stretch | Section]:
        """As ``sections``, but of most instances only where they lie: ``read_stretch`` then raises
        what is wrong within. Of a file that can be read twice."""
        return self._listed(quick=True)

    def _listed(self, *, quick: bool) -> Iterator[Stretch | Section]:
        self._contents()
        listed, count = sha256(), 0
        last = ""
        while (member := self._next) is not None and not _beside(member.folder):
            if not _INSTANCE.match(member.folder) or member.folder <= last:
                raise _misplaced(member)
            last = member.folder
            one: Stretch | Section | None = self._stretch(member) if quick else None
            if one is None:
                one, self._next = _section(self._reader, self.handle, member)
            listed.update(f"{last}\n".encode())
            count += 1
            yield one
        if (str(count), listed.hexdigest()) != (
            self.contents["instances"],
            self.contents["instances_hash"],
        ):
            raise EvidenceError("contents", "contents.json tells of other instances than lie here")

    def _stretch(self, first: Member) -> Stretch | None:
        """Where the instance lies that this file is the first of. None when it is long, or when its
        sizes or what follows it are not as they should be: read one by one, its files tell what."""
        start = first.offset - BLOCK
        end = end_of_folder(self.handle, start, MOST_FILES)
        if end is None or end - start > _LONG:
            return None
        try:
            self._reader.go(end)
            self._next = self._reader.next()
        except EvidenceError:
            self._reader.go(first.offset)
            return None
        return Stretch(first.folder, start, end)

    def log(self) -> Iterator[bytes]:
        """The log that travels along, after all sections: its checkpoint, then its entries in
        their order; nothing when none does.

        Raises:
            EvidenceError: as ``sections``; ``checkpoint``, ``log_entries``.
        """
        logged = self.contents["completeness"] == "logged"
        if logged and (self.contents["asked_instances"], self.contents["asked_since"]) != (
            "all", "none"
        ):  # fmt: skip
            raise EvidenceError("contents", "a log is held to all instances, or to none")
        self._log_passed = True
        if not logged:
            return
        checkpoint = self._taken("log/checkpoint", MOST_NOTE)
        yield checkpoint
        for path, width in entry_paths(read_checkpoint(checkpoint).size):
            yield from split_entries(self._taken(f"log/{path}", MOST_TILE), width)

    def _taken(self, path: str, most: int) -> bytes:
        """The bytes of the next file, which must be this one."""
        member = self._next
        if member is None or f"{member.folder}/{member.name}" != path:
            raise EvidenceError("missing", f"{path} is missing", inconclusive=True)
        if member.size > most:
            raise _misplaced(member)
        data = self._reader.take(member)
        self._next = self._reader.next()
        return data

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """The paths ``policies/<hex>.json``, ``roles/<hex>.json``, ``specs/<hex>/<hex>.json`` and
        their bytes, after all sections.

        Raises:
            EvidenceError: as ``sections``, and as ``log`` if that was not asked for.
        """
        if not self._log_passed:
            for _ in self.log():
                pass
        before = ("", "")
        while (member := self._next) is not None:
            here = (member.folder, member.name)
            known = _TEXT.match(member.folder) and _TEXT_NAME.match(member.name)
            if not known or here <= before or member.size > MOST_TEXT:
                raise _misplaced(member)
            before = here
            data = self._reader.take(member)
            self._next = self._reader.next()
            yield "/".join(here), data

    def _contents(self) -> None:
        member = self._reader.next()
        if member is None or (member.folder, member.name) != ("", CONTENTS_NAME):
            raise EvidenceError("bundle", "a bundle begins with contents.json")
        if member.size > MAX_BYTES:
            raise _misplaced(member)
        contents = parse_object(self._reader.take(member))
        if contents.get("type") != TYPE:
            raise EvidenceError("version", f"contents.json is not {TYPE}", inconclusive=True)
        CONTENTS.require(contents)
        self.contents = contents
        self._next = self._reader.next()


def place(name: str) -> tuple[int, str]:
    """Where a file stands among those of its instance."""
    return _RANK[name.partition("/")[0]], name


def _place(member: Member) -> tuple[int, str]:
    most = 8**11 if member.name == LINES_NAME else MAX_ENVELOPE
    if not belongs(member.name) or member.size > most:
        raise _misplaced(member)
    return place(member.name)


def _misplaced(member: Member) -> EvidenceError:
    where = f"{member.folder}/{member.name}".lstrip("/")
    return EvidenceError("bundle", f"{where[:120]} has no place here, or is too large")


def text_path(named: str, data: bytes) -> str:
    """Where a text lies that evidence names ``policies/<hex>``, ``roles/<hex>`` or ``specs/<hex>``:
    the first two digests are of the text, the last is of what it compiles to (docs/adr/0144), so a
    spec's own follows."""
    return f"{named}/{H('spec', data)}.json" if named.startswith("specs/") else f"{named}.json"


def check_text(path: str, data: bytes) -> str:
    """What evidence names this text, which is the one that its path binds: of a policy the revision
    that its files make, of a role map its hash, of a spec its own hash. That a spec compiles to the
    program of its folder no reader of bytes can tell.

    Raises:
        EvidenceError: ``text_bound``, ``bytes``.
    """
    kind = path.partition("/")[0]
    if kind == "roles":
        parse(data)
        named = f"roles/{H('role-map', data)}"
    elif kind == "policies":
        listed = [[name, sha256(text.encode()).hexdigest()] for name, text in files_of(data)]
        named = f"policies/{sha256(encode(listed)).hexdigest()}"
    else:
        files_of(data)
        named = path.rpartition("/")[0]
    if text_path(named, data) != path:
        raise EvidenceError("text_bound", f"{path} is not the text that its name binds")
    return named


def files_of(data: bytes) -> list[list[str]]:
    """``[[path, text], …]``, sorted by path, of a policy's or a spec's bytes.

    Raises:
        EvidenceError: ``text_bound``, ``bytes``.
    """
    files = parse(data, MOST_TEXT)
    if not isinstance(files, list) or not all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
        for one in files
    ):
        raise EvidenceError("text_bound", "a policy or a spec is a list of [path, text]")
    paths = [path for path, _ in files]
    if not paths or paths != sorted(set(paths)):
        raise EvidenceError("text_bound", "the files of a text are sorted, each once")
    return files

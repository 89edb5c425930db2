"""What the log holds of a store's commits, and what it lacks: read from the log itself.

No list of what was sent is kept: after a crash, or in another process, the log tells. So an entry
may be sent twice, which says nothing new, and none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gantral.api.log.client import LogClient
from gantral.evidence import EvidenceError, Store, TrustFile, forms
from gantral.evidence.envelope import read_envelope
from gantral.evidence.logged import Entry, Seen, judge_checkpoint
from gantral.evidence.merkle import EMPTY, extends
from gantral.evidence.tiles import Tiles

# Far beyond what an instance may have: an entry that says more is of none.
_MOST_COMMITS: Final = 1 << 20


class LogBroken(Exception):  # noqa: N818 - the log's state, not what went wrong
    """The log contradicts itself, or signs what the trust file's log would not."""


@dataclass(frozen=True)
class Unlogged:
    """A commit of the store that the log does not have: its place, its entry, and its time."""

    entry: Entry
    timestamp: str


@dataclass
class Following:
    """One log, from checkpoint to checkpoint. ``seen`` is the newest that counted.

    Memory: of each instance that is logged, its ids and a bit a commit.
    """

    client: LogClient
    trust: TrustFile
    seen: Seen | None = None
    note: bytes = b""
    _logged: dict[tuple[str, str], int] = field(default_factory=dict)

    def catch_up(self, before: bytes = b"") -> bool:
        """Read what the log has beyond what was read. ``before``: the checkpoint that another run
        saw last, which the log must extend. True when there is a newer checkpoint.

        Raises:
            LogUnreachable. LogBroken.
        """
        note = self.client.checkpoint()
        if note is None:
            if self.seen is not None or before:
                raise LogBroken("the log has lost its checkpoint")
            return False
        try:
            seen = judge_checkpoint(note, self.trust)
            last = judge_checkpoint(before, self.trust) if before else None
            tiles = Tiles(self.client.fetch, seen.size)
            for old in (self.seen, last):
                _follows(old, seen, tiles)
            begin = self.seen.size if self.seen is not None else 0
            for data in tiles.entries(begin):
                self._enter(data)
        except EvidenceError as error:
            raise LogBroken(str(error)) from None
        newer = note != self.note
        self.seen, self.note = seen, note
        return newer

    def _enter(self, data: bytes) -> None:
        entry = Entry.read(data)
        if entry is not None and entry.number < _MOST_COMMITS:
            key = (entry.team, entry.instance_id)
            self._logged[key] = self._logged.get(key, 0) | 1 << entry.number

    def lacking(self, store: Store) -> Iterator[Unlogged]:
        """Every commit of the store that the log does not have, by number within an instance.

        Another hash at a commit's number counts as logged here: it is the verifier that tells.

        Raises:
            StoreError. EvidenceError: a commit can't be read.
        """
        for key in store.list(""):
            parts = key.split("/")
            if len(parts) != 4 or parts[2] != "commits" or not forms.is_uuid(parts[1]):
                continue
            number = int(parts[3].removesuffix(".json"))
            if self._logged.get((parts[0], parts[1]), 0) >> number & 1:
                continue
            data = store.get(key)
            if data is not None:
                sealed = read_envelope(data, "commit")
                entry = Entry(parts[0], parts[1], number, sealed.hash)
                yield Unlogged(entry, str(sealed.statement["timestamp"]))


def _follows(old: Seen | None, new: Seen, tiles: Tiles) -> None:
    if old is None:
        return
    if old.size > new.size:
        raise LogBroken(f"the log had {old.size} entries and shows {new.size}")
    proof = tiles.consistency(old.size) if old.size else ()
    before = old.root if old.size else EMPTY
    if not extends(old.size, before, new.size, new.root, proof):
        raise LogBroken(f"the log does not extend what it was at {old.size} entries")

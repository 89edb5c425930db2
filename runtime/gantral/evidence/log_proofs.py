"""Proofs that commits are in a log, made for evidence that is handed out; and all of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gantral.evidence.logged import Entry, Proof, Seen, proof_name
from gantral.evidence.tiles import Tiles


class LogProofs:
    """A log as of one checkpoint, whose bytes are ``note`` and which was judged to be ``seen``. It
    is read once to its end; of each instance the place of its last commit there is kept.

    Raises:
        EvidenceError: ``log_entries``; and what ``Tiles`` raises.
    """

    def __init__(self, note: bytes, seen: Seen, tiles: Tiles) -> None:
        self.note = note
        self.seen = seen
        self._tiles = tiles
        self._heads: dict[tuple[str, str], tuple[int, int, str]] = {}
        for index, data in enumerate(tiles.entries()):
            entry = Entry.read(data)
            if entry is None:
                continue
            key = (entry.team, entry.instance_id)
            # The first of equal ones: who adds an entry again changes no proof.
            if key not in self._heads or entry.number > self._heads[key][0]:
                self._heads[key] = (entry.number, index, entry.commit_hash)

    def proof(
        self, team: str, instance_id: str, commits: Sequence[str]
    ) -> tuple[str, bytes] | None:
        """Name and bytes of the proof of the last commit that the log has of an instance, whose
        commits have these hashes; None when it has none, or another. Raises as the class."""
        number, index, commit_hash = self._heads.get((team, instance_id), (-1, 0, ""))
        if number < 0 or number >= len(commits) or commits[number] != commit_hash:
            return None
        proof = Proof(index, self._tiles.inclusion(index), self.note)
        return proof_name(number), proof.write()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Its checkpoint, then its entries, as a bundle has them below ``log/``. Raises as the
        class."""
        yield "checkpoint", self.note
        for path, entries in self._tiles.files():
            yield path, b"".join(len(one).to_bytes(2, "big") + one for one in entries)

"""A log read as tlog-tiles shows it: its checkpoint, its entries, and proofs made of its tiles.

What is read here is the log's word: who makes a proof has a verifier judge it, and who follows a
log demands that each checkpoint extends the one before (``extends``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gantral.evidence.errors import EvidenceError
from gantral.evidence.log_views import WIDTH, split_entries, tile_path
from gantral.evidence.merkle import SIZE, consistency_proof, inclusion_proof, root_of

Fetch = Callable[[str], bytes | None]
"""The bytes at a path of the log, or None when there is nothing."""
_HEIGHT = 8
_MOST_TILES = 64


class Tiles:
    """A log of ``size`` entries, behind ``fetch``. Every method raises what ``fetch`` does, and
    EvidenceError ``log_entries`` when the log does not show what a log of this size has."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self.size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def files(self, begin: int = 0) -> Iterator[tuple[str, list[bytes]]]:
        """Each file of entries from the one that holds entry ``begin`` on, by its path, with all
        that it holds."""
        for number in range(begin // WIDTH, -(-self.size // WIDTH)):
            width = min(WIDTH, self.size - number * WIDTH)
            path = f"tile/entries/{tile_path(number, width)}"
            data = self._fetch(path)
            if data is not None:
                yield path, split_entries(data, width)
                continue
            # A log may drop a part once the whole is there.
            whole = self._fetch(f"tile/entries/{tile_path(number)}") or b""
            yield path, split_entries(whole, WIDTH)[:width]

    def entries(self, begin: int = 0) -> Iterator[bytes]:
        """Every entry from ``begin`` on."""
        at = begin // WIDTH * WIDTH
        for _, found in self.files(begin):
            yield from found[max(begin - at, 0) :]
            at += WIDTH

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The proof that the entry at ``index`` is there."""
        return tuple(inclusion_proof(index, self.size, self._subtree))

    def consistency(self, first: int) -> tuple[bytes, ...]:
        """The proof that this log begins with what it was at size ``first``."""
        return tuple(consistency_proof(first, self.size, self._subtree))

    def _subtree(self, begin: int, end: int) -> bytes:
        size = end - begin
        if size & (size - 1):
            split = 1 << (size.bit_length() - 1)
            left, right = self._subtree(begin, begin + split), self._subtree(begin + split, end)
            return root_of([left, right])
        level, rest = divmod(size.bit_length() - 1, _HEIGHT)
        first = begin >> (_HEIGHT * level)
        return root_of(self._hash(level, first + n) for n in range(1 << rest))

    def _hash(self, level: int, index: int) -> bytes:
        number, at = divmod(index, WIDTH)
        tile = self._tile(level, number)
        return tile[at * SIZE : (at + 1) * SIZE]

    def _tile(self, level: int, number: int) -> bytes:
        held = self._tiles.get((level, number))
        if held is not None:
            return held
        width = min(WIDTH, (self.size >> (_HEIGHT * level)) - number * WIDTH)
        data = self._fetch(f"tile/{level}/{tile_path(number, width)}")
        if data is None and width < WIDTH:
            data = (self._fetch(f"tile/{level}/{tile_path(number)}") or b"")[: width * SIZE]
        if data is None or len(data) != width * SIZE:
            raise EvidenceError("log_entries", f"the log shows no tile {number} of level {level}")
        if len(self._tiles) >= _MOST_TILES:
            self._tiles.clear()
        self._tiles[level, number] = data
        return data

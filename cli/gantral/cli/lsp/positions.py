"""Offsets in code points against the lines and characters that editors count.

The protocol's lines end at `\\n`, `\\r\\n` and `\\r` alone, and its characters are code units of
the encoding that client and server agreed on: UTF-16 unless the client asked for another first.
"""

from __future__ import annotations

import bisect
import re

from lsprotocol import types as lsp

_END = re.compile(r"\r\n|\n|\r")


class Positions:
    """Positions in one text."""

    def __init__(self, text: str, encoding: str = lsp.PositionEncodingKind.Utf16) -> None:
        self._text = text
        self._encoding = encoding
        ends = list(_END.finditer(text))
        self._starts = [0, *(one.end() for one in ends)]
        self._ends = [*(one.start() for one in ends), len(text)]

    def position(self, offset: int) -> lsp.Position:
        """The position of an offset; one past the text's end is its end."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect.bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : offset]
        return lsp.Position(line, sum(self._units(one) for one in before))

    def range(self, start: int, end: int) -> lsp.Range:
        """The range of [start, end)."""
        return lsp.Range(self.position(start), self.position(end))

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position; past a line's end it is that end, inside a character its
        start, past the last line the text's end."""
        if position.line >= len(self._starts):
            return len(self._text)
        offset, end = self._starts[position.line], self._ends[position.line]
        left = position.character
        while offset < end and (units := self._units(self._text[offset])) <= left:
            left -= units
            offset += 1
        return offset

    def _units(self, character: str) -> int:
        if self._encoding == lsp.PositionEncodingKind.Utf32:
            return 1
        if self._encoding == lsp.PositionEncodingKind.Utf8:
            # A lone surrogate, which JSON can carry, has no UTF-8: it counts as what it would take.
            return len(character.encode("utf-8", "surrogatepass"))
        return 2 if ord(character) > 0xFFFF else 1

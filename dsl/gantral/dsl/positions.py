"""Lines and columns of a text, and how a line is shown on a terminal."""

from __future__ import annotations

import bisect
import unicodedata

TAB = "    "


class Lines:
    """Line and column (from 1, in code points) of offsets into `text`; lines end at `\\n`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset; one past the text's end is its end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The line without its end."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].removesuffix("\r")


def shown(text: str) -> str:
    """The text with nothing in it that a terminal obeys: tabs widened, what can't be printed
    (controls, bidirectional marks) written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    pieces = []
    for character in text:
        if character == "\t":
            pieces.append(TAB)
        elif character.isprintable():
            pieces.append(character)
        else:
            pieces.append(f"\\u{{{ord(character):x}}}")
    return "".join(pieces)


def width(text: str) -> int:
    """How many terminal cells the shown text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )

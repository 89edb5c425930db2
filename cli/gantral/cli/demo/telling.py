"""How the demo speaks: plain lines, wrapped to the terminal, colours only where they are wanted."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

_MOST = 100
_NARROW = 64


@dataclass(frozen=True)
class Teller:
    """Writes lines of at most ``width`` columns. ``color``: terminal colours or none."""

    write: Callable[[str], None]
    width: int
    color: bool

    def heading(self, text: str) -> None:
        """What comes now."""
        self.write("")
        for line in textwrap.wrap(text, self.width):
            self.write(self._paint("1", line))

    def say(self, text: str, indent: int = 2, hang: int = 0) -> None:
        """A paragraph."""
        first, rest = " " * indent, " " * (indent + hang)
        wrapped = textwrap.wrap(
            text, self.width, initial_indent=first, subsequent_indent=rest,
            break_on_hyphens=False,
        )  # fmt: skip
        for line in wrapped or [""]:
            self.write(line)

    def act(self, text: str) -> None:
        """What somebody does, which is no transition yet."""
        self.say(f"> {text}", hang=2)

    def transition(self, time: str, state: str, text: str) -> None:
        """A state that was committed a moment ago."""
        left = f"  {time:<8}  {state:<17}"
        painted = left.replace(state, self._paint(_COLORS.get(state, "1"), state), 1)
        if self.width < _NARROW:
            self.write(painted.rstrip())
            self.say(text, indent=4)
            return
        lines = textwrap.wrap(text, self.width - len(left) - 2, break_on_hyphens=False) or [""]
        self.write(f"{painted}  {lines[0]}".rstrip())
        for line in lines[1:]:
            self.write(" " * (len(left) + 2) + line)

    def verdict(self, word: str, text: str) -> None:
        """What the verifier said, and of what."""
        padded = f"{word:<13}"
        painted = padded.replace(word, self._paint(_COLORS.get(word, "1"), word), 1)
        for number, line in enumerate(textwrap.wrap(text, self.width - 15) or [""]):
            self.write(f"  {painted}{line}" if number == 0 else " " * 15 + line)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


_COLORS = {
    "VALID": "1;32",
    "INVALID": "1;31",
    "REJECTED": "31",
    "TERMINATED": "31",
    "COMPLETED": "32",
    "WAITING_FOR_HUMAN": "33",
}


def teller() -> Teller:
    """A teller for stdout."""
    width = min(shutil.get_terminal_size().columns, _MOST) if sys.stdout.isatty() else _MOST
    if "COLUMNS" in os.environ:
        width = min(shutil.get_terminal_size().columns, _MOST)
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Teller(lambda line: print(line, flush=True), max(width, 24), color)

"""The tokens of a text in order, and the comments in the gaps between them."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from gantral.dsl.format.layout import Remark
from gantral.grammar.lexer import Token, lex


class LostError(Exception):
    """The tree and the tokens do not go together: a fault of the formatter, never of the text."""


class Tape:
    """Tokens under a head that only moves on, so that nothing is dropped, doubled or moved.

    `gap[i]` holds the comments before token i that are not written yet, `below_blank[i]` says
    whether an empty line is right above it. `written` is the place of the token written last.
    """

    def __init__(self, text: str) -> None:
        lexed = lex(text)
        self.tokens: list[Token] = lexed.tokens
        self.at = 0
        self.gap: list[list[Remark]] = []
        self.below_blank: list[bool] = []
        self.written = -1
        comments = iter([*lexed.comments, (len(text) + 1, 0)])
        start, end = next(comments)
        before = 0
        for token in self.tokens:
            remarks: list[Remark] = []
            while start < token.start or (token.kind == "$END" and start <= len(text)):
                lines = text.count("\n", before, start)
                own = lines > 0 or before == 0
                remarks.append(Remark(text[start:end].rstrip(), own, lines > 1))
                before = end
                start, end = next(comments)
            self.gap.append(remarks)
            self.below_blank.append(text.count("\n", before, token.start) > 1)
            before = token.end
        self._commented = [0, *accumulate(len(one) for one in self.gap)]
        self._last_by_end = {token.end: place for place, token in enumerate(self.tokens)}
        self._partner = _partners(self.tokens)

    @property
    def next(self) -> str:
        """The text of the token under the head, "" at the end."""
        return self.tokens[self.at].text

    def commented(self, first: int, last: int) -> bool:
        """Whether a comment stands between two of the tokens first to last."""
        return first < last and self._commented[last + 1] > self._commented[first + 1]

    def last_of(self, end: int) -> int:
        """The place of the token that ends at an offset of the text."""
        return self._last_by_end[end]

    def partner(self, place: int) -> int:
        """The place of the `)` of a `(`."""
        return self._partner[place]

    def pass_on(self) -> None:
        """Leaves the token under the head unwritten; its comments go to the next."""
        here, after = self.at, self.at + 1
        self.gap[after] = self.gap[here] + self.gap[after]
        self.at = after

    def trailing(self) -> Remark | None:
        """Takes the comment that ends the line of the token last read."""
        waiting = self.gap[self.at]
        if not waiting or waiting[0].own:
            return None
        return waiting.pop(0)


def on_its_own(remark: Remark) -> Remark:
    """The comment, on a line of its own."""
    return replace(remark, own=True)


def _partners(tokens: list[Token]) -> dict[int, int]:
    found: dict[int, int] = {}
    open_: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "(":
            open_.append(place)
        elif token.kind == ")":
            found[open_.pop()] = place
    return found

"""What all printers share: writing a token, items one a line, lists in brackets, parentheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gantral.dsl.format.layout import (
    HARD,
    LINE,
    SOFT,
    Doc,
    Glue,
    Group,
    IfBroken,
    Line,
    cat,
    group,
    nest,
)
from gantral.dsl.format.tape import LostError, Tape, on_its_own
from gantral.dsl.span import Node
from gantral.dsl.syntax import Binary

Print = Callable[["Printer", Any], Doc]


class Printer:
    """Prints nodes of one text in the order in which they stand there, with all comments.

    `table` has a function for each type of node, `level` says how tightly a node binds: where
    something tighter is wanted it stands in parentheses.
    """

    def __init__(
        self, text: str, table: Mapping[type[Node], Print], level: Callable[[Node], int]
    ) -> None:
        self.tape = Tape(text)
        self._table = table
        self._level = level

    def node(self, node: Node) -> Doc:
        """The node, by the function of its type."""
        return self._table[type(node)](self, node)

    # --- tokens -------------------------------------------------------------------------------

    def token(self, *wanted: str) -> Doc:
        """The next token, which is one of those wanted, with the comments before and behind it."""
        tape = self.tape
        token = tape.tokens[tape.at]
        if wanted and token.text not in wanted:
            raise LostError(f"{token.text!r} where {wanted[0]!r} is wanted, at {token.start}")
        before, tape.gap[tape.at] = tape.gap[tape.at], []
        tape.written = tape.at
        tape.at += 1
        behind = tape.trailing()
        if not before and behind is None:
            return token.text
        return cat(*before, token.text, *([] if behind is None else [behind]))

    def words(self, text: str) -> Doc:
        """Keywords with a space between them."""
        parts: list[Doc] = []
        for word in text.split():
            parts += [" ", self.token(word)] if parts else [self.token(word)]
        return cat(*parts)

    def comma(self, may_stand: bool = False) -> Doc:
        """The comma after an item: comments before it come behind it. `may_stand`: behind the last
        item, where it is said only when the list is broken."""
        tape = self.tape
        mark: Doc = IfBroken(",") if may_stand else Glue(",")
        if tape.next != ",":
            if not may_stand:
                raise LostError(f"{tape.next!r} where a comma is wanted")
            return mark
        crowded = tape.commented(tape.at - 1, tape.at)
        tape.pass_on()
        behind = None if crowded else tape.trailing()
        if crowded:
            tape.gap[tape.at] = [*map(on_its_own, tape.gap[tape.at])]
        return cat(mark, *([] if behind is None else [behind]))

    # --- groups -------------------------------------------------------------------------------

    def grouped(self, first: int, doc: Doc) -> Group:
        """A group of the tokens from `first` to the last one written."""
        return group(doc, self.tape.commented(first, self.tape.at - 1))

    def listed(self, items: Sequence[Node]) -> Doc:
        """Items with commas between them and no brackets."""
        parts: list[Doc] = []
        for item in items:
            if parts:
                parts += [self.comma(), LINE]
            parts.append(self.node(item))
        return nest(*parts)

    def bracketed(
        self,
        brackets: str,
        items: Sequence[Node],
        pad: str = "",
        comma: bool = True,
    ) -> Doc:
        """Items in brackets, on one line or one a line; `pad` stands inside of the brackets, and
        `comma` says whether the last item may have one."""
        first = self.tape.at
        edge = Line(pad) if items else SOFT
        opened = self.token(brackets[0])
        inner: list[Doc] = []
        for number, one in enumerate(items, 1):
            inner += [edge if number == 1 else LINE, self.within(one, 0)]
            if number < len(items):
                inner.append(self.comma())
            elif comma:
                inner.append(self.comma(may_stand=True))
        inner += self._loose(None)
        return self.grouped(first, cat(opened, nest(*inner), edge, self.token(brackets[1])))

    # --- items one a line ---------------------------------------------------------------------

    def item_line(self, first: bool, apart: bool = False) -> Doc:
        """The break before an item that has a line to itself, with the comments above it and one
        empty line where there was one, or where it is to stand `apart`; never before the first."""
        tape = self.tape
        at = tape.at
        apart = apart and not (tape.below_blank[at] or any(one.below_blank for one in tape.gap[at]))
        lines = self._loose(first, apart)
        blank = tape.below_blank[at] or (apart and not lines)
        return cat(*lines, Line(None, blank and not (first and not lines)))

    def end_line(self, first: bool) -> Doc:
        """The comments behind the last item of a block or a file."""
        return cat(*self._loose(first))

    def _loose(self, first: bool | None, apart: bool = False) -> list[Doc]:
        """The comments before the next token, each on its own line; `first` None keeps no empty
        line between them."""
        remarks, self.tape.gap[self.tape.at] = self.tape.gap[self.tape.at], []
        lines: list[Doc] = []
        for one in remarks:
            blank = first is not None and (one.below_blank or (apart and not lines))
            lines += [Line(None, blank and not (first and not lines)), on_its_own(one)]
        return lines

    def block(self, items: Sequence[Node]) -> Doc:
        """`{ … }` with its items one a line."""
        opened = self.token("{")
        inner: list[Doc] = []
        for number, one in enumerate(items):
            inner += [self.item_line(number == 0), self.node(one)]
        return self.closed(opened, inner)

    def closed(self, opened: Doc, inner: list[Doc]) -> Doc:
        """A block of what is printed already, up to its `}`."""
        inner.append(self.end_line(not inner))
        body = nest(*inner)
        return cat(opened, body, HARD if body.hard else " ", self.token("}"))

    # --- parentheses --------------------------------------------------------------------------

    def within(self, node: Node, level: int, chain: int = -1) -> Doc:
        """The node where only what binds at `level` or tighter stands without parentheses. Others
        go, save those with a comment just inside. `chain`: the level of a chain of operators, which
        breaks at all of them or at none: a part of it is no group of its own."""
        tape = self.tape
        first = tape.at
        own = self._level(node)
        pairs = self._pairs(node)
        kept = [self._commented_inside(*pair) for pair in pairs]
        if own < level and not any(kept):
            if not kept:
                raise LostError(f"no parentheses around {type(node).__name__} at {node.span.start}")
            kept[0] = True
        opened: list[Doc | None] = []
        for keep, (place, _) in zip(kept, pairs, strict=True):
            if keep or self._says_until(place):
                opened.append(self.token("("))
            else:
                tape.pass_on()
                opened.append(None)
        start = tape.at
        doc = self._table[type(node)](self, node)
        if isinstance(node, Binary) and (own != chain or any(opened)):
            doc = self.grouped(start, nest(doc))
        for before in reversed(opened):
            if before is not None:
                inner = nest(SOFT, doc, *self._loose(None))
                doc = self.grouped(first, cat(before, inner, SOFT, self.token(")")))
                continue
            tape.pass_on()
            behind = tape.trailing()
            doc = doc if behind is None else cat(doc, behind)
        return doc

    def _pairs(self, node: Node) -> list[tuple[int, int]]:
        """The parentheses around the whole node, outermost first. The span of an expression has
        them, that of a type or a formula has not."""
        tape = self.tape
        last = tape.last_of(node.span.end)
        found = []
        place = tape.at
        while tape.tokens[place].text == "(" and tape.partner(place) >= last:
            close = tape.partner(place)
            found.append((place, close))
            if close == last:
                last -= 1
            place += 1
        return found

    def _commented_inside(self, place: int, close: int) -> bool:
        return self.tape.commented(place, place + 1) or self.tape.commented(close - 1, close)

    def _says_until(self, place: int) -> bool:
        """Whether `sleep (until)` would be read as `sleep until`."""
        tape = self.tape
        return (
            tape.tokens[place + 1].text == "until"
            and tape.written >= 0
            and tape.tokens[tape.written].text == "sleep"
        )

"""Text: escapes, holes, NFC (LANGUAGE section 4)."""

from __future__ import annotations

import re
import unicodedata

from gantral.dsl.build import Context
from gantral.dsl.syntax import Expression, PlainText, Text
from gantral.grammar.lexer import Token

_PIECE = re.compile(
    r'(?P<PLAIN>[^\\{]+)|(?P<ESCAPE>\\(?:["\\nt{]|u\{[0-9a-fA-F]{1,6}\}))|(?P<BAD>\\.?)|(?P<HOLE>\{)'
)
_SIMPLE = {"n": "\n", "t": "\t"}


def plain(context: Context, token: Token) -> PlainText:
    """Text that takes no holes: a `{` stands for itself."""
    said = context.quoted(token, False)
    pieces = _pieces(context, token, False) if said is None else said
    value = "".join(piece for piece in pieces if isinstance(piece, str))
    return PlainText(context.span(token.start, token.end), _nfc(value))


def text(context: Context, token: Token) -> Text:
    """Text with holes, each an expression whose spans lie in the file."""
    said = context.quoted(token, True)
    parts: list[str | Expression] = []
    pieces: list[str] = []
    for piece in _pieces(context, token, True) if said is None else said:
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        hole = _hole(context, *piece)
        if hole is not None:
            if pieces:
                parts.append(_nfc("".join(pieces)))
                pieces = []
            parts.append(hole)
    if pieces:
        parts.append(_nfc("".join(pieces)))
    return Text(context.span(token.start, token.end), tuple(parts))


def open_hole(context: Context, at: int) -> None:
    """Says that the hole opened at this place is not closed."""
    context.error(
        "G0104",
        context.span(at, at + 1),
        "this `{` opens a hole that is not closed",
        "close it with `}`, or write `\\{` for the sign itself",
    )


def _pieces(context: Context, token: Token, holes: bool) -> list[str | tuple[int, int]]:
    """What stands between our quotes: text, and the places of holes."""
    found: list[str | tuple[int, int]] = []
    at, end = token.start + 1, token.end - 1
    while at < end:
        match = _PIECE.match(context.text, at, end)
        assert match is not None
        at = match.end()
        if not holes or match.lastgroup != "HOLE":
            found.append(_piece(context, match))
            continue
        close = closing(context.text, at, end)
        if close < 0:
            open_hole(context, at - 1)
            break
        found.append((at, close))
        at = close + 1
    return found


def _hole(context: Context, start: int, end: int) -> Expression | None:
    from gantral.dsl.sentence import expression_in

    return expression_in(context, start, end)


def closing(text: str, at: int, end: int) -> int:
    """Where the hole ends that begins at a place; -1 when it does not before `end`."""
    depth = 0
    for place in range(at, end):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            if depth == 0:
                return place
            depth -= 1
    return -1


def _piece(context: Context, match: re.Match[str]) -> str:
    piece = match.group()
    if match.lastgroup in ("PLAIN", "HOLE"):
        return piece
    span = context.span(match.start(), match.end())
    if match.lastgroup == "BAD":
        context.error(
            "G0103",
            span,
            f"`{piece}` is no escape",
            'the escapes are \\" \\\\ \\n \\t \\{ and \\u{…} with a code point',
        )
        return ""
    if piece[1] != "u":
        return _SIMPLE.get(piece[1], piece[1])
    point = int(piece[3:-1], 16)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF or point == 0:
        context.error("G0103", span, f"`{piece}` is no character", "write a Unicode code point")
        return ""
    return chr(point)


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)

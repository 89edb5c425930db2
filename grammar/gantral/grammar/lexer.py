"""Text to tokens: one pass, no context, linear time.

What a word is (a keyword, a name, a label) hangs on where it stands, so the parser decides that.
Nothing is thrown away: comments are kept by place, and what is no part of the language becomes a
fault and a token of kind ERROR, on which the parser recovers without a second message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# LANGUAGE section 2: names nothing, save after a dot, before a colon, as an operation or a branch.
RESERVED = frozenset(
    [
        "let",
        "var",
        "set",
        "undo",
        "collect",
        "give",
        "ask",
        "if",
        "match",
        "for",
        "repeat",
        "parallel",
        "wait",
        "sleep",
        "require",
        "terminate",
        "complete",
        "run",
        "else",
        "then",
        "and",
        "or",
        "not",
        "in",
        "is",
        "true",
        "false",
        "none",
        "some",
        "under",
        "only",
    ]
)


@dataclass(slots=True)
class Token:
    """A piece of the text, [start, end) in code points.

    `kind` is WORD, TYPE_NAME, STRING, INT, DECIMAL, DURATION, TIME, ERROR, $END, or for
    punctuation the text itself. `depth` counts the braces open before it; `first` says that it
    begins its line; `label` that a colon follows.
    """

    kind: str
    text: str
    start: int
    end: int
    first: bool
    depth: int
    label: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What the lexer refuses: `name` is one of text, character, number, case."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexed:
    """`tokens` ends with $END; `comments` are the [start, end) of each."""

    tokens: list[Token]
    comments: list[tuple[int, int]]
    faults: list[Fault]


_TOKEN = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+)
  | (?P<COMMENT>\#[^\n]*)
  | (?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<OPEN>"[^\n]*)
  | (?P<TIME>[0-9][0-9]:[0-9][0-9](?![0-9]))
  | (?P<NUMBER>[0-9]+(?:\.[0-9]+)?[A-Za-z0-9_]*)
  | (?P<MARK>\?\.|\?\?|->|\.\.|==|!=|<=|>=|[{}()\[\],:.=<>+*|?-])
  | (?P<OTHER>.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBERS = (
    ("INT", re.compile(r"[0-9]+")),
    ("DECIMAL", re.compile(r"[0-9]+\.[0-9]+")),
    ("DURATION", re.compile(r"[0-9]+(?:ms|s|m|h|d|w)")),
)
_VALUE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def lex(text: str, start: int = 0, end: int | None = None) -> Lexed:
    """The tokens of `text[start:end]`, with places in the whole text."""
    stop = len(text) if end is None else end
    tokens: list[Token] = []
    comments: list[tuple[int, int]] = []
    faults: list[Fault] = []
    depth = 0
    first = True
    for match in _TOKEN.finditer(text, start, stop):
        kind = match.lastgroup
        piece = match.group()
        at, after = match.span()
        if kind == "SPACE":
            first = first or "\n" in piece
            continue
        if kind == "COMMENT":
            comments.append((at, after))
            continue
        if kind == "MARK":
            kind = piece
            if piece == ":" and tokens and tokens[-1].kind == "WORD":
                tokens[-1].label = True
        elif kind == "WORD":
            kind = _word(piece, at, after, faults)
        elif kind == "NUMBER":
            kind = next((name for name, form in _NUMBERS if form.fullmatch(piece)), "ERROR")
            if kind == "ERROR":
                faults.append(Fault("number", at, after))
        elif kind == "OPEN":
            kind = "ERROR"
            faults.append(Fault("text", at, after))
        elif kind == "OTHER":
            kind = "ERROR"
            if faults and faults[-1].name == "character" and faults[-1].end == at:
                faults[-1] = Fault("character", faults[-1].start, after)
                tokens[-1].end = after
                continue
            faults.append(Fault("character", at, after))
        tokens.append(Token(str(kind), piece, at, after, first, depth))
        first = False
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
    tokens.append(Token("$END", "", stop, stop, True, depth))
    return Lexed(tokens, comments, faults)


def _word(piece: str, at: int, after: int, faults: list[Fault]) -> str:
    """A word whose letters are of the wrong case is refused once and then taken for what it is
    likeliest meant to be, so that nothing else is said about it."""
    if _VALUE_NAME.fullmatch(piece):
        return "WORD"
    if not _TYPE_NAME.fullmatch(piece):
        faults.append(Fault("case", at, after))
    return "TYPE_NAME" if piece[0].isupper() else "WORD"

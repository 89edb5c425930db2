"""A text while it is typed: what can be read of it, and what may stand at a place.

For editors alone. Nothing here is ever a verdict on a spec.
"""

from __future__ import annotations

import re

from gantral.dsl.front import is_yaml, read
from gantral.dsl.frozen import frozen
from gantral.dsl.parse import MAX_DEPTH, parse
from gantral.dsl.syntax import File
from gantral.grammar.lexer import Token, lex
from gantral.grammar.machine import SyntaxFault, TooDeepError, load, run

_CURSOR = "<cursor>"
_PART_OF_WORD = re.compile(r"[A-Za-z0-9_]*\Z")
_ESCAPE = re.compile(r"\\.", re.DOTALL)


@frozen
class Word:
    """A token before the place: a word, a mark, a text, a number."""

    text: str
    start: int
    label: bool


@frozen
class Cursor:
    """A place in a text. `start` is where the word begins that is being typed there (the place
    itself when none is); `before` are the tokens in front of it, in order; `expected` are the
    terminals of the grammar that can stand at `start`, and `keywords` those that are words."""

    start: int
    before: tuple[Word, ...]
    expected: frozenset[str]
    keywords: frozenset[str]


def read_all_the_same(source: str, text: str) -> File | None:
    """The tree of a text, of one with errors what could be read; None when that is nothing.

    Never raises for any text.
    """
    found = read(source, text).recovered
    if found is None and not is_yaml(source):
        # Where braces are still open the end is no end: close them and read again.
        missing = lex(text).tokens[-1].depth
        if missing:
            found = parse(source, f"{text}\n{'}' * missing}").recovered
    return found


def cursor(text: str, offset: int) -> Cursor | None:
    """What stands before a place of the text and what may stand there; None in a comment and in
    text outside its holes, where nothing of the language stands. Never raises for any text."""
    offset = max(0, min(offset, len(text)))
    typed = _PART_OF_WORD.search(text, 0, offset)
    start = offset if typed is None else typed.start()
    begin, rule = 0, "start"
    lexed = lex(text, 0, start)
    if any(at < start and "\n" not in text[at:start] for at, _ in lexed.comments[-1:]):
        return None
    last = lexed.tokens[-2] if len(lexed.tokens) > 1 else None
    if last is not None and last.kind == "ERROR" and last.text.startswith('"'):
        # An open text: only a hole of it that is open too is the language again.
        inside = _ESCAPE.sub("  ", last.text)
        hole = inside.rfind("{")
        if hole < 0 or inside.rfind("}") > hole:
            return None
        begin, rule = last.start + hole + 1, "hole"
    tokens = lex(text, begin, start).tokens
    end = tokens.pop()
    words = tuple(Word(one.text, one.start, one.label) for one in tokens)
    tokens += [Token(_CURSOR, "", start, start, end.first, end.depth), end]
    expected: set[str] = set()

    def report(fault: SyntaxFault) -> None:
        if fault.token.kind == _CURSOR:
            expected.update(fault.expected)

    try:
        run(tokens, rule, lambda name, start, end, kids: None, report, MAX_DEPTH)
    except TooDeepError:
        return None
    return Cursor(start, words, frozenset(expected), frozenset(expected) & load().keywords)

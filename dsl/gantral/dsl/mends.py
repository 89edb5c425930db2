"""Which mends of the form need no human: `gantral check --fix` applies these alone (ADR 0073).

A mend is sure when it is no guess and gives nobody and nothing authority that the text as written
does not plainly name. On any doubt it is not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from gantral.grammar.lexer import RESERVED, Lexed, Token
from gantral.grammar.machine import load

# Words of structure. One that grants (waived, critical, initiator, under, notify, uses …) is not
# among them, however plainly it is misspelt.
_STRUCTURE = frozenset(
    "workflow version team input output service queue timeout heartbeat gate title clock after"
    " remind reject import type role require else then complete terminate failure".split()
)
# Words whose own list a comma may complete. Every clause about authority begins with another word
# of the language, and that is then the nearest before the comma.
_LISTS = frozenset("input output type gate read effect notify let ask complete".split())
_BUILT_IN = frozenset("decision old new result args instance cause".split())
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sure_word(given: str, word: str) -> bool:
    """Whether `given` may become this word of the language: its ends are there and it has no sign
    too many, so that none was meant for the next word (`after2 4h` is not `after 4h`)."""
    ends = given[0] == word[0] and given[-1] == word[-1]
    return word in _STRUCTURE and ends and len(given) <= len(word)


def sure_mark(mark: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether a mark left out at the offset `at` may be put there: a comma of a list. Where a
    bracket closes decides what belongs together, as in the bound of an amendment; a colon or an
    equals sign decides which of two words is the name."""
    if mark != ",":
        return False
    keywords = load().keywords
    for place in range(bisect_left(tokens, at, key=lambda token: token.start) - 1, -1, -1):
        token, then = tokens[place], tokens[place + 1].kind
        if token.kind != "WORD" or token.text not in keywords or token.label:
            continue
        if then in (".", "?.") or (place and tokens[place - 1].kind in (".", "?.")):
            continue
        return token.text in _LISTS and then in ("WORD", "TYPE_NAME", "{")
    return False


def sure_names(text: str, lexed: Lexed, better: Callable[[str], str]) -> frozenset[str]:
    """The names of a wrong case that may be written as `better` says: a new name for all places of
    one, so that each still means what it meant. Not so when the new name is there already, or two
    become one, or a place may speak of another file or lies in a text.
    """
    wrong = {text[one.start : one.end] for one in lexed.faults if one.name == "case"}
    if not wrong:
        return frozenset()
    there = set(_WORD.findall(text)) | RESERVED | load().keywords | _BUILT_IN
    become = Counter(better(word) for word in wrong)
    tokens = lexed.tokens
    imports = any(token.text == "import" for token in tokens)
    doubtful = {
        word
        for token in tokens
        if token.kind in ("STRING", "ERROR")
        for word in _WORD.findall(token.text)
    }
    if imports:
        doubtful |= {token.text for before, token in pairwise(tokens) if before.kind in (".", "?.")}
    return frozenset(
        word for word in wrong - doubtful if better(word) not in there and become[better(word)] == 1
    )

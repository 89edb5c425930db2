"""What kind of name belongs at a place, told by the words in front of it.

Which keywords can stand there, and whether a value or a type can, the grammar says (`Cursor`);
these words tell apart the places where it only says "a name".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gantral.compiler.index.symbols import SymbolKind
from gantral.dsl.cursor import Word

_NAME = r"\w+(?: \. \w+)*"
# A list of names that goes on, in brackets or not.
_ITEM = rf"(?:actors? )?{_NAME}"
_MORE = rf"(?:\[ )?(?:{_ITEM} (?:\] )?, )*(?:\[ )?"
_LEADS: tuple[tuple[str, SymbolKind], ...] = (
    (r"ask ", "gate"),
    (r"deciders of ", "gate"),
    (rf"under (?:{_NAME} , )*", "approval"),
    (r"by policy ", "policy"),
    (r"(?:prove|,) assurance ", "assurance"),
    (r"run workflow ", "workflow"),
    (rf"\d+ of {_MORE}", "role"),
    (rf"points of \{{ (?:{_ITEM} : \d+ , )*", "role"),
    (rf"start by {_MORE}", "role"),
    (rf"veto {_MORE}", "role"),
    (rf"after \w+ widen {_MORE}", "role"),
    (rf"after \w+ widen {_MORE}{_ITEM} (?:\] )?to {_MORE}", "role"),
    (rf"\}} from {_MORE}", "role"),
    (rf"once per (?:{_NAME} , )*", "given"),
    (rf"time per (?:{_NAME} , )*", "given"),
    (r"actors? ", "parameter"),
    (r"amend ", "parameter"),
    (rf"releases (?:{_NAME} , )*", "service"),
    (r"[(,] \w+ from ", "service"),
    (r"clock on ", "calendar"),
    (r"(?:wait|\{|\}) for ", "event"),
    (r"undo ", "let"),
    (r"set ", "var"),
)
_RULES = tuple((re.compile(rf"(?:^|.* ){lead}$"), kind) for lead, kind in _LEADS)
# No list of names that anybody writes is longer.
_LOOK_BACK = 80


def kind_after(before: Sequence[Word]) -> SymbolKind | None:
    """The kind of name that belongs after these words; None where a new name is bound, or where
    the words don't tell."""
    texts = ['""' if one.text.startswith('"') else one.text for one in before[-_LOOK_BACK:]]
    joined = "".join(f"{one} " for one in texts)
    return next((kind for rule, kind in _RULES if rule.match(joined)), None)


def chain(before: Sequence[Word]) -> list[Word]:
    """The names in front of a dot that the words end with, in order: of `a.b.` a and b."""
    names: list[Word] = []
    at = len(before) - 1
    while at > 0 and before[at].text in (".", "?."):
        names.insert(0, before[at - 1])
        at -= 2
    if any(not one.text.isidentifier() for one in names):
        return []
    return names


def opened(before: Sequence[Word]) -> int:
    """Where the innermost bracket stands that is open after these words; -1 when none is."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        if before[at].text in (")", "}", "]"):
            depth += 1
        elif before[at].text in ("(", "{", "["):
            if not depth:
                return at
            depth -= 1
    return -1

"""A text that a pattern matches whole."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from importlib import import_module
from typing import Any

_PARSER: Any = import_module("re._parser")
_WORDS: Any = import_module("re._constants")
_LIKED = string.ascii_letters + string.digits + "-_ .:/"


def matching(pattern: str, nth: int = 0) -> str:
    """A short text that matches, one of several. Raises ValueError where none was found."""
    made = "".join(_one(part, nth) for part in _PARSER.parse(pattern))
    if re.fullmatch(pattern, made) is None:
        raise ValueError(f"no text was found that {pattern} matches")
    return made


def _one(part: tuple[Any, Any], nth: int) -> str:
    kind, rest = part
    if kind is _WORDS.LITERAL:
        return chr(rest)
    if kind is _WORDS.ANY:
        return _LIKED[nth]
    if kind is _WORDS.IN:
        return _within(rest, nth)
    if kind is _WORDS.BRANCH:
        return "".join(_one(inner, nth) for inner in rest[1][0])
    if kind is _WORDS.SUBPATTERN:
        return "".join(_one(inner, nth) for inner in rest[-1])
    if kind in (_WORDS.MAX_REPEAT, _WORDS.MIN_REPEAT):
        least, _, inner = rest
        return "".join(_one(each, nth) for _ in range(least) for each in inner)
    if kind is _WORDS.AT:
        return ""
    if kind is _WORDS.NOT_LITERAL:
        return next(one for one in _LIKED[nth:] if ord(one) != rest)
    raise ValueError(f"no text is made of {kind}")


def _within(members: Sequence[tuple[Any, Any]], nth: int) -> str:
    kind, rest = members[0]
    if kind is _WORDS.NEGATE:
        return next(one for one in _LIKED[nth:] if not _has(members[1:], one))
    if kind is _WORDS.RANGE:
        low, high = rest
        return chr(low + nth % (high - low + 1))
    if kind is _WORDS.LITERAL:
        return chr(rest)
    return next(one for one in _LIKED[nth:] if _has(members, one))


def _has(members: Sequence[tuple[Any, Any]], one: str) -> bool:
    for kind, rest in members:
        if kind is _WORDS.LITERAL and ord(one) == rest:
            return True
        if kind is _WORDS.RANGE and rest[0] <= ord(one) <= rest[1]:
            return True
        if kind is _WORDS.CATEGORY:
            digit = rest is _WORDS.CATEGORY_DIGIT and one.isdigit()
            word = rest is _WORDS.CATEGORY_WORD and (one.isalnum() or one == "_")
            space = rest is _WORDS.CATEGORY_SPACE and one.isspace()
            if digit or word or space:
                return True
    return False

"""Text of a spec on its way into Markdown, and lengths of time that leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gantral.compiler.phrases import visible

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~&]")
_UNITS = (
    ("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000),
    ("millisecond", 1),
)  # fmt: skip


def plain(text: str) -> str:
    """The text with nothing in it that Markdown or HTML would take for its own."""
    return _MARKDOWN.sub(lambda one: f"\\{one[0]}", visible(text))


def quoted(text: str) -> str:
    """A text that the spec's author wrote."""
    return f"“{plain(text)}”"


def code(name: str) -> str:
    """A name of the spec, or a path or query of a policy, as it stands there."""
    shown = visible(name)
    fence = "`" * (1 + max((len(one) for one in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def listed(names: Iterable[str], word: str = "and") -> str:
    """a; a and b; a, b and c."""
    *before, last = list(names)
    return f"{', '.join(before)} {word} {last}" if before else last


def length(milliseconds: int) -> str:
    """A length of time to the millisecond: what is signed must not be rounded."""
    parts, rest = [], milliseconds
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(some(count, unit))
    return listed(parts) if parts else "no time"


def some(count: int, what: str) -> str:
    """1 call, 2 calls."""
    return f"{count} {what}{'' if count == 1 else 's'}"

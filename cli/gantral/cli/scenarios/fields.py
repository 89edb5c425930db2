"""The small forms of a scenario file: mappings with known keys, words, durations, texts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from datetime import timedelta

from gantral.cli.scenarios.nodes import Node, WrongScenario

_PART = re.compile(r"(\d{1,9})(ms|s|m|h|d|w)", re.ASCII)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class Fields:
    """A mapping with exactly the keys of its kind.

    Raises:
        WrongScenario: it is no mapping, a key is unknown, one that must be there is missing.
    """

    def __init__(
        self, node: Node, what: str, needed: Collection[str], free: Collection[str] = ()
    ) -> None:
        known = (*needed, *free)
        self._values = mapping(node, what, f"with {', '.join(known)}")
        self.place = node.place
        for name in self._values:
            if name not in known:
                raise WrongScenario(
                    node.keys[name],
                    "unknown_key",
                    f"{what} has no key {name}",
                    f"did you mean {near}?" if (near := nearest(name, known)) else _known(known),
                )
        for name in needed:
            if name not in self._values:
                raise WrongScenario(
                    node.place, "missing_key", f"{what} lacks the key {name}", f"add {name}: …"
                )

    def __getitem__(self, name: str) -> Node:
        return self._values[name]

    def get(self, name: str) -> Node | None:
        """The value of a key, or None when it is not there."""
        return self._values.get(name)


def mapping(node: Node, what: str, remedy: str) -> dict[str, Node]:
    """The node's mapping. Raises WrongScenario."""
    if not isinstance(node.value, dict):
        raise WrongScenario(node.place, "value", f"{what} is a mapping", f"write one {remedy}")
    return node.value


def sequence(node: Node | None, what: str) -> list[Node]:
    """The node's list; none when it is absent. Raises WrongScenario."""
    if node is None:
        return []
    if not isinstance(node.value, list):
        raise WrongScenario(
            node.place, "value", f"{what} is a list", "write its items below, each after a dash"
        )
    return node.value


def text(node: Node) -> str:
    """A text. Raises WrongScenario."""
    if not isinstance(node.value, str):
        raise WrongScenario(node.place, "value", "a text is wanted here", "put it in quotes")
    return node.value


def word(node: Node, known: Collection[str] | None = None, what: str = "word") -> str:
    """A text that is one of ``known``. Raises WrongScenario."""
    found = text(node)
    if known is not None and found not in known:
        near = nearest(found, known)
        raise WrongScenario(
            node.place,
            "unknown_name",
            f"there is no {what} {found}",
            f"did you mean {near}?" if near else _known(known),
        )
    return found


def words(node: Node | None, known: Collection[str], what: str) -> tuple[str, ...]:
    """A list of words, sorted. Raises WrongScenario."""
    return tuple(sorted({word(one, known, what) for one in sequence(node, f"a list of {what}s")}))


def duration(node: Node) -> timedelta:
    """A duration as the language writes it, ``90s`` or ``1h30m``. Raises WrongScenario."""
    found = str(node.value) if isinstance(node.value, (str, int)) else ""
    parts = _PART.findall(found)
    if not parts or "".join(number + unit for number, unit in parts) != found:
        raise WrongScenario(
            node.place, "value", "a duration is wanted here", "write 90s, 30m, 8h or 3d"
        )
    try:
        return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError:
        raise WrongScenario(
            node.place, "value", "this is longer than time lasts", "write less"
        ) from None


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that was most likely meant, or ""."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")


def _known(known: Collection[str]) -> str:
    return f"known: {', '.join(sorted(known)) or 'none'}"

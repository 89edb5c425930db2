"""Comments on their way from one form to the other: each goes above what it stood at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gantral.dsl.positions import Lines
from gantral.dsl.span import Comment, Node


class Remarks:
    """The comments of a source that are not written yet, in order."""

    def __init__(self, text: str, comments: Iterable[Comment], documented: Iterable[Node]) -> None:
        lines = Lines(text)
        own = {
            lines.place(one.span.start)[0]: one
            for one in comments
            if not text[text.rfind("\n", 0, one.span.start) + 1 : one.span.start].strip()
        }
        docs: set[int] = set()
        for node in documented:
            line = lines.place(node.span.start)[0] - 1
            while line in own and own[line].text.startswith("##"):
                docs.add(own[line].span.start)
                line -= 1
        self._waiting = [one for one in comments if one.span.start not in docs]
        self._text = text

    def above(self, start: int) -> Iterator[str]:
        """The comments in front of a place, or further along on its line's head."""
        while self._waiting and self._waiting[0].span.start < start:
            yield self._waiting.pop(0).text.rstrip()

    def through(self, start: int, end: int) -> Iterator[str]:
        """The comments in front of what stands there, inside it, and behind it on its last line."""
        stop = self._text.find("\n", max(start, end - 1))
        yield from self.above(len(self._text) + 1 if stop < 0 else stop)

    def rest(self) -> Iterator[str]:
        """What is left."""
        yield from self.above(len(self._text) + 1)


def documented(node: Node) -> Iterator[Any]:
    """The declarations with a doc comment."""
    for name in getattr(type(node), "__slots__", ()):
        value = getattr(node, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Node) and hasattr(one, "doc"):
                if one.doc:
                    yield one
                yield from documented(one)

"""YAML as nodes that know their places, in the narrow form that nobody can misread.

The characters are read by ruamel.yaml, event by event, so that nothing nests or repeats without
bound; what its values mean is never asked of it: a plain scalar is the text that stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeAlias

from gantral.dsl.build import Context
from gantral.dsl.diagnostics import Label
from gantral.dsl.frozen import frozen
from gantral.dsl.sentence import too_deep

# Each level is a few nodes of the tree, which is 200 deep at most.
MAX_NESTING = 90

# What YAML 1.1, and with it many a tool, reads as true, false or nothing.
TRAPS = frozenset("y n yes no on off null ~".split())
# In a flow collection: a name, a path, a number or a duration, and the `?` of a type.
FLOW_WORD = re.compile(r"-?[A-Za-z0-9_.]+\??")
_COMMENT = re.compile(r"#[^\r\n]*")
_TAB = re.compile(r"^ *\t", re.MULTILINE)

_QUOTE = (
    "a value that begins with a quote ends with it: put parentheses around the whole, "
    "or write it as a block scalar, `|` and the value on the next line"
)
_HELPS = (
    (
        "mapping values are not allowed here",
        "YAML takes `: ` for the end of a key: write `max:64` without the space, "
        "or the whole value as a block scalar, `|` and the value on the next line",
    ),
    ("but found '<scalar>'", _QUOTE),
    ("expected a comment or a line break", _QUOTE),
    ("cannot start any token", "write the value as a block scalar, `|` and it on the next line"),
)


@frozen
class Scalar:
    """A text [start, end) of the file. What it says stands in [first, last): between the quotes, or
    below the head of a block scalar. `value` is what YAML makes of that."""

    start: int
    end: int
    value: str
    style: Literal["plain", "quoted", "block"]
    first: int
    last: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return self.style == "plain" and not self.value


@dataclass(slots=True)
class Sequence:
    """A list; `flow` says that it is in brackets."""

    start: int
    end: int
    flow: bool
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in their order, no key twice; `flow` says that it is in braces. `known` has
    the keys by what they say."""

    start: int
    end: int
    flow: bool
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    known: dict[str, Scalar] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


def compose(context: Context) -> tuple[Node | None, list[tuple[int, int]]]:
    """The one document of the text, and where its comments stand; None when it holds nothing or is
    not read, which is then told. Never raises for any text."""
    # Only here: nothing else of a spec's reading needs it, and it takes long to import.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    for match, _ in zip(_TAB.finditer(context.text), range(20), strict=False):
        at = match.end() - 1
        context.error(
            "G0127", context.span(at, at + 1), "a tab indents this line", "indent with spaces"
        )
    if context.found:
        return None, []
    composer = _Composer(context)
    try:
        top = composer.document(YAML(typ="safe", pure=True).parse(context.text))
        return top, composer.comments()
    except (_Refused, EnoughError):
        return None, []
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index if mark is not None else 0, len(context.text))
        problem = str(error.problem or "it can't be read").splitlines()[0]
        help = next((help for part, help in _HELPS if part in problem), "mend it here")
        context.error("G0120", context.span(at, at + 1), f"this is no YAML: {problem}", help)
    except Exception as error:
        # Foreign code on any text at all: whatever it trips over, the file is not read.
        problem = (str(error).splitlines() or ["it can't be read"])[0]
        context.error("G0120", context.span(0, 0), f"this is no YAML: {problem}", "mend it")
    return None, []


class EnoughError(Exception):
    """So much is wrong that no more of it is told."""


class _Refused(Exception):  # noqa: N818 - said already; the rest of the file is not looked at
    """What stands here is told, and reading ends."""


class _Composer:
    """Events to nodes, without recursion."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._text = context.text
        self._scalars: list[tuple[int, int]] = []

    def comments(self) -> list[tuple[int, int]]:
        """Where comments stand: what begins with `#` between the scalars."""
        found: list[tuple[int, int]] = []
        at = 0
        for start, end in [*self._scalars, (len(self._text), len(self._text))]:
            found += (match.span() for match in _COMMENT.finditer(self._text, at, start))
            at = end
        return found

    def document(self, events: Iterable[Any]) -> Node | None:
        """The one document.

        Raises:
            _Refused: what can't be read on after is told.
        """
        top: Node | None = None
        # Each open collection with the key that waits for its value.
        open_: list[tuple[Sequence | Mapping, Scalar | None]] = []
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                self._begins(event, documents)
                continue
            if kind in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                continue
            start, end = event.start_mark.index, event.end_mark.index
            if kind in ("SequenceEndEvent", "MappingEndEvent"):
                done, _ = open_.pop()
                if done.flow:
                    done.end = end
                if open_:
                    open_[-1][0].end = max(open_[-1][0].end, done.end)
                continue
            self._plainly(event, kind, start, end)
            node: Node
            if kind == "ScalarEvent":
                node = self._scalar(event, start, end, bool(open_) and open_[-1][0].flow)
            else:
                flow = bool(event.flow_style)
                if flow and self._text[start] not in "[{":
                    self._misread(start, end)
                shape = Sequence if kind == "SequenceStartEvent" else Mapping
                node = shape(start, start + flow, flow)
            if not open_:
                top = node
            else:
                self._put(open_, node)
            if not isinstance(node, Scalar):
                open_.append((node, None))
                if len(open_) > MAX_NESTING:
                    too_deep(self._context, start, start + 1)
                    raise _Refused
        return top

    def _begins(self, event: Any, number: int) -> None:
        at = event.start_mark.index
        if number > 1:
            self._refuse("G0124", at, at + 3, "a second document starts here", "one file is one")
        if event.version is not None or event.tags:
            self._refuse("G0124", 0, 1, "a directive", "leave out the lines that begin with `%`")

    def _plainly(self, event: Any, kind: str, start: int, end: int) -> None:
        """Nothing that makes YAML say what does not stand there."""
        if kind == "AliasEvent" or event.anchor is not None:
            word = "an alias" if kind == "AliasEvent" else "an anchor"
            self._refuse("G0122", start, end, f"{word} is not read", "write the whole of it here")
        if event.tag is not None:
            self._refuse("G0123", start, end, "a tag is not read", "leave it out")

    def _put(self, open_: list[tuple[Sequence | Mapping, Scalar | None]], node: Node) -> None:
        holder, key = open_[-1]
        if isinstance(holder, Sequence):
            holder.items.append(node)
        elif key is not None:
            holder.pairs.append((key, node))
            open_[-1] = (holder, None)
        else:
            open_[-1] = (holder, self._key(holder, node))
        holder.end = max(holder.end, node.end)

    def _key(self, holder: Mapping, node: Node) -> Scalar:
        if not isinstance(node, Scalar) or node.style == "block":
            self._refuse("G0128", node.start, node.end, "a key is one word or a few", "write one")
        if "\n" in self._text[node.start : node.end]:
            self._refuse("G0128", node.start, node.end, "a key of two lines", "write it on one")
        if node.value == "<<":
            self._refuse(
                "G0122", node.start, node.end, "a merge is not read", "write the keys here"
            )
        first = holder.known.setdefault(node.value, node)
        if first is not node:
            where = self._context.span(first.start, first.end)
            self._context.error(
                "G0121",
                self._context.span(node.start, node.end),
                f"`{node.value}` stands here twice",
                "keep one of them",
                (Label(where, "said here first"),),
            )
        return node

    def _scalar(self, event: Any, start: int, end: int, flow: bool) -> Scalar:
        text, value, style = self._text, str(event.value), event.style
        self._scalars.append((start, end))
        if style in ("'", '"'):
            if "\n" in text[start:end]:
                self._refuse(
                    "G0130", start, end, "a text in quotes of two lines", "write it on one line"
                )
            return Scalar(start, end, value, "quoted", start + 1, end - 1)
        if style is not None and style not in ("", "plain"):
            return self._block(start, end, value)
        if value.lower() in TRAPS:
            self._context.error(
                "G0132",
                self._context.span(start, end),
                f"`{value}` is true, false or nothing to other readers of YAML",
                "where it is a name, put a key in quotes and write a value as a block scalar; "
                "where it is none, say what is meant",
            )
        if flow and value and FLOW_WORD.fullmatch(value) is None:
            self._misread(start, end)
        # The text itself is what is read on: it must be all that YAML read.
        if text[start:end].split() != value.split():
            self._doubt(start, end)
        return Scalar(start, end, value, "plain", start, end)

    def _block(self, start: int, end: int, value: str) -> Scalar:
        text = self._text
        first = text.find("\n", start, end) + 1
        if not first:
            return Scalar(start, end, value, "block", end, end)
        # A comment can stand on the line of its head.
        self._scalars[-1:] = [(start, start), (first, end)]
        last = first + len(text[first:end].rstrip())
        if text[first:last].split() != value.split():
            self._doubt(start, end)
        return Scalar(start, max(last, first), value, "block", first, last)

    def _misread(self, start: int, end: int) -> NoReturn:
        self._refuse(
            "G0126",
            start,
            end,
            "in brackets and braces of YAML only names, numbers and quoted texts are read",
            "write one entry a line, or the whole as a block scalar: `|` and it on the next line",
        )

    def _doubt(self, start: int, end: int) -> NoReturn:
        self._refuse(
            "G0120", start, end, "this scalar is not what stands here", "write it on one line"
        )

    def _refuse(self, code: str, start: int, end: int, message: str, help: str) -> NoReturn:
        end = min(max(end, start + 1), len(self._text))
        self._context.error(code, self._context.span(start, end), message, help)
        raise _Refused

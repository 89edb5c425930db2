"""YAML as lines: mappings, lists, and scalars that YAML and we read alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from gantral.dsl.convert.remarks import Remarks
from gantral.dsl.convert.spell import Speller
from gantral.dsl.span import Node
from gantral.dsl.yaml.nodes import FLOW_WORD, TRAPS

WIDTH = 100
# What a plain scalar may begin with; what else may not stand in it is looked for apart.
_PLAIN = re.compile(r"[A-Za-z0-9_(][^\n]*")
_LOOSE, _TIGHT = Speller(), Speller(tight=True)


@dataclass(slots=True)
class Block:
    """A scalar on lines of its own."""

    lines: list[str]


@dataclass(slots=True)
class Entry:
    """A key with its value, made of what stands at [start, end) of the source."""

    key: str
    value: Out
    start: int
    end: int


@dataclass(slots=True)
class Map:
    """`brief`: on one line where it can be."""

    entries: list[Entry] = field(default_factory=list)
    brief: bool = False


@dataclass(slots=True)
class Items:
    """A list; `places` is where each entry stands in the source."""

    items: list[Out] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)


# None: nothing behind the key.
Out: TypeAlias = str | Block | Map | Items | None


def scalar(node: Node, spell: Callable[[Speller], str] | None = None) -> Out:
    """A node as a scalar in text form: plain where YAML leaves it alone, else a block. `spell` says
    how where it is not the node as a whole."""
    texts = [spell(one) if spell else one(node) for one in (_LOOSE, _TIGHT)]
    for text in texts:
        if _is_plain(text):
            return text
    return Block([texts[0]])


def word(text: str) -> Out:
    """A name."""
    return text if text not in TRAPS else Block([text])


def key(text: str) -> str:
    """A key that is a name."""
    return f'"{text}"' if text in TRAPS else text


def said(text: str) -> str:
    """A text in double quotes, of what stands between ours."""
    pieces = []
    for sign in text:
        if sign in '"\\':
            pieces.append("\\" + sign)
        elif sign == "\n":
            pieces.append("\\n")
        elif sign == "\t":
            pieces.append("\\t")
        elif sign.isprintable():
            pieces.append(sign)
        else:
            point = ord(sign)
            pieces.append(f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}")
    return f'"{"".join(pieces)}"'


def literal(text: str, holes: bool) -> str:
    """A piece of a text as a quoted scalar holds it, before YAML's own escapes."""
    text = text.replace("\\", "\\\\")
    return text.replace("{", "\\{") if holes else text


def doc(text: str) -> Out:
    """A doc comment."""
    lines = text.split("\n")
    whole = lines[0] and lines[-1] and all(line == "" or line.isprintable() for line in lines)
    return Block(lines) if len(lines) > 1 and whole else said(text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and ": " not in text
        and " #" not in text
        and not text.endswith((":", " "))
        and text.isprintable()
        and text not in TRAPS
    )


def render(top: Map, remarks: Remarks) -> str:
    """The lines of a file, each comment above what it stood at."""
    lines = list(_map(top, 0, remarks))
    lines += remarks.rest()
    return "".join(f"{line}\n" for line in lines)


def _map(node: Map, indent: int, remarks: Remarks) -> Iterator[str]:
    pad = " " * indent
    before = False
    for number, entry in enumerate(node.entries):
        tall = isinstance(entry.value, (Map, Items)) and _brief(entry, indent) is None
        if number and not indent and (tall or before):
            # The parts of a file stand apart.
            yield ""
        before = tall
        told = remarks.above(entry.start + 1) if tall else remarks.through(entry.start, entry.end)
        yield from (pad + one for one in told)
        yield from _entry(entry, indent, remarks)


def _entry(entry: Entry, indent: int, remarks: Remarks) -> Iterator[str]:
    head, value = f"{' ' * indent}{entry.key}:", entry.value
    if value is None:
        yield head
    elif isinstance(value, str):
        yield f"{head} {value}"
    elif isinstance(value, Block):
        yield f"{head} |-"
        yield from (f"{' ' * (indent + 2)}{line}".rstrip() for line in value.lines)
    elif (brief := _brief(entry, indent)) is not None:
        yield f"{head} {brief}"
    elif isinstance(value, Map):
        yield head
        yield from _map(value, indent + 2, remarks)
    else:
        yield head
        yield from _items(value, indent + 2, remarks)


def _items(node: Items, indent: int, remarks: Remarks) -> Iterator[str]:
    pad = " " * indent
    for item, (start, end) in zip(node.items, node.places, strict=True):
        if not isinstance(item, Map):
            yield from (pad + one for one in remarks.through(start, end))
            if isinstance(item, Block):
                yield f"{pad}- |-"
                yield from (f"{pad}    {line}".rstrip() for line in item.lines)
            elif isinstance(item, Items):
                yield f"{pad}-" + ("" if item.items else " []")
                yield from _items(item, indent + 2, remarks)
            else:
                yield f"{pad}- {item}"
            continue
        if not item.entries:
            yield f"{pad}- {{}}"
            continue
        yield from (pad + one for one in remarks.above(start + 1))
        first = True
        for line in _map(item, indent + 2, remarks):
            begins = first and not line.lstrip().startswith("#")
            if begins:
                line = f"{pad}- {line[indent + 2 :]}"
                first = False
            elif first:
                # A comment of the first key stands above the whole entry.
                line = pad + line.lstrip()
            yield line


def _brief(entry: Entry, indent: int) -> str | None:
    """A collection in brackets or braces on the key's line; None where it has lines of its own."""
    value = entry.value
    if isinstance(value, Items):
        return None if value.items else "[]"
    if not isinstance(value, Map):
        return None
    if not value.entries:
        return "{}"
    parts = []
    for one in value.entries:
        if not value.brief or not isinstance(one.value, str):
            return None
        if FLOW_WORD.fullmatch(one.value) is None:
            return None
        parts.append(f"{one.key}: {one.value}")
    text = "{ " + ", ".join(parts) + " }"
    return text if indent + len(entry.key) + 2 + len(text) <= WIDTH else None

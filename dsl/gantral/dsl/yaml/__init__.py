"""The YAML form of a spec (LANGUAGE section 10, docs/yaml.md)."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from gantral.dsl.decode import forbidden
from gantral.dsl.diagnostics import in_order
from gantral.dsl.parse import MAX_DEPTH, ParseResult
from gantral.dsl.sentence import too_deep
from gantral.dsl.span import Node
from gantral.dsl.syntax import Comment, File
from gantral.dsl.yaml.context import YamlContext
from gantral.dsl.yaml.declarations import Declarations
from gantral.dsl.yaml.nodes import EnoughError, Mapping, Scalar, compose

__all__ = ["parse_yaml"]


def parse_yaml(source: str, text: str) -> ParseResult:
    """The syntax tree of a text in YAML, or everything that is wrong with its form: the tree that
    the same program has in text form, spans apart.

    `source` is the name that spans carry. Never raises for any text; the findings have no edits.
    """
    found = forbidden(source, text)
    if found:
        return ParseResult(None, in_order(found), ())
    context = YamlContext(source, text)
    top, remarks = compose(context)
    reader = Declarations(context)
    file: File | None = None
    if not context.found:
        if isinstance(top, Mapping):
            with contextlib.suppress(EnoughError):
                file = reader.file(top)
        elif top is None or (isinstance(top, Scalar) and top.empty):
            file = File(context.span(0, len(text)), (), ())
        else:
            reader.error("G0128", top, "a spec is a mapping", "begin it with `workflow:`")
        if file is not None and not context.found:
            _shallow(context, file)
    whole = None if context.found else file
    places = sorted([*remarks, *reader.comments])
    comments = tuple(Comment(context.span(a, b), text[a:b]) for a, b in places)
    return ParseResult(whole, in_order(context.found), comments, file)


def _shallow(context: YamlContext, file: File) -> None:
    """No tree is so deep that who walks it may not recurse; what nests in YAML adds to what nests
    in a scalar."""
    level: list[Node] = [file]
    for _ in range(MAX_DEPTH):
        below = [inner for node in level for inner in _inside(node)]
        if not below:
            return
        level = below
    too_deep(context, level[0].span.start, level[0].span.end)


def _inside(node: Node) -> Iterator[Node]:
    for one in dataclasses.fields(node):
        value = getattr(node, one.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Node):
                yield each

"""The one layout of a `.gantral` file (docs/formatting.md)."""

from __future__ import annotations

import dataclasses
from typing import Any

from gantral.dsl.format import declarations, expressions, gates, statements
from gantral.dsl.format.layout import render
from gantral.dsl.format.printer import Print, Printer
from gantral.dsl.parse import ParseResult
from gantral.dsl.span import Node, Span
from gantral.dsl.syntax import AllOf, AnyOf, File

__all__ = ["PRINTERS", "bare", "difference", "format_text", "level"]

PRINTERS: dict[type[Node], Print] = {
    **expressions.PRINTERS,
    **statements.PRINTERS,
    **gates.PRINTERS,
    **declarations.PRINTERS,
}


def format_text(text: str, file: File) -> str:
    """A text in the one layout: the same tree, every token and comment in its order.

    `file` is what `parse` made of the text. The layout hangs on the tree, the comments and the
    empty lines alone, so it is its own layout.

    Raises:
        LostError: a printer and the text do not go together, which is a fault of ours.
    """
    printer = Printer(text, PRINTERS, level)
    return render(printer.node(file))


def difference(before: ParseResult, after: ParseResult) -> str:
    """What a layout lost or changed, in a few words; "" when the two are the same but for spans."""
    if after.file is None:
        return f"it does not parse: {after.diagnostics[0].message}"
    if bare(before.file) != bare(after.file):
        return "its tree is another"
    if _remarks(before) != _remarks(after):
        return "its comments are others"
    return ""


def level(node: Node) -> int:
    """How tightly an expression, a type or a formula binds."""
    return gates.level(node) if isinstance(node, (AnyOf, AllOf)) else expressions.level(node)


def _remarks(result: ParseResult) -> list[str]:
    return [one.text.rstrip() for one in result.comments]


def bare(node: Any) -> Any:
    """A value of the tree without places, as lists that can be compared."""
    if isinstance(node, Span):
        return "here"
    if isinstance(node, tuple):
        return [bare(one) for one in node]
    if not isinstance(node, Node):
        return (type(node), str(node))
    fields = [getattr(node, one.name) for one in dataclasses.fields(node) if one.name != "span"]
    return [type(node), *map(bare, fields)]

"""The symbols of a file as a tree: what an editor lists beside the text."""

from __future__ import annotations

from gantral.compiler.index.symbols import DECLARED, SymbolKind
from gantral.dsl import syntax as syn
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Entry:
    """One symbol: the span of all of it, and of its name."""

    kind: SymbolKind
    name: str
    span: Span
    name_span: Span
    children: tuple[Entry, ...] = ()


def outline(tree: syn.File) -> tuple[Entry, ...]:
    """The declarations of a file, in order, with what stands inside each."""
    return tuple(entry for one in tree.declarations for entry in _entry(one))


def _entry(one: syn.Declaration) -> tuple[Entry, ...]:
    kind = DECLARED.get(type(one))
    if kind is None:
        return ()
    inside: tuple[Entry, ...] = ()
    if isinstance(one, syn.Service):
        inside = tuple(
            Entry("operation", each.name.text, each.span, each.name.span) for each in one.operations
        )
    elif isinstance(one, syn.Workflow):
        declared = [entry for each in one.declarations for entry in _entry(each)]
        inside = (*declared, *_lets(one.run))
    return (Entry(kind, one.name.text, one.span, one.name.span, inside),)


def _lets(block: syn.Block | None) -> tuple[Entry, ...]:
    """The names that a workflow's own statements bind; those of inner blocks are passing."""
    found: list[Entry] = []
    for one in () if block is None else block.statements:
        if isinstance(one, (syn.Let, syn.Var)):
            asked = isinstance(one.value, syn.Ask)
            kind: SymbolKind = "approval" if asked else "let"
            found.append(Entry(kind, one.name.text, one.span, one.name.span))
    return tuple(found)

"""Findings, symbols and completions in the protocol's words."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.cli.bundled import code_pages
from gantral.cli.lsp.documents import Seen, Spec
from gantral.cli.lsp.positions import Positions
from gantral.compiler.index.complete import Completion, CompletionKind
from gantral.compiler.index.hover import Hover
from gantral.compiler.index.outline import Entry
from gantral.compiler.index.symbols import SymbolKind
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.span import Span
from lsprotocol import types as lsp

SOURCE = "gantral"

_SYMBOLS: dict[SymbolKind, lsp.SymbolKind] = {
    "type": lsp.SymbolKind.Struct,
    "role": lsp.SymbolKind.Key,
    "assurance": lsp.SymbolKind.Key,
    "calendar": lsp.SymbolKind.Constant,
    "event": lsp.SymbolKind.Event,
    "service": lsp.SymbolKind.Interface,
    "operation": lsp.SymbolKind.Method,
    "policy": lsp.SymbolKind.Constant,
    "gate": lsp.SymbolKind.Function,
    "workflow": lsp.SymbolKind.Module,
    "approval": lsp.SymbolKind.Variable,
    "let": lsp.SymbolKind.Variable,
}
_ITEMS: dict[CompletionKind, lsp.CompletionItemKind] = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "function": lsp.CompletionItemKind.Function,
    "builtin": lsp.CompletionItemKind.Keyword,
    "label": lsp.CompletionItemKind.Property,
    "field": lsp.CompletionItemKind.Field,
    "given": lsp.CompletionItemKind.Variable,
    "import": lsp.CompletionItemKind.Module,
    "type": lsp.CompletionItemKind.Struct,
    "role": lsp.CompletionItemKind.EnumMember,
    "assurance": lsp.CompletionItemKind.EnumMember,
    "service": lsp.CompletionItemKind.Interface,
    "operation": lsp.CompletionItemKind.Method,
    "gate": lsp.CompletionItemKind.Function,
    "event": lsp.CompletionItemKind.Event,
}


class Places:
    """Spans of one project in the protocol's words; a file whose text is not known is pointed at
    as a whole."""

    def __init__(self, spec: Spec, texts: Mapping[str, str], encoding: str) -> None:
        self._spec = spec
        self._positions = {path: Positions(text, encoding) for path, text in texts.items()}

    def range(self, span: Span) -> lsp.Range:
        """A span's range in its file."""
        known = self._positions.get(span.source)
        start = lsp.Position(0, 0)
        return lsp.Range(start, start) if known is None else known.range(span.start, span.end)

    def location(self, span: Span) -> lsp.Location:
        """A span with its file."""
        return lsp.Location(self._spec.uri_of(span.source), self.range(span))

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position in the open text itself."""
        return self._positions[self._spec.path].offset(position)


def places(seen: Seen, encoding: str) -> Places:
    """The places of an analysis."""
    return Places(seen.spec, seen.texts, encoding)


def diagnostic(one: Diagnostic, where: Places) -> lsp.Diagnostic:
    """A finding: labels and the steps of its path as related information, the help below the
    message."""
    related = [(label.span, label.text) for label in one.labels]
    steps = [(step.span, step.text) for step in one.path]
    related += [(span, f"path {at}: {text}") for at, (span, text) in enumerate(steps, 1)]
    page = code_pages() / f"{one.code}.md"
    return lsp.Diagnostic(
        range=where.range(one.span),
        message=f"{one.message}\nhelp: {one.help}" if one.help else one.message,
        severity=lsp.DiagnosticSeverity.Error
        if one.severity == "error"
        else lsp.DiagnosticSeverity.Warning,
        code=one.code,
        code_description=lsp.CodeDescription(page.as_uri()) if page.is_file() else None,
        source=SOURCE,
        related_information=[
            lsp.DiagnosticRelatedInformation(where.location(span), text) for span, text in related
        ],
    )


def quick_fix(one: Diagnostic, spec: Spec, where: Places) -> lsp.CodeAction:
    """The one mend that a finding's edits make."""
    changes: dict[str, list[lsp.TextEdit]] = {}
    for edit in one.edits:
        made = lsp.TextEdit(where.range(edit.span), edit.text)
        changes.setdefault(spec.uri_of(edit.span.source), []).append(made)
    return lsp.CodeAction(
        title=one.help or one.message,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(one, where)],
        is_preferred=one.sure,
        edit=lsp.WorkspaceEdit(changes=changes),
    )


def markdown(one: Hover) -> str:
    """A hover's text."""
    code = f"```gantral\n{one.code}\n```" if one.code else ""
    return "\n\n".join(part for part in (code, one.doc) if part)


def item(one: Completion) -> lsp.CompletionItem:
    """A completion."""
    return lsp.CompletionItem(
        label=one.label,
        kind=_ITEMS.get(one.kind, lsp.CompletionItemKind.Variable),
        detail=one.detail or None,
        insert_text=one.insert,
    )


def symbol(one: Entry, where: Places) -> lsp.DocumentSymbol:
    """A document's symbol with those inside it."""
    return lsp.DocumentSymbol(
        name=one.name,
        detail=one.kind,
        kind=_SYMBOLS[one.kind],
        range=where.range(one.span),
        selection_range=where.range(one.name_span),
        children=[symbol(each, where) for each in one.children],
    )

"""The server itself: the protocol's requests, answered from the open texts."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from urllib.parse import urlsplit

from gantral.cli.failure import CLEAN, FINDINGS
from gantral.cli.lsp import convert
from gantral.cli.lsp.convert import Places, places
from gantral.cli.lsp.documents import Documents
from gantral.cli.lsp.positions import Positions
from gantral.compiler.index.complete import complete
from gantral.compiler.index.hover import binding_types, hover
from gantral.compiler.index.outline import outline
from gantral.dsl.format import difference, format_text
from gantral.dsl.front import is_yaml
from gantral.dsl.parse import parse
from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

# Typing pauses longer than this between words; a finding a moment later disturbs nobody.
DEBOUNCE = 0.15


class Server(LanguageServer):
    """Holds the open texts. All handlers run on one loop, so nothing needs a lock."""

    def __init__(self) -> None:
        super().__init__(
            "gantral", version("gantral"), text_document_sync_kind=lsp.TextDocumentSyncKind.Full
        )
        self.documents = Documents()
        self.asked_to_end = False
        self._due: asyncio.TimerHandle | None = None
        self._published: set[str] = set()
        self._told: set[str] = set()

    @property
    def encoding(self) -> str:
        """The units of a position's character that were agreed on."""
        return self.workspace.position_encoding or lsp.PositionEncodingKind.Utf16

    def soon(self) -> None:
        """Look at the open texts once the typing pauses."""
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(DEBOUNCE, self.publish)

    def publish(self) -> None:
        """Tell the findings of every open text, each in the file where it lies, and clear those of
        files that have none any more."""
        self._due = None
        found: dict[str, list[lsp.Diagnostic]] = {uri: [] for uri in self.documents.uris}
        for uri in self.documents.uris:
            seen = self.documents.seen(uri)
            if seen is None:
                continue
            if seen.spec.trouble and seen.spec.trouble not in self._told:
                self._told.add(seen.spec.trouble)
                self.window_show_message(
                    lsp.ShowMessageParams(lsp.MessageType.Error, seen.spec.trouble)
                )
            where = places(seen, self.encoding)
            for one in seen.analysis.diagnostics:
                here = found.setdefault(seen.spec.uri_of(one.span.source), [])
                told = convert.diagnostic(one, where)
                if told not in here:
                    # A file that two open texts import has its findings from both.
                    here.append(told)
        for uri in sorted(self._published - found.keys()):
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        for uri, all_told in found.items():
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, all_told))
        self._published = set(found)


def serve() -> int:
    """Speak the protocol on stdin and stdout until told to end; 0 when `shutdown` came first."""
    server = make()
    # The protocol has stdout to itself: what anything else prints goes to stderr.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        server.start_io(sys.stdin.buffer, answers)
    return CLEAN if server.asked_to_end else FINDINGS


def make() -> Server:
    """A server with its handlers."""
    server = Server()
    _texts(server)
    _questions(server)
    return server


def _texts(server: Server) -> None:
    documents = server.documents

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        documents.put(params.text_document.uri, params.text_document.text)
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        # Each is the whole text: that is what this server asked for.
        for change in params.content_changes[-1:]:
            documents.put(params.text_document.uri, change.text)
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        documents.changed_outside()
        server.soon()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def outside(params: lsp.DidChangeWatchedFilesParams) -> None:
        documents.changed_outside()
        server.soon()

    @server.feature(lsp.SHUTDOWN)
    def shut(params: None) -> None:
        server.asked_to_end = True


def _questions(server: Server) -> None:
    documents = server.documents

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        found = documents.index(params.text_document.uri)
        if found is None:
            return None
        spec, names, texts = found
        where = Places(spec, texts, server.encoding)
        mention = names.at(where.offset(params.position))
        if mention is None or mention.symbol.span is None:
            return None
        return where.location(mention.symbol.span)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        found = documents.index(params.text_document.uri)
        seen = documents.seen(params.text_document.uri)
        if found is None or seen is None:
            return None
        spec, names, texts = found
        where = Places(spec, texts, server.encoding)
        mention = names.at(where.offset(params.position))
        if mention is None:
            return None
        said = hover(mention.symbol, binding_types(seen.analysis.programs))
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, convert.markdown(said))
        return lsp.Hover(content, where.range(mention.span))

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", ":"])
    )
    def completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        found = documents.index(params.text_document.uri)
        if found is None:
            return []
        spec, names, texts = found
        where = Places(spec, texts, server.encoding)
        return [convert.item(one) for one in complete(names, where.offset(params.position))]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        found = documents.index(params.text_document.uri)
        if found is None:
            return []
        spec, names, texts = found
        where = Places(spec, texts, server.encoding)
        return [convert.symbol(one, where) for one in outline(names.module.tree)]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        text = documents.text(params.text_document.uri)
        if text is None or is_yaml(urlsplit(params.text_document.uri).path):
            # `gantral fmt` refuses YAML by name: its layout is the author's.
            return []
        before = parse("", text)
        if before.file is None:
            return []
        after = format_text(text, before.file)
        if after == text or difference(before, parse("", after)):
            return []
        return [lsp.TextEdit(Positions(text, server.encoding).range(0, len(text)), after)]

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    )
    def fixes(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        seen = documents.seen(params.text_document.uri)
        if seen is None:
            return []
        where = places(seen, server.encoding)
        start, end = where.offset(params.range.start), where.offset(params.range.end)
        return [
            convert.quick_fix(one, seen.spec, where)
            for one in seen.analysis.diagnostics
            if one.edits
            and one.span.source == seen.spec.path
            and one.span.start <= end
            and start <= one.span.end
        ]

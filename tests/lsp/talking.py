"""A small client: it starts `gantral lsp` and speaks JSON-RPC with it as an editor does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


class Editor:
    """One server and what it said. Reads block until the server answers; the suite's time limit is
    what ends a server that never does."""

    def __init__(self, folder: Path, encodings: list[str] | None = None, before: str = "") -> None:
        """`before` is code that the server's process runs first."""
        code = f"{before}\nfrom gantral.cli.main import main\nmain()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        self.folder = folder
        self._opened: set[str] = set()
        self._next = 0
        self.notes: list[dict[str, Any]] = []
        general = {"general": {"positionEncodings": encodings}} if encodings else {}
        self.initialized = self.ask(
            "initialize",
            {"processId": None, "rootUri": folder.as_uri(), "capabilities": general},
        )
        self.tell("initialized", {})

    def __enter__(self) -> Editor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    # --- the wire -----------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b": ")
            assert name in (b"Content-Length", b"Content-Type"), line
            if name == b"Content-Length":
                length = int(value)
        assert length, "the server ended"
        read: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return read

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """A notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: dict[str, Any] | None) -> Any:
        """A request, and its result; what the server says meanwhile is kept."""
        self._next += 1
        self._send({"id": self._next, "method": method, "params": params})
        while True:
            got = self._receive()
            if got.get("id") == self._next:
                assert "error" not in got, got
                return got["result"]
            self.notes.append(got)

    # --- what an editor does ------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> None:
        self._opened.add(self.uri(name))
        document = {"uri": self.uri(name), "languageId": "gantral", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "version": 2}
        changes = [{"text": text}]
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def close(self, name: str) -> None:
        self._opened.discard(self.uri(name))
        self.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def close_all(self) -> None:
        """As nothing was ever open: no text, nothing said."""
        for uri in sorted(self._opened):
            self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
        self._opened.clear()
        self.notes.clear()

    def findings(self, name: str) -> list[dict[str, Any]]:
        """The next findings that the server tells of a file."""
        while True:
            for at, note in enumerate(self.notes):
                told = note["method"] == "textDocument/publishDiagnostics"
                if told and note["params"]["uri"] == self.uri(name):
                    del self.notes[at]
                    found: list[dict[str, Any]] = note["params"]["diagnostics"]
                    return found
            self.notes.append(self._receive())

    def at(self, method: str, name: str, line: int, character: int) -> Any:
        """A question about a place."""
        return self.ask(
            f"textDocument/{method}",
            {
                "textDocument": {"uri": self.uri(name)},
                "position": {"line": line, "character": character},
            },
        )

    def end(self) -> int:
        """Ask for the end as the protocol has it; the exit status."""
        assert self.ask("shutdown", None) is None
        self.tell("exit", {})
        return self._process.wait()

    def wait(self) -> int:
        """The exit status of a server that ends by itself."""
        return self._process.wait()

    def hang_up(self) -> int:
        """Close the server's stdin without a word; the exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait()

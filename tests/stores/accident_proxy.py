"""A proxy before a real server, where requests and answers meet accidents.

It changes nothing else: the host that was signed goes through, so the server knows no difference.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked; ``target`` is path and query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Cut(Exception):  # noqa: N818 - what an accident does
    """The connection ends here, after these bytes of an answer."""

    def __init__(self, after: bytes = b"") -> None:
        self.after = after


Ask = Callable[[Request], Answer]
Accident = Callable[[Request, Ask], Answer]


def refused(status: int, code: str) -> Answer:
    """S3's way to say no."""
    body = f"<Error><Code>{code}</Code><Message>{code} of AKIATOLDBYTHESERVER</Message></Error>"
    return Answer(status, [("content-type", "application/xml")], body.encode())


@dataclass
class Proxy:
    """``accident``: what happens to a request in place of going through; it may ask the server.
    ``seen``: the method of every request, in order."""

    server: str
    accident: Accident | None = None
    seen: list[str] = field(default_factory=list)

    def __enter__(self) -> Proxy:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                proxy._serve(self)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        request = Request(handler.command, handler.path, dict(handler.headers), body)
        self.seen.append(request.method)
        try:
            answer = self.accident(request, self.ask) if self.accident else self.ask(request)
        except Cut as cut:
            handler.wfile.write(cut.after)
            handler.close_connection = True
            return
        handler.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                handler.send_header(name, value)
        length = len(answer.body)
        if request.method == "HEAD":
            length = int(dict(answer.headers).get("Content-Length", "0"))
        handler.send_header("content-length", str(length))
        handler.end_headers()
        handler.wfile.write(answer.body)

    def ask(self, request: Request) -> Answer:
        """Send a request on, whole."""
        connection = self._send(request, request.body)
        try:
            said = connection.getresponse()
            return Answer(said.status, said.getheaders(), said.read())
        finally:
            connection.close()

    def ask_half(self, request: Request) -> None:
        """Send half of a request's body, and hang up."""
        connection = self._send(request, request.body[: len(request.body) // 2])
        connection.close()

    def _send(self, request: Request, body: bytes) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(urlsplit(self.server).netloc, timeout=20)
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers.items():
            if name.lower() not in ("expect", "connection"):
                connection.putheader(name, value)
        connection.endheaders()
        connection.send(body)
        return connection

"""The generated client against a server on loopback: what it sends, what it makes of answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from gantral.runtime.client import ApiError
from refund_app.gen.refund.client import RefundClient
from refund_app.gen.refund.types import Input, Money

ID = "7f2b1c9e-0d7a-4f0e-9f57-0d3a5a1d2c3b"
SEEN: list[tuple[str, str, str, Any]] = []


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200, {"instance_id": ID, "waiting": {"gate": "finance", "shown": "a1"}})

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        body = json.loads(self.rfile.read(size))
        SEEN.append((self.path, self.headers["authorization"], "", body))
        if self.path == "/v1/instances":
            self.answer(201, {"instance_id": ID, "url": f"http://x/{ID}"})
        elif body["decision"] == "reject":
            self.answer(403, {"title": "not you", "detail": "ask another", "rule": "role"})
        else:
            self.answer(200, {"status": "counted"})

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[RefundClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    SEEN.clear()
    try:
        with RefundClient(f"http://127.0.0.1:{server.server_port}", lambda: "token") as made:
            yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_starts_with_the_wire_form(client: RefundClient) -> None:
    money = Money(amount=Decimal("40"), currency="EUR")
    started = client.start(Input(order_id="A-1", refund=money, reason="broken"))
    assert started.instance_id == ID
    path, bearer, _, body = SEEN[0]
    assert (path, bearer) == ("/v1/instances", "Bearer token")
    assert body["workflow"] == "refund"
    assert body["input"]["refund"] == {"amount": "40.00", "currency": "EUR"}


def test_a_vote_names_what_was_shown(client: RefundClient) -> None:
    waiting = client.waiting(ID)
    assert waiting is not None
    client.decide_finance(waiting, "amend", reason="why", refund_amount=Decimal("25.00"))
    values = {"/refund/amount": "25.00"}
    body = {"decision": "amend", "shown": "a1", "reason": "why", "values": values}
    assert SEEN[-1][3] == body


def test_a_refusal_names_its_rule(client: RefundClient) -> None:
    waiting = client.waiting(ID)
    assert waiting is not None
    with pytest.raises(ApiError, match="not you: ask another") as refused:
        client.decide_finance(waiting, "reject")
    assert (refused.value.rule, refused.value.status) == ("role", 403)


def test_values_go_with_an_amendment_alone(client: RefundClient) -> None:
    waiting = client.waiting(ID)
    assert waiting is not None
    with pytest.raises(ValueError, match="values go with amend"):
        client.decide_finance(waiting, "approve", refund_amount=Decimal("25.00"))
    assert SEEN == []

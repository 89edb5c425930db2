"""Somebody in front of OPA: what is too long, packed, or redirected is no answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from gantral.policy import Opa, PolicyFailure, ask, question

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
ALLOW = json.dumps(
    {
        "result": {"decision": "ALLOW"},
        "provenance": {"bundles": {"b": {"revision": "sha256:" + "ab" * 32}}},
    }
).encode()
PARAMETERS = ["record", [["note", ["string", {"min": "none", "max": "none"}], {}]]]

Answer = Callable[[socket.socket], None]


@pytest.fixture
def on_the_way() -> Iterator[Callable[[Answer], Opa]]:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(answer: Answer) -> Opa:
        def run() -> None:
            try:
                connection, _ = listening.accept()
                with connection:
                    question = b""
                    # A greeting that is no HTTP has no such end: one read is enough of it.
                    while question[:4] in (b"", b"POST") and not question.endswith(b"}}"):
                        question += connection.recv(65_536)
                    answer(connection)
            except OSError:
                return

        threading.Thread(target=run, daemon=True).start()
        return Opa(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=10, reconnect=0)

    yield serve
    listening.close()


def asked(opa: Opa) -> str:
    what = question(
        query="data.refund.decision",
        workflow="refund",
        gate="finance",
        round=1,
        initiator="carol",
        parameters=PARAMETERS,
        proposal={"note": "x"},
    )
    return asyncio.run(ask(opa, what)).decision


def test_an_answer_without_end_is_cut_off(on_the_way: Callable[[Answer], Opa]) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n")
        while True:
            connection.sendall(b" " * 65_536)

    with pytest.raises(PolicyFailure, match="larger than 1 MiB"):
        asked(on_the_way(endless))


def test_a_packed_answer_is_not_unpacked(on_the_way: Callable[[Answer], Opa]) -> None:
    def packed(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(ALLOW))

    with pytest.raises(PolicyFailure, match="strict JSON"):
        asked(on_the_way(packed))


def test_over_plain_http_an_answer_is_believed_and_so_production_refuses_it(
    on_the_way: Callable[[Answer], Opa],
) -> None:
    """What the settings' rule on https is for: nothing here could tell."""

    def plain(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n" + ALLOW)

    assert asked(on_the_way(plain)) == "ALLOW"


def test_over_https_a_stranger_is_no_opa(on_the_way: Callable[[Answer], Opa]) -> None:
    opa = on_the_way(lambda connection: connection.sendall(HEAD + b"\r\n" + ALLOW))
    with pytest.raises(PolicyFailure):
        asked(Opa(opa.url.replace("http://", "https://"), timeout=10, reconnect=0))

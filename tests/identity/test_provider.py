"""The real development provider, and a loopback JWKS that changes its keys."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from gantral.cli.tools.personas import Persona, sign_in
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_identity_provider
from gantral.identity import Expected, Provider, Refused, RoleMap, Unreachable, person_of


def test_a_person_of_the_real_provider(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        maria = Persona("maria", {"groups": ["fin-managers"], "acr": "mfa", "name": "Maria"})
        issuer = start_identity_provider(processes, [maria]).issuer
        token = sign_in(issuer, "gantral", "maria")

        async def main() -> None:
            provider = Provider(Expected(issuer, "gantral", ("RS256",)))
            person = person_of(
                await provider.verify(token, datetime.now(UTC)),
                RoleMap("sub", {"finance_manager": ("groups", "fin-managers")},
                        {"mfa": ("acr", ("mfa",))}),
            )  # fmt: skip
            assert (person.value, person.name) == ("maria", "Maria")
            assert (person.roles, person.levels) == (("finance_manager",), ("mfa",))
            assert person.signed_in is not None
            other = Provider(Expected(issuer, "another", ("RS256",)))
            with pytest.raises(Refused) as refused:
                await other.verify(token, datetime.now(UTC))
            assert refused.value.rule == "token_audience"

        asyncio.run(main())


@contextmanager
def issuer_of(documents: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(documents.get(self.path)).encode()
            self.send_response(200 if self.path in documents else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    documents["/.well-known/openid-configuration"] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        **documents.get("overrides", {}),
    }
    try:
        yield issuer, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def key_named(kid: str) -> tuple[rsa.RSAPrivateKey, dict[str, Any]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    document = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    del document["key_ops"]
    return key, {**document, "kid": kid}


def signed(key: Any, kid: str, issuer: str, now: int) -> str:
    claims = {"iss": issuer, "aud": "gantral", "sub": "u", "iat": now, "exp": now + 60}
    return jwt.encode(claims, key, "RS256", {"kid": kid})


def test_changed_keys_are_fetched_again_but_not_for_every_forgery() -> None:
    now = datetime.now(UTC)
    old, old_jwk = key_named("old")
    new, new_jwk = key_named("new")
    clock = [0.0]
    documents: dict[str, Any] = {"/jwks": {"keys": [old_jwk]}}

    async def main(issuer: str, asked: list[str]) -> None:
        provider = Provider(Expected(issuer, "gantral", ("RS256",)), monotonic=lambda: clock[0])
        await provider.verify(signed(old, "old", issuer, int(now.timestamp())), now)
        fresh = signed(new, "new", issuer, int(now.timestamp()))
        documents["/jwks"] = {"keys": [old_jwk, new_jwk]}
        with pytest.raises(Refused) as refused:
            await provider.verify(fresh, now)
        assert refused.value.rule == "token_key_unknown"
        clock[0] = 11.0
        await provider.verify(fresh, now)
        assert asked.count("/jwks") == 2
        for _ in range(5):
            with pytest.raises(Refused):
                await provider.verify(signed(new, "none", issuer, int(now.timestamp())), now)
        assert asked.count("/jwks") == 2

    with issuer_of(documents) as (issuer, asked):
        asyncio.run(main(issuer, asked))


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ({"overrides": {"issuer": "https://elsewhere"}, "/jwks": {"keys": []}}, "another issuer"),
        ({"overrides": {"jwks_uri": "file:///etc/passwd"}}, "jwks_uri"),
        ({}, "status 404"),
        ({"/jwks": []}, "list of keys"),
    ],
)
def test_a_provider_that_can_not_be_used(documents: dict[str, Any], told: str) -> None:
    async def main(issuer: str) -> None:
        provider = Provider(Expected(issuer, "gantral", ("RS256",)))
        with pytest.raises(Unreachable, match=told):
            await provider.verify("a.b.c", datetime.now(UTC))

    with issuer_of(dict(documents)) as (issuer, _):
        asyncio.run(main(issuer))


def test_a_provider_that_is_not_there() -> None:
    async def main() -> None:
        provider = Provider(Expected("http://127.0.0.1:9", "gantral", ("RS256",)))
        with pytest.raises(Unreachable, match="no answer"):
            await provider.metadata()

    asyncio.run(main())

"""The four servers as they really are, and a persona's sign-in at the real provider."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from gantral.cli.commands.policy import build_bundle
from gantral.cli.failure import Failure
from gantral.cli.tools.personas import Persona, sign_in
from gantral.cli.tools.processes import Processes, free_port, listening
from gantral.cli.tools.servers import (
    IdentityProvider,
    start_identity_provider,
    start_opa,
    start_temporal,
    start_test_server,
)
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client

POLICIES = Path(__file__).parents[2] / "examples" / "refund" / "policies"
MARIA = Persona("maria", {"name": "Maria", "groups": ["fin-managers"], "acr": "mfa", "amr": ["h"]})
STALE = Persona("stale", {"auth_time": 1_000_000_000})


def test_temporal(tmp_path: Path) -> None:
    async def attributes(address: str) -> set[str]:
        client = await Client.connect(address)
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        return set(known.custom_attributes)

    with Processes(tmp_path) as processes:
        server = start_temporal(processes, search_attributes={"GantralState": "Keyword"})
        assert "GantralState" in asyncio.run(attributes(server.address))
        with urllib.request.urlopen(server.ui) as page:
            assert page.status == 200


def test_the_time_skipping_server_skips(tmp_path: Path) -> None:
    async def week(address: str) -> int:
        client = await Client.connect(address)
        before = await client.test_service.get_current_time(Empty())
        duration = Duration(seconds=604_800)
        await client.test_service.unlock_time_skipping_with_sleep(SleepRequest(duration=duration))
        after = await client.test_service.get_current_time(Empty())
        return int(after.time.seconds - before.time.seconds)

    with Processes(tmp_path) as processes:
        assert asyncio.run(week(start_test_server(processes).address)) >= 604_800


def test_opa_tells_the_revision_with_its_answer(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    revision = build_bundle(POLICIES, bundle)
    refund = {"amount": 12.5, "currency": "EUR"}
    asked = {"version": 1, "workflow": "refund", "gate": "finance", "proposal": {"refund": refund}}
    with Processes(tmp_path / "logs") as processes:
        server = start_opa(processes, bundle)
        request = urllib.request.Request(
            f"{server.url}/v1/data/refund/decision?provenance=true",
            json.dumps({"input": asked}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            told = json.load(answer)
    assert told["result"] == {"decision": "ALLOW"}
    (named,) = told["provenance"]["bundles"].values()
    assert named == {"revision": revision}


def test_a_port_that_was_taken_meanwhile_is_left_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    build_bundle(POLICIES, bundle)
    with socket.create_server(("127.0.0.1", 0)) as taken, Processes(tmp_path / "logs") as processes:
        offered = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr("gantral.cli.tools.servers.free_port", lambda: next(offered))
        server = start_opa(processes, bundle)
        assert server.process.running()
        assert next(offered, None) is None


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with Processes(tmp_path_factory.mktemp("provider")) as processes:
        yield start_identity_provider(processes, [MARIA, STALE])


def claims(provider: IdentityProvider, token: str) -> dict[str, object]:
    key = jwt.PyJWKClient(f"{provider.issuer}/jwks").get_signing_keys()[0]
    verified: dict[str, object] = jwt.decode(
        token, key, algorithms=["RS256"], audience="gantral", issuer=provider.issuer
    )
    return verified


def test_a_persona_signs_in_with_its_claims(provider: IdentityProvider) -> None:
    before = int(time.time())
    told = claims(provider, sign_in(provider.issuer, "gantral", "maria"))
    assert told["sub"] == "maria"
    assert {name: told[name] for name in MARIA.claims} == MARIA.claims
    assert before <= int(str(told["auth_time"])) <= time.time()


def test_a_persona_may_bring_an_old_login(provider: IdentityProvider) -> None:
    told = claims(provider, sign_in(provider.issuer, "gantral", "stale"))
    assert told["auth_time"] == 1_000_000_000


def test_no_persona_signs_in_anywhere_but_on_loopback() -> None:
    with pytest.raises(Failure, match="loopback only"):
        sign_in("https://login.example.com", "gantral", "maria")


def test_a_provider_that_is_down_is_named(provider: IdentityProvider, tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        gone = start_identity_provider(processes, [MARIA], name="gone")
    assert not listening(int(gone.issuer.rsplit(":", 1)[1]))
    with pytest.raises(Failure, match=r"signing in at .* failed"):
        sign_in(gone.issuer, "gantral", "maria")

"""The refund example on Temporal's time-skipping server, with its evidence in S3."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import seaweed
from accident_proxy import Answer as Told
from accident_proxy import Ask, Proxy, Request, refused
from gantral.api import deciding, readiness, starting
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.api.readiness import Readiness
from gantral.cli.main import main
from gantral.cli.scenarios.collect import collect
from gantral.cli.scenarios.judge import judge
from gantral.cli.scenarios.model import Answer
from gantral.cli.scenarios.play import play
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.world import AUDIENCE, ISSUER, World, open_world
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_test_server
from gantral.identity import Person
from gantral.policy import Opa
from store_kinds import LOCKED, TEXTS

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund"
STORY = "amended_by_two_who_join"


@pytest.fixture
def temporal(tmp_path: Path) -> Iterator[str]:
    with Processes(tmp_path / "logs") as processes:
        yield start_test_server(processes).address


def evidence(url: str, prefix: str) -> dict[str, Any]:
    """Section ``[evidence]`` of a deployment whose evidence lies in S3."""
    return {
        "store": f"s3://{LOCKED}/{prefix}",
        "texts": f"s3://{TEXTS}/{prefix}/texts",
        "drafts": f"s3://{TEXTS}/{prefix}/drafts",
        "retention": "2d",
        "s3": {"endpoint": url, "region": "us-east-1"},
    }


def test_its_story_comes_true_and_is_valid(
    server: seaweed.Server, temporal: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite,) = collect([EXAMPLE / "scenarios" / f"{STORY}.yaml"])

    (scenario,) = suite.scenarios

    async def story() -> None:
        section = evidence(server.url, tmp_path.name)
        async with open_world(suite.code.packages, tmp_path, temporal, evidence=section) as world:
            assert judge(scenario, await play(world, scenario)) == []

    asyncio.run(story())
    locked, texts = (names(server, bucket, tmp_path.name) for bucket in (LOCKED, TEXTS))
    assert any("/commits/" in name for name in locked)
    assert not any("/texts/" in name for name in locked)
    assert any("/texts/payments/" in name for name in texts)
    assert len(set(locked)) == len(locked)
    # The command takes the store by the same setting, and a stranger's verdict is the same.
    assert main(["evidence", "export", "--out", str(tmp_path / "out.evidence"),
                 "--settings", str(tmp_path / "gantral.toml")]) == 0  # fmt: skip
    capsys.readouterr()
    assert (
        main(["verify", str(tmp_path / "out.evidence"), "--trust", str(tmp_path / "trust.json")])
        == 0
    )
    assert capsys.readouterr().out == "VALID\n"


def names(server: seaweed.Server, bucket: str, prefix: str) -> list[str]:
    """Every version of every object."""
    pages = server.client.get_paginator("list_object_versions")
    found = pages.paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [one["Key"] for page in found for one in page.get("Versions", ())]


class Services(Script):
    """Answers for every instance; people are asked."""

    def __init__(self) -> None:
        super().__init__({}, {})

    def answer(self, operation: str, kind: str, arguments: Mapping[str, Any]) -> Answer:
        if operation == "orders.fetch":
            total = {"amount": "99.90", "currency": "EUR"}
            return Answer({"id": arguments["id"], "customer": "Ada", "total": total}, "", "")
        return Answer({"receipt_id": f"R-{arguments['order']}"}, "", "")

    def policy(self, gate: str) -> str:
        return "REQUIRE_HUMAN"


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_serve_refuses_what_it_could_not_carry_out(
    server: seaweed.Server, temporal: str, tmp_path: Path
) -> None:
    (suite,) = collect([EXAMPLE / "scenarios" / f"{STORY}.yaml"])

    async def refusals(proxy: Proxy) -> None:
        section = evidence(proxy.url, tmp_path.name)
        async with open_world(suite.code.packages, tmp_path, temporal, evidence=section) as world:
            world.script = Services()
            await _refusals(world, proxy)

    with Proxy(server.url) as proxy:
        asyncio.run(refusals(proxy))


async def _refusals(world: World, proxy: Proxy) -> None:
    seconds = Seconds()
    ours = world.deployment("refusals")
    signer = readiness.of_signer(ours.seal, ours.trust, frozenset({"payments"}), ours.now)
    opa = ours.settings.need_opa()
    policies = [Opa(opa.url, opa.timeout, 0)]

    async def policy() -> None:
        await readiness.of_policy(policies[-1])()

    trials = {
        readiness.STORE: readiness.of_stores(ours.store, ours.drafts),
        readiness.SIGNER: signer,
        readiness.POLICY: policy,
    }
    ours = replace(ours, ready=Readiness(trials, seconds))
    # A store that takes nothing: no start, and nothing of it is kept.
    proxy.accident = throttled
    assert await problem(start(ours, "o-1")) == (503, "not_ready", "store")
    proxy.accident = None
    # What was found holds for a second, then it is tried anew.
    assert await problem(start(ours, "o-1")) == (503, "not_ready", "store")
    seconds.now += 2
    instance = await start(ours, "o-1")
    story = await until_waiting(ours, instance)
    before = proxy.seen.count("PUT")
    # A good answer holds for seconds: a store that fails in between is found out by the put.
    seconds.now += 10
    proxy.accident = throttled
    assert await problem(vote(ours, instance, story, "approve")) == (503, "not_ready", "store")
    proxy.accident = None
    seconds.now += 10
    # OPA down: a yes waits for it, a no does not.
    policies.append(Opa("http://127.0.0.1:9", 0.5, 0))
    assert await problem(vote(ours, instance, story, "approve")) == (503, "not_ready", "policy")
    # Trials were the only puts, and each created nothing.
    assert list(ours.store.list(f"payments/{instance}/votes")) == []
    assert proxy.seen.count("PUT") > before
    receipt = await vote(ours, instance, story, "reject")
    assert receipt["state"] == "REJECTED"
    # A key whose time is over seals nothing.
    seconds.now += 10
    policies.pop()
    known = ours.trust.keys[ours.seal.key.keyid]
    over = replace(known, not_after="2020-01-01T00:00:00.000Z")
    trust = replace(ours.trust, keys={**ours.trust.keys, known.public.keyid: over})
    trials[readiness.SIGNER] = readiness.of_signer(
        ours.seal, trust, frozenset({"payments"}), ours.now
    )
    late = replace(ours, ready=Readiness(trials, seconds))
    assert await problem(start(late, "o-2")) == (503, "not_ready", "signer")
    assert len(set(names_of(ours))) == 1


def throttled(request: Request, ask: Ask) -> Told:
    return refused(503, "SlowDown") if request.method == "PUT" else ask(request)


def names_of(deployment: Deployment) -> list[str]:
    return [key.split("/")[1] for key in deployment.store.list("payments")]


async def problem(asked: Coroutine[Any, Any, Any]) -> tuple[int, str, str]:
    with pytest.raises(Problem) as told:
        await asked
    assert told.value.remedy
    assert told.value.headers["retry-after"]
    return told.value.status, told.value.rule, told.value.members["part"]


async def start(deployment: Deployment, order: str) -> str:
    refund = {"amount": "40.00", "currency": "EUR"}
    asked = {"order_id": order, "refund": refund, "reason": "broken"}
    body = {"workflow": "refund", "input": asked}
    receipt = await starting.start(deployment, person("carol", "support_agent"), body, None)
    return receipt["instance_id"]


async def until_waiting(deployment: Deployment, instance: str) -> Any:
    while True:
        story = await deployment.story(instance)
        if story is not None and story.waiting is not None:
            return story
        await asyncio.sleep(0.05)


async def vote(deployment: Deployment, instance: str, story: Any, word: str) -> dict[str, Any]:
    body = {
        "decision": word,
        "shown": story.waiting.artifact["artifact_hash"],
        "reason": "the photo shows a broken lamp",
    }
    return await deciding.decide(deployment, person("dora", "finance_director"), instance, body)


def person(name: str, role: str) -> Person:
    now = int(time.time())
    return Person(
        issuer=ISSUER,
        audience=AUDIENCE,
        claim="sub",
        value=name,
        name=name,
        roles=(role,),
        levels=("mfa",),
        signed_in=now,
        expires=now + 3600,
        token_hash=sha256(name.encode()).hexdigest(),
    )

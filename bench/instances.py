"""Instances a second and history events: the generated refund, and the same flow by hand."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import by_hand
from gantral.api import deciding, starting
from gantral.api.deployment import Deployment
from gantral.api.temporal import Gateway
from gantral.cli.scenarios.collect import collect
from gantral.cli.scenarios.driver import AUDIENCE, ISSUER
from gantral.cli.scenarios.model import Answer
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.world import open_world
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import TemporalServer, start_temporal
from gantral.evidence.export import export_instance
from gantral.identity import Person
from gantral.runtime import programs
from gantral.runtime.workers import deployments
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES, connect
from gantral.runtime.workers.running import run_worker
from sizes import size
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    VersioningBehavior,
    WorkerDeploymentVersion,
)
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, INSTANCES, IN_FLIGHT, IDLE = size((9, 40, 20, 20), (1, 2, 2, 2))
# The hand-written flow, deployed as ours is (a version of its own, listed from its start on) and in
# Temporal's sandbox as it is; and bare: no version, nothing to list it by, no names of activities,
# its module loaded once.
_HAND, _BARE = "by-hand", by_hand.BARE
_SIDES = ("generated", "by hand", "by hand, bare")
_Wait = tuple[float, float]
_GATE = SearchAttributeKey.for_keyword("GantralGate")
_KEPT = 60  # of them the verifier is measured with


class Services(Script):
    """Answers for every instance: an order of any id, a receipt for it, and people are asked.
    ``paid``: order -> when its effect began, in seconds of the wall clock."""

    def __init__(self) -> None:
        super().__init__({}, {})
        self.paid: dict[str, float] = {}

    def answer(self, operation: str, kind: str, arguments: Mapping[str, Any]) -> Answer:
        if operation == "orders.fetch":
            total = {"amount": "99.90", "currency": "EUR"}
            return Answer({"id": arguments["id"], "customer": "Ada", "total": total}, "", "")
        self.paid[arguments["order"]] = time.time()
        return Answer({"receipt_id": f"R-{arguments['order']}"}, "", "")

    def policy(self, gate: str) -> str:
        return "REQUIRE_HUMAN"


class _ByHand(Gateway):
    """Starts the hand-written workflow where the API asks for the generated one."""

    def __init__(self, client: Client, queue: str) -> None:
        super().__init__(client)
        self._own = client
        self._queue = queue

    async def start(
        self,
        instance_id: str,
        workflow: str,
        team: str,
        command: Mapping[str, Any],
        submission: str,
        *,
        again: bool = False,
    ) -> bool:
        listed: dict[str, Any] = {}
        if self._queue == _HAND:
            marks = {"GantralState": "CREATED", "GantralTeam": team, "GantralWorkflow": workflow}
            pairs = [
                SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
                for name, value in marks.items()
            ]
            listed["memo"] = {"submission": submission}
            listed["search_attributes"] = TypedSearchAttributes(pairs)
        await self._own.start_workflow(
            "refund_by_hand", command, id=instance_id, task_queue=self._queue, **listed
        )
        return True


def run(scratch: Path) -> tuple[list[Path], Path]:
    """Measure and print; the folders of the evidence that was made, and the trust file."""
    with Processes(scratch / "logs") as processes:
        attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
        server = start_temporal(processes, search_attributes=attributes)
        return asyncio.run(_measure(scratch, server))


async def _measure(scratch: Path, server: TemporalServer) -> tuple[list[Path], Path]:
    (suite,) = collect([ROOT / "examples" / "refund"])
    async with open_world(suite.code.packages, scratch, server.address, workflows=False) as world:
        world.script = services = Services()
        ours = world.deployment("bench")
        hands = [replace(ours, gateway=_ByHand(world.client, one)) for one in (_HAND, _BARE)]
        async with (
            _generated_worker(ours),
            _hand_worker(ours, _HAND),
            _hand_worker(ours, _BARE),
        ):
            sides = (ours, *hands)
            await asyncio.gather(*(_round(one, f"warm{n}", 5) for n, one in enumerate(sides)))
            rates, costs, busy_waits, idle_waits = _each(), _each(), _each(), _each()
            made: list[str] = []
            for number in range(ROUNDS):
                # Whoever goes later finds warmer caches: they change places.
                order = [(number + place) % len(sides) for place in range(len(sides))]
                for side in order:
                    began, busy = time.perf_counter(), _busy(server)
                    ids = await _round(sides[side], f"{number}.{side}", INSTANCES)
                    rates[side].append(INSTANCES / (time.perf_counter() - began))
                    costs[side].append((_busy(server) - busy) / INSTANCES * 1000)
                    made += [one.instance_id for one in ids]
                    busy_waits[side].extend([_wait(ours, services, one) for one in ids])
                for side in order:
                    ids = await _round(sides[side], f"i{number}.{side}", IDLE, at_once=1)
                    idle_waits[side].extend([_wait(ours, services, one) for one in ids])
            events = [
                len(
                    (await world.client.get_workflow_handle(one.instance_id).fetch_history()).events
                )
                for number, side in enumerate(sides)
                for one in await _round(side, f"e{number}", 1)
            ]
    _tell(rates, costs, events)
    _tell_waits("one at a time", idle_waits)
    _tell_waits(f"{IN_FLIGHT} in flight", busy_waits)
    folders = [scratch / "exported" / one for one in made[-_KEPT:]]
    for folder in folders:
        export_instance(ours.store, "payments", folder.name, folder)
    return folders, scratch / "trust.json"


def _busy(server: TemporalServer) -> float:
    """Seconds of CPU that this process and the server took so far."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _each() -> tuple[list[Any], ...]:
    """A list for each side."""
    return tuple([] for _ in _SIDES)


def _tell(
    rates: Sequence[list[float]], costs: Sequence[list[float]], events: Sequence[int]
) -> None:
    print(
        f"instances: {INSTANCES} a round, {IN_FLIGHT} in flight, median of {ROUNDS} rounds; server,"
        " workers and driver on this machine, and in the CPU time"
    )
    for name, found, cost, count in zip(_SIDES, rates, costs, events, strict=True):
        low, high = min(found), max(found)
        print(
            f"  {name:<23} {median(found):8.1f} instances/s  ({low:.1f} to {high:.1f}),"
            f" {median(cost):.0f} ms CPU each, {count} history events"
        )
    for side in range(1, len(_SIDES)):
        ratio, cpu = (median(one[0]) / median(one[side]) for one in (rates, costs))
        budget = "budget at least 1.0" if side == 1 else "no budget"
        print(
            f"  against {_SIDES[side]}: ratio {ratio:.2f}, {budget} (by CPU {1 / cpu:.2f}); events"
            f" {events[0]} against {events[side]}"
        )


@asynccontextmanager
async def _generated_worker(deployment: Deployment) -> AsyncIterator[None]:
    """The workflow role of `gantral worker`, as it is."""
    polling, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(
        run_worker(deployment.settings, ("workflow",), lambda _: polling.set(), stop)
    )
    ready = asyncio.create_task(polling.wait())
    await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
    for number in (signal.SIGINT, signal.SIGTERM):
        # It is a part here and not the process: Ctrl-C ends us.
        asyncio.get_running_loop().remove_signal_handler(number)
    try:
        yield
    finally:
        stop.set()
        await running


@asynccontextmanager
async def _hand_worker(deployment: Deployment, queue: str) -> AsyncIterator[None]:
    """A worker with a connection of its own, as the generated one's has."""
    client = await connect(deployment.settings.temporal)
    restrictions = programs.sandbox()
    version, config = WorkerDeploymentVersion(queue, "1"), None
    if queue == _BARE:
        restrictions = restrictions.with_passthrough_modules("by_hand")
    else:
        config = WorkerDeploymentConfig(
            version=version,
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.PINNED,
        )
    async with Worker(
        client,
        task_queue=queue,
        workflows=[by_hand.RefundByHand],
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        deployment_config=config,
    ):
        if config is not None:
            await deployments.make_current(client, deployment.settings, version)
        yield


def _wait(deployment: Deployment, services: Services, one: _Made) -> _Wait:
    """Milliseconds from the decision, sent and committed, to the beginning of the effect."""
    commit = f"payments/{one.instance_id}/commits/00000002.json"
    # The file is written before it is linked to its name, so this is a little early.
    committed = (deployment.store.root / commit).stat().st_mtime  # type: ignore[attr-defined]
    began = services.paid[one.order]
    return (began - one.sent) * 1000, (began - committed) * 1000


def _tell_waits(when: str, waits: Sequence[list[_Wait]]) -> None:
    for name, found in zip(_SIDES, waits, strict=True):
        told = []
        for what, times in zip(("sent", "committed"), zip(*found, strict=True), strict=True):
            cuts = quantiles(times, n=100, method="inclusive")
            told.append(f"{what} p50 {cuts[49]:.0f} ms p99 {cuts[98]:.0f} ms")
        print(f"  {name:<20} decision to effect, {when:<13}: {', '.join(told)} ({len(found)})")


@dataclass(frozen=True)
class _Made:
    """One instance that is through. ``sent``: when its decision was, on the wall clock."""

    instance_id: str
    order: str
    sent: float


async def _round(
    deployment: Deployment, name: str, count: int, at_once: int = IN_FLIGHT
) -> list[_Made]:
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> _Made:
        async with slots:
            return await _instance(deployment, f"{name}.{number}")

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def open_gate(deployment: Deployment, order: str) -> tuple[str, str]:
    """Start an instance and wait for its gate; its id, and the hash of what is shown.

    The run itself is waited for too, not only its commit: a vote in that moment is refused and
    sent again, which nobody is quick enough for but a program."""
    refund = {"amount": "40.00", "currency": "EUR"}
    asked = {"order_id": order, "refund": refund, "reason": "broken"}
    body = {"workflow": "refund", "input": asked}
    receipt = await starting.start(deployment, person("carol", "support_agent"), body, None)
    instance_id = receipt["instance_id"]
    key = f"payments/{instance_id}/commits/00000001.json"
    while deployment.store.get(key) is None:
        await asyncio.sleep(0.01)
    story = deployment.library.story(instance_id)
    assert story is not None
    assert story.waiting is not None
    handle = deployment.gateway._client.get_workflow_handle(instance_id)
    while (await handle.describe()).typed_search_attributes.get(_GATE) != "finance":
        await asyncio.sleep(0.02)
    return instance_id, story.waiting.artifact["artifact_hash"]


async def _instance(deployment: Deployment, order: str) -> _Made:
    instance_id, shown = await open_gate(deployment, order)
    vote = {"decision": "approve", "shown": shown, "reason": "the photo shows a broken lamp"}
    sent = time.time()
    await deciding.decide(deployment, person("dora", "finance_director"), instance_id, vote)
    handle = deployment.gateway._client.get_workflow_handle(instance_id)
    await handle.result(rpc_timeout=timedelta(seconds=60))
    return _Made(instance_id, order, sent)


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

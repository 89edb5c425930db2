"""A deployment for scenarios on a server: everything is real save the services and OPA's words.

Fresh development keys, a store in a scratch folder, the generated package written there too, the
workers of `gantral worker` in this process, and the decisions of `gantral serve` called as it calls
them; only HTTP and the sign-in are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gantral.api.deployment import Deployment, assemble, assurances_of, roles_of
from gantral.api.sealing import Seal
from gantral.api.temporal import Gateway
from gantral.cli.scenarios.clock import Clock
from gantral.cli.scenarios.driver import AUDIENCE, ISSUER, PATIENCE, Stuck, Timer
from gantral.cli.scenarios.outside import ScriptedPolicy, operations, scripted_services
from gantral.cli.scenarios.packages import write_packages
from gantral.cli.scenarios.script import Script
from gantral.cli.scenarios.timers import first_timer
from gantral.evidence import H, SigningKey, canonical
from gantral.evidence.development import development_trust
from gantral.runtime import programs, settings
from gantral.runtime.commands import EVIDENCE_QUEUE, OPEN_GATE, workflow_queue
from gantral.runtime.ended import end_of, why_failed
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.sealing import Sealer
from gantral.runtime.settings import Settings
from gantral.runtime.workers import assembly
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.connection import require_search_attributes
from gantral.runtime.workers.replaying import difference, read_history
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

_USES = ("commit", "decision", "effect")
# How long to wait before a look at a history, when it does not say yet what it will: seconds.
_SOON = 0.02
_FOLDERS = {"store": "file:store", "drafts": "file:drafts"}


@dataclass(frozen=True)
class _Seal(Seal):
    """A seal under which each scenario has identities of its own: one store serves them all, and
    `once per` would find the order of the last scenario."""

    scenario: str = ""

    def instance_id(self, *key: Any) -> str:
        return super().instance_id("scenario", self.scenario, *key)


class World:
    """What scenarios are played in, one after the other. ``script`` and ``scenario`` are of the one
    that runs."""

    def __init__(self, deployment: Deployment, client: Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock
        self._deployment = deployment
        self.script: Script
        self.scenario = ""
        self._runs: dict[str, str] = {}  # workflow -> the instance of it that acted last
        self._operations = operations(deployment.programs.values())

    def deployment(self, scenario: str) -> Deployment:
        """See Driver."""
        self.scenario = scenario
        self._runs = {}
        seal = self._deployment.seal
        own = _Seal(**vars(seal), scenario=scenario)
        return replace(self._deployment, seal=own)

    def now(self) -> datetime:
        """See Driver."""
        return self.clock.now()

    async def look(self) -> datetime:
        """See Driver."""
        return await self.clock.look()

    async def leap(self, by: timedelta) -> None:
        """See Driver. Raises RPCError."""
        await self.clock.leap(by)

    async def first_timer(self, instances: Sequence[str]) -> Timer | None:
        """See Driver."""
        return await first_timer(self.client, instances)

    async def end(self, instance_id: str, sealer: Sealer) -> Mapping[str, Any]:
        """See Driver."""
        handle = self.client.get_workflow_handle(instance_id)
        try:
            async with self.clock.running_free(), asyncio.timeout(PATIENCE):
                while True:
                    # The server ends a long poll after 20 s, which the client takes for no end.
                    with contextlib.suppress(RuntimeError):
                        return await end_of(handle, sealer)
        except WorkflowFailureError as error:
            raise Stuck(f"the run failed: {why_failed(error, sealer)}") from None
        except TimeoutError:
            raise Stuck(f"it came to no end within {PATIENCE:g} s") from None

    async def cancel(self, workflow: str) -> bool:
        """See Driver. What asked to cancel is known to have been heard by the run."""
        instance = self._runs.get(workflow)
        if instance is None:
            return False
        handle = self.client.get_workflow_handle(instance)
        try:
            await handle.cancel()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False  # it has ended
            raise
        async with asyncio.timeout(PATIENCE):
            while not await _heard(handle):
                await asyncio.sleep(_SOON)
        return True

    async def performs(self, asked: ExecuteActivityInput) -> None:
        """Called before each attempt of an activity: what is to be cancelled then is."""
        info = activity.info()
        workflow, instance = str(info.workflow_type), str(info.workflow_id)
        self._runs[workflow] = instance
        if not self.script.cancelling:
            return  # what the activity is asked stays sealed
        if info.activity_type == OPEN_GATE:
            team = self._deployment.programs[workflow].team
            opened = self._deployment.keys.of(team, instance).open(OPEN_GATE, asked.args[0])
            due = self.script.cancels(before=opened["gate"])
        else:
            due = self.script.cancels(during=self._operations.get(info.activity_type, ""))
        for one in due:
            if not await self.cancel(one.workflow):
                self.script.none_to_cancel(one)

    async def difference(self, instance_id: str) -> str | None:
        """See Driver."""
        history = await self.client.get_workflow_handle(instance_id).fetch_history()
        recorded = read_history(history.to_json().encode())
        return await difference(recorded, programs.get(recorded.program))


class _Performing(Interceptor):
    """Tells the world of each attempt of an activity, before it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """See Interceptor."""
        world = self._world

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                await world.performs(input)
                return await super().execute_activity(input)

        return Inbound(next)


async def _heard(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a run has worked on a request to cancel, or has ended."""
    asked = False
    async for event in handle.fetch_history_events():
        kind = event.WhichOneof("attributes")
        if kind == "workflow_execution_cancel_requested_event_attributes":
            asked = True
        elif asked and kind == "workflow_task_completed_event_attributes":
            return True
    described = await handle.describe()
    return described.close_time is not None


@dataclass(frozen=True)
class _Actors(Actors):
    """Who is who for the evidence worker, which starts children that have a key of their own."""

    world: World

    def instance_id(self, *key: Any) -> str:
        return super().instance_id("scenario", self.world.scenario, *key)


@contextlib.asynccontextmanager
async def open_world(
    packages: Iterable[Mapping[str, bytes]],
    scratch: Path,
    address: str,
    *,
    workflows: bool = True,
    evidence: Mapping[str, Any] = _FOLDERS,
) -> AsyncIterator[World]:
    """A world of these generated packages, its files in ``scratch``.

    Args:
        packages: file name -> bytes of each. address: of a time-skipping server.
        workflows: False when somebody else works for the workflows (a server that knows versions
            of workers wants them by `gantral worker`).
        evidence: section ``[evidence]``, but for the trust file.
    """
    given = list(packages)
    names = write_packages(given, scratch / "src")
    manifests = [
        (scratch / "src" / name.replace(".", "/")).joinpath("manifest.json") for name in names
    ]
    holder: list[World] = []
    with ScriptedPolicy(lambda: holder[0].script) as policy:
        data = [path.read_bytes() for path in manifests]
        read = _settings(names, data, scratch, policy.url, address, evidence)
        client = await Client.connect(address, runtime=_quiet())
        await require_search_attributes(client, read)
        clock = Clock(client)
        deployment = assemble(read, Gateway(client), now=clock.now)
        world = World(deployment, client, clock)
        holder.append(world)
        async with contextlib.AsyncExitStack() as stack:
            loaded = list(deployment.programs.values())
            workers = _activity_workers(read, client, loaded, world)
            for worker in [*workers, *(_workflow_workers(client, loaded) if workflows else [])]:
                await stack.enter_async_context(worker)
            yield world
        sys.path.remove(str(scratch / "src"))


@cache
def _quiet() -> Runtime:
    # Temporal's core writes what it notices of a test server to stdout, which is ours.
    noticed = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=noticed))


def _activity_workers(
    read: Settings, client: Client, loaded: Sequence[ProgramInfo], world: World
) -> list[Worker]:
    stores = assembly.open_stores(read)
    made = [one for info in loaded for one in scripted_services(info, lambda: world.script)]
    queues = dict(assembly.service_activities(read, stores, made, loaded))
    who = _Actors(**vars(assembly.actors(read)), world=world)
    queues[EVIDENCE_QUEUE] = assembly.evidence_activities(read, stores, who)
    return [
        Worker(
            client,
            task_queue=queue,
            activities=activities,
            interceptors=[_Performing(world)],
        )
        for queue, activities in queues.items()
    ]


def _workflow_workers(client: Client, loaded: Sequence[ProgramInfo]) -> list[Worker]:
    runner = SandboxedWorkflowRunner(restrictions=programs.sandbox())
    teams: dict[str, list[Any]] = {}
    for info in loaded:
        teams.setdefault(info.team, []).append(info.workflow_class)
    return [
        Worker(client, task_queue=workflow_queue(team), workflows=classes, workflow_runner=runner)
        for team, classes in teams.items()
    ]


def _settings(
    names: Sequence[str],
    data: Sequence[bytes],
    scratch: Path,
    opa: str,
    address: str,
    evidence: Mapping[str, Any],
) -> Settings:
    import json

    import tomli_w

    manifests = [json.loads(one) for one in data]
    keys = {use: SigningKey.generate() for use in _USES}
    for use, key in keys.items():
        (scratch / f"{use}.key").write_bytes(key.dump())
    (scratch / "pepper.key").write_bytes(secrets.token_bytes(32))
    (scratch / "trust.json").write_bytes(canonical(_trust(keys, manifests, data)))
    table = {
        "deployment": {"packages": list(names), "path": ["src"]},
        "temporal": {"address": address, "namespace": "default"},
        "opa": {"url": opa},
        "identity": {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "roles": {
                role: {"claim": "roles", "value": role}
                for manifest in manifests
                for role in sorted(roles_of(manifest))
            },
            "assurance": {
                name: {"claim": "acr", "values": [name]}
                for manifest in manifests
                for name in sorted(assurances_of(manifest))
            },
        },
        "evidence": {**evidence, "trust": "file:trust.json"},
        "keys": {name: f"file:{name}.key" for name in (*_USES, "pepper")},
        "api": {"listen": "127.0.0.1:1", "refusals": "file:refusals.jsonl"},
    }
    file = scratch / "gantral.toml"
    file.write_text(tomli_w.dumps(table), "utf-8")
    return settings.load(file)


def _trust(
    keys: Mapping[str, SigningKey], manifests: Sequence[Mapping[str, Any]], data: Sequence[bytes]
) -> dict[str, Any]:
    listed = [
        (str(manifest["owning_team_id"]), str(manifest["workflow_id"]), H("manifest", one))
        for manifest, one in zip(manifests, data, strict=True)
    ]
    return development_trust("scenarios", keys, listed)

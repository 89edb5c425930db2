"""A worker process: its Temporal workers by role, its sweep, and its end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gantral.evidence import StoreError
from gantral.runtime import programs
from gantral.runtime.commands import EVIDENCE_QUEUE, workflow_queue
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings
from gantral.runtime.settings_reader import SettingsError
from gantral.runtime.workers import assembly
from gantral.runtime.workers.build import build_id
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.connection import connect, require_search_attributes
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

# Longer than one commit's attempt (10 s): a shutdown must not lose a put's answer.
GRACE: Final = timedelta(seconds=30)
SWEEP: Final = 60.0  # seconds
_RPC = timedelta(seconds=10)
_CURRENT_TRIES = 100

_log = logging.getLogger("gantral.worker")


@dataclass(frozen=True)
class Running:
    """What polls: task queues with their role, and the build id of workflow workers."""

    queues: tuple[str, ...]
    roles: tuple[str, ...]
    build: str


async def run_worker(
    settings: Settings,
    roles: Sequence[str],
    polling: Callable[[Running], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Work in these roles until ``stop`` is set or SIGTERM or SIGINT arrives, then end what is in
    flight. ``polling`` is called once, when every queue is polled.

    Raises:
        SettingsError: the deployment can't work, with the remedy.
    """
    stop = stop or asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    needs_stores = bool({"evidence", "service"} & set(roles))
    # The workflow role holds no secret, but it judges the seals of votes: it needs the trust file.
    stores = assembly.open_stores(settings) if needs_stores or settings.evidence else None
    loaded = assembly.load_programs(settings, None if stores is None else stores.trust)
    client = await connect(settings.temporal)
    await require_search_attributes(client, settings)
    versions = await _versions(client, settings, loaded) if "workflow" in roles else {}
    workers: list[Worker] = []
    if "workflow" in roles:
        workers += _workflow_workers(client, settings, loaded, versions)
    closer: Closer | None = None
    if "evidence" in roles:
        assert stores is not None
        workers.append(
            _worker(client, EVIDENCE_QUEUE, assembly.evidence_activities(settings, stores))
        )
        closer = assembly.closer(settings, stores)
    if "service" in roles:
        assert stores is not None
        services = assembly.made_services(settings)
        queues = assembly.service_activities(settings, stores, services, loaded)
        workers += [_worker(client, queue, activities) for queue, activities in queues.items()]
    if not workers:
        raise SettingsError("worker.roles", "nothing to do here", "name packages and services")
    running = [asyncio.create_task(worker.run()) for worker in workers]
    background: list[asyncio.Task[Any]] = []
    try:
        await _started(workers, running)
        for version in versions.values():
            await _make_current(client, settings, version)
        if closer is not None:
            teams = sorted({program.team for program in loaded})
            background.append(asyncio.create_task(_sweep(closer, client, teams)))
        build = next(iter(versions.values())).build_id if versions else "unversioned"
        polling(Running(tuple(worker.task_queue for worker in workers), tuple(roles), build))
        stopped = asyncio.create_task(stop.wait())
        background.append(stopped)
        await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
        for version in versions.values():
            await _tell_open(client, version)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*(worker.shutdown() for worker in workers), return_exceptions=True)
        ended = await asyncio.gather(*running, return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException):
            raise error


def _worker(client: Client, queue: str, activities: Sequence[Callable[..., Any]]) -> Worker:
    return Worker(client, task_queue=queue, activities=activities, graceful_shutdown_timeout=GRACE)


def _workflow_workers(
    client: Client,
    settings: Settings,
    loaded: Sequence[ProgramInfo],
    versions: dict[str, WorkerDeploymentVersion],
) -> list[Worker]:
    teams: dict[str, list[ProgramInfo]] = {}
    for program in loaded:
        teams.setdefault(program.team, []).append(program)
    return [
        Worker(
            client,
            task_queue=workflow_queue(team),
            workflows=[program.workflow_class for program in of_team],
            workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
            graceful_shutdown_timeout=GRACE,
            deployment_config=WorkerDeploymentConfig(
                version=versions[team],
                use_worker_versioning=True,
                default_versioning_behavior=VersioningBehavior.PINNED,
            )
            if team in versions
            else None,
        )
        for team, of_team in teams.items()
    ]


async def _versions(
    client: Client, settings: Settings, loaded: Sequence[ProgramInfo]
) -> dict[str, WorkerDeploymentVersion]:
    """Team -> its deployment version; empty on a server that has no worker deployments (the
    time-skipping one)."""
    teams = {program.team for program in loaded}
    versions: dict[str, WorkerDeploymentVersion] = {}
    for team in teams:
        packages = [program.package for program in loaded if program.team == team]
        build = build_id(packages, settings.file.resolve().parent)
        versions[team] = WorkerDeploymentVersion(f"gantral-{team}", build)
        try:
            await _current(client, versions[team])
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED:
                return {}
            raise
    return versions


async def _current(client: Client, version: WorkerDeploymentVersion) -> str | None:
    """The build id that new instances run on, None when there is none."""
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(
                namespace=client.namespace, deployment_name=version.deployment_name
            ),
            timeout=_RPC,
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    routing = answer.worker_deployment_info.routing_config
    return routing.current_deployment_version.build_id or None


async def _make_current(
    client: Client, settings: Settings, version: WorkerDeploymentVersion
) -> None:
    """New instances hang silently without a current version (tried). The first build becomes it;
    a development deployment always moves on to the newest; production is moved by its operator."""
    current = await _current(client, version)
    if current == version.build_id:
        return
    if current is not None and settings.environment == "production":
        _log.warning(
            "build %s is not current, new instances go to %s; to move them: temporal worker"
            " deployment set-current-version --deployment-name %s --build-id %s",
            version.build_id,
            current,
            version.deployment_name,
            version.build_id,
        )
        return
    for attempt in range(_CURRENT_TRIES):
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=client.namespace,
                    deployment_name=version.deployment_name,
                    build_id=version.build_id,
                    # Another workflow of the team may have left this build with its queue.
                    ignore_missing_task_queues=True,
                ),
                timeout=_RPC,
            )
            return
        except RPCError as error:
            # The server learns of a version from its first poll, a moment after it.
            if error.status not in _NOT_YET or attempt == _CURRENT_TRIES - 1:
                raise
            await asyncio.sleep(0.1)


async def open_instances(client: Client, version: WorkerDeploymentVersion) -> int:
    """How many runs are pinned to this build and not over. Raises RPCError."""
    build = f"{version.deployment_name}:{version.build_id}"
    query = f'TemporalWorkerDeploymentVersion = "{build}" AND ExecutionStatus = "Running"'
    return (await client.count_workflows(query, rpc_timeout=_RPC)).count


async def _tell_open(client: Client, version: WorkerDeploymentVersion) -> None:
    """Say what a stopped worker leaves behind. That a build with open instances is not taken from
    the deployment is Temporal's own rule: delete-version refuses while it drains."""
    with suppress(RPCError):
        left = await open_instances(client, version)
        if left:
            _log.warning(
                "%d instances are open on build %s: they wait until a worker of this build runs"
                " again; keep one until none is left",
                left,
                version.build_id,
            )


_NOT_YET = frozenset(
    {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED}
)


async def _started(workers: Sequence[Worker], running: Sequence[asyncio.Task[None]]) -> None:
    while not all(worker.is_running for worker in workers):
        for task in running:
            if task.done():
                await task
        await asyncio.sleep(0.01)


async def _sweep(closer: Closer, client: Client, teams: Sequence[str]) -> None:
    while True:
        for team in teams:
            try:
                async for told in closer.sweep(client, team):
                    _log.warning("%s: %s: %s", told.instance_id, told.what, told.why)
            except (StoreError, RPCError) as error:
                _log.warning("the sweep of %s stopped: %s", team, error)
        await asyncio.sleep(SWEEP)

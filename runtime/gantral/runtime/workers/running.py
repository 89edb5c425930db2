"""A worker process: its Temporal workers by role, its sweep, and its end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from gantral.runtime.workers import assembly, deployments
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.connection import connect, require_search_attributes
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

# Longer than one commit's attempt (10 s): a shutdown must not lose a put's answer.
GRACE: Final = timedelta(seconds=30)
SWEEP: Final = 60.0  # seconds
# A commit waits for its store most of the time, so many wait at once.
_THREADS: Final = 32

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
    trust = assembly.read_trust(settings) if needs_stores or settings.evidence else None
    stores = assembly.open_stores(settings) if needs_stores else None
    if stores is not None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        await asyncio.to_thread(assembly.check_stores, stores, commits="evidence" in roles)
    loaded = assembly.load_programs(settings, trust)
    client = await connect(settings.temporal)
    await require_search_attributes(client, settings)
    versions = await deployments.versions(client, settings, loaded) if "workflow" in roles else {}
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
            await deployments.make_current(client, settings, version)
        if closer is not None:
            teams = sorted({program.team for program in loaded})
            background.append(asyncio.create_task(_sweep(closer, client, teams)))
        build = next(iter(versions.values())).build_id if versions else "unversioned"
        polling(Running(tuple(worker.task_queue for worker in workers), tuple(roles), build))
        stopped = asyncio.create_task(stop.wait())
        background.append(stopped)
        await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
        for version in versions.values():
            await deployments.tell_open(client, version)
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

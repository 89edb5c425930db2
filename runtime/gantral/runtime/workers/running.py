"""A worker process: its Temporal workers by role, its sweep, and its end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from gantral.evidence import StoreError
from gantral.runtime.settings import Settings
from gantral.runtime.settings_reader import SettingsError
from gantral.runtime.workers import assembly, deployments
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.connection import connect, require_search_attributes
from gantral.runtime.workers.hands import Hands
from gantral.runtime.workers.server_clock import WrongClock, last_polled
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

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
    # The workflow role signs nothing, but it judges the seals of votes and opens what an instance's
    # key sealed: it needs the trust file, and of the store the keys of instances alone.
    stores = assembly.open_stores(settings)
    if {"evidence", "service"} & set(roles):
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        await asyncio.to_thread(assembly.check_stores, stores, commits="evidence" in roles)
    loaded = assembly.load_programs(settings, stores.trust, stores.keys)
    client = await connect(settings.temporal)
    await require_search_attributes(client, settings)
    versions = await deployments.versions(client, settings, loaded)
    hands = Hands(client, settings, stores, loaded, versions)
    workers: list[Worker] = []
    for role, made in (
        ("workflow", hands.workflows),
        ("evidence", hands.evidence),
        ("service", hands.services),
    ):
        if role in roles:
            workers += made()
    closer: Closer | None = None
    if "evidence" in roles:
        closer = assembly.closer(settings, stores)
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
        queues = dict.fromkeys(worker.task_queue for worker in workers)
        polling(Running(tuple(queues), tuple(roles), build))
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


async def _started(workers: Sequence[Worker], running: Sequence[asyncio.Task[None]]) -> None:
    while not all(worker.is_running for worker in workers):
        for task in running:
            if task.done():
                await task
        await asyncio.sleep(0.01)


async def _sweep(closer: Closer, client: Client, teams: Sequence[str]) -> None:
    known = False
    while True:
        for team in teams:
            try:
                # The server soon knows of our own polls, and the closer then what time it is there.
                while not known:
                    known = await last_polled(client) is not None
                    await asyncio.sleep(0 if known else 1)
                async for told in closer.sweep(client, team):
                    _log.warning("%s: %s: %s", told.instance_id, told.what, told.why)
            except (StoreError, RPCError, WrongClock) as error:
                _log.warning("the sweep of %s stopped: %s", team, error)
        await asyncio.sleep(SWEEP)

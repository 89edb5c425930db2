"""A run: faults one after another, each under instances of its own, then the judgement."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from gantral.api.deployment import assemble
from gantral.api.sweeping import sweep
from gantral.api.temporal import Gateway
from gantral.evidence import LocalStore, SigningKey, StoreError, TrustFile
from gantral.runtime.settings import load
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.server_clock import WrongClock
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from soaking.faults import Fault
from soaking.judging import Judge, Judgement
from soaking.people import COURSES, Case, Course, People, Vote
from soaking.project import DECIDERS, importable
from soaking.reading import TEAM
from soaking.world import World

Say = Callable[[str], None]
CROWD = "32 deciders at once"


@dataclass
class Row:
    """One fault, and what came of the instances that it met. ``struck``: it got to its moment."""

    name: str
    at: str
    struck: bool
    cases: list[Case] = field(default_factory=list)
    judged: list[Judgement] = field(default_factory=list)


async def meet(
    world: World, people: People, fault: Fault, courses: Sequence[Course], at_once: int
) -> tuple[Row, asyncio.Task[list[Case]]]:
    """Let instances run while one fault strikes them; they may still run when it is over."""
    row = Row(fault.name, fault.at, struck=False)
    identity = world.arm(fault.point, fault.act)
    running = asyncio.create_task(people.batch(courses, fault.name, at_once))
    while not (row.struck or running.done()):
        await asyncio.sleep(0.02)
        row.struck = world.struck()
    if row.struck:
        if fault.act == "free":
            world.go(identity)
        striking = asyncio.create_task(asyncio.to_thread(fault.strike, world))
        if fault.act == "hold":
            # Held until its victim is dead, not until that is back.
            await asyncio.sleep(0.3)
            world.go(identity)
        await striking
    world.disarm()
    return row, running


async def crowd(world: World, people: People, count: int) -> Row:
    """At each of some gates every manager decides at once: some yes, some less, some no."""
    row = Row(CROWD, "at one gate", struck=True)

    async def one(case: Case) -> None:
        if not await people.begin(case) or not (shown := await people.opened(case)):
            return
        # A no ends it: at some gates nobody says no.
        votes = [
            Vote(who, "reject")
            if case.number % 2 and at % 11 == 10
            else Vote(who, "amend", {"/refund/amount": "25.00"})
            if at % 3 == 2
            else Vote(who, "approve")
            for at, who in enumerate(DECIDERS)
        ]
        await asyncio.gather(*(people.decide(case, vote, shown) for vote in votes))
        await people.ended(case)

    row.cases = [people.case(Course("crowd"), row.name) for _ in range(count)]
    await asyncio.gather(*(one(case) for case in row.cases))
    return row


async def run(
    world: World,
    faults: Sequence[Fault],
    *,
    seed: int,
    each: int = 14,
    courses: Sequence[Course] = COURSES,
    at_once: int = 8,
    crowds: int = 2,
    patience: float = 100.0,
    overlapping: bool = False,
    say: Say = lambda line: None,
) -> list[Row]:
    """Every fault in turn, a crowd, and the judgement of all instances at the end. Each fault meets
    ``each`` instances, of the courses in turn; the next waits until they are through, unless they
    are ``overlapping``."""
    kinds = itertools.cycle(courses)
    rows = [Row("no fault", "", struck=True)]
    running: list[asyncio.Task[list[Case]]] = []
    async with People(world, seed, patience) as people, reconciling(world):
        rows[0].cases = await people.batch(list(itertools.islice(kinds, each)), "no fault", at_once)
        for fault in faults:
            now = list(itertools.islice(kinds, each))
            row, met = await meet(world, people, fault, now, at_once)
            rows.append(row)
            running.append(met)
            if not overlapping:
                await met
            say(f"{fault.name}, {fault.at}: {'struck' if rows[-1].struck else 'NOT REACHED'}")
        if crowds:
            rows.append(await crowd(world, people, crowds))
            say(CROWD)
        for row, met in zip(rows[1:], running, strict=False):
            row.cases = await met
    importable(world.project)
    await settle(world)
    client = await _connected(world)
    query = "ExecutionStatus = 'Running'"
    open_now = frozenset([one.id async for one in client.list_workflows(query)])
    judge = await asyncio.to_thread(Judge, world, open_now)
    for row in rows:
        row.judged = await asyncio.to_thread(judge.judge, row.cases)
    rows[-1].judged += judge.strangers([case for row in rows for case in row.cases])
    return rows


async def _connected(world: World) -> Client:
    return await Client.connect(world.temporal, runtime=_quiet())


@cache
def _quiet() -> Runtime:
    # Temporal's core writes what it notices to stdout, which is the table's.
    noticed = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=noticed))


@asynccontextmanager
async def reconciling(world: World) -> AsyncIterator[None]:
    """Somebody runs `gantral reconcile` every few seconds: the sweep of a worker takes a minute."""
    over = asyncio.Event()

    async def again() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 5)
            with suppress(RuntimeError, RPCError, StoreError, WrongClock):
                await reconcile(world)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        over.set()
        await task


async def reconcile(world: World) -> None:
    """What `gantral reconcile` does."""
    trust = TrustFile.load((world.folder / "trust.json").read_bytes())
    key = SigningKey.load((world.folder / "keys" / "closer.key").read_bytes())
    stores = LocalStore(world.evidence), LocalStore(world.folder / "drafts", deletable=True)
    client = await _connected(world)
    async for told in Closer(*stores, trust, key).sweep(client, TEAM):
        world.told.append(f"{told.instance_id} {told.what}: {told.why}")


async def settle(world: World) -> None:
    """What a deployment does in the minutes after: the closer ends what was lost, and serve's sweep
    refuses votes that nobody counted."""
    await reconcile(world)
    settings = load(world.settings("serve"))
    deployment = assemble(settings, Gateway(await _connected(world)))
    await asyncio.to_thread(sweep, deployment)

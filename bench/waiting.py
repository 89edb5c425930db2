"""Many instances that wait at once on one worker: memory, and what it costs to wake one.

``python bench/waiting.py 2000`` measures with so many; `make bench` with 10,000, or WAITING=2000.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from gantral.api import deciding
from gantral.api.deployment import Deployment
from gantral.api.sweeping import sweep
from gantral.cli.scenarios.collect import collect
from gantral.cli.scenarios.world import open_world
from gantral.cli.stack import environment
from gantral.cli.tools.processes import Process, Processes
from gantral.cli.tools.servers import TemporalServer, start_temporal
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES
from instances import ROOT, Services, open_gate, person
from sizes import size
from temporalio.client import Client

MANY = size(10_000, 4)
_AT_ONCE, _WOKEN, _REST = 30, 100, size(5.0, 0.1)


def run(scratch: Path, count: int) -> None:
    """Measure and print."""
    with Processes(scratch / "logs") as processes:
        attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
        server = start_temporal(processes, search_attributes=attributes)
        asyncio.run(_measure(scratch, processes, server, count))


async def _measure(scratch: Path, processes: Processes, server: TemporalServer, count: int) -> None:
    (suite,) = collect([ROOT / "examples" / "refund"])
    async with open_world(suite.code.packages, scratch, server.address, workflows=False) as world:
        world.script = Services()
        deployment = world.deployment("waiting")
        worker = await asyncio.to_thread(_worker, processes, scratch)
        # One through and through: what is loaded once is not charged to those who wait.
        await _opened(deployment, "warm", 5)
        empty = _memory(worker), _memory(server.process)
        began = time.perf_counter()
        opened = await _opened(deployment, "waits", count)
        took = time.perf_counter() - began
        full = _memory(worker), _memory(server.process)
        busy, rested = _busy(worker), time.perf_counter()
        await asyncio.sleep(_REST)
        rest = (_busy(worker) - busy) / (time.perf_counter() - rested) * 100
        print(
            f"waiting: {count} instances at once on one worker of the workflow role, opened in"
            f" {took:.0f} s\n"
            f"  worker {full[0]:.0f} MB ({empty[0]:.0f} before), the server in memory"
            f" {full[1]:.0f} MB ({empty[1]:.0f} before); at rest the worker takes {rest:.1f} % of a"
            " core"
        )
        await _sweep(deployment, world.client, count)
        woken = min(_WOKEN, count // 2)
        await _wake(deployment, worker, "in memory", opened[-woken:])
        worker.terminate()
        await asyncio.to_thread(worker.wait)
        again = await asyncio.to_thread(_worker, processes, scratch, "again")
        await _wake(deployment, again, "replayed after a restart", opened[:woken])


async def _sweep(deployment: Deployment, client: Client, count: int) -> None:
    """What an evidence worker and `serve` do once a minute, with nothing to be done."""
    # Nothing is lost here, so nothing is signed.
    closer = Closer(deployment.store, deployment.drafts, deployment.trust, deployment.seal.key)
    taken = []
    for what in ("closer", "serve"):
        began, busy = time.perf_counter(), time.process_time()
        if what == "closer":
            told = [one async for one in closer.sweep(client, "payments")]
            assert not told, told
        else:
            await asyncio.to_thread(sweep, deployment)
        took, cost = time.perf_counter() - began, time.process_time() - busy
        taken.append(f"{what} {took:.1f} s, {cost / count * 1000:.1f} ms CPU each")
    print(f"  a sweep over all of them: {'; '.join(taken)}")


async def _wake(
    deployment: Deployment, worker: Process, name: str, those: list[tuple[str, str]]
) -> None:
    """One manager's yes: it is counted and decides nothing, so what it costs is the wake-up."""
    taken = []
    busy = _busy(worker)
    alice = person("alice", "finance_manager")
    for instance_id, shown in those:
        began = time.perf_counter()
        vote = {"decision": "approve", "shown": shown, "reason": "the photo shows a broken lamp"}
        await deciding.decide(deployment, alice, instance_id, vote)
        taken.append((time.perf_counter() - began) * 1000)
    cost = (_busy(worker) - busy) / len(those) * 1000
    cuts = quantiles(taken, n=100, method="inclusive")
    print(
        f"  a vote wakes one that is {name}: p50 {cuts[49]:.0f} ms p99 {cuts[98]:.0f} ms,"
        f" {cost:.1f} ms CPU of the worker ({len(those)})"
    )


def _worker(processes: Processes, scratch: Path, name: str = "worker") -> Process:
    log = processes.logs / f"{name}.log"
    command = [sys.executable, "-m", "gantral.cli", "worker", "--roles", "workflow"]
    return processes.start(
        name,
        [*command, "--settings", scratch / "gantral.toml"],
        ready=lambda: log.is_file() and "polling" in log.read_text(errors="replace"),
        env=environment(),
    )


async def _opened(deployment: Deployment, name: str, count: int) -> list[tuple[str, str]]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> tuple[str, str]:
        async with slots:
            return await open_gate(deployment, f"{name}.{number}")

    return list(await asyncio.gather(*(one(number) for number in range(count))))


def _memory(process: Process) -> float:
    """Megabytes that it holds."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _busy(process: Process) -> float:
    """Seconds of CPU that it took so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="gantral-bench-") as folder:
        run(Path(folder), int(sys.argv[1]))
    sys.stdout.flush()
    # Temporal's native core can crash an interpreter that ends the usual way.
    os._exit(0)

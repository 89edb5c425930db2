"""Recorded histories replay, with the arguments of every activity compared: plain replay compares
command types and order only."""

from __future__ import annotations

from typing import Any

import pytest
import wf_evidence
import wf_world
from gantral.runtime.workers.replaying import HistoryError, difference, read_history
from temporalio.client import WorkflowHistory

MANAGER = "finance_manager"


async def replay(history: WorkflowHistory, *, change: bool = False) -> str | None:
    """How the run's own program differs from what it did, or from that with another time."""
    recorded = read_history(history.to_json().encode())
    if change:
        recorded.activities[-1].arguments[0]["timestamp"] = "changed"
    (program,) = [info for info in wf_world.ours() if info.version_id == recorded.program]
    return await difference(recorded, program)


async def overridden(world: Any) -> Any:
    case = await world.start()
    amendment = {"amendment": [["/refund/amount", "25.00"]]}
    await case.vote("alice", "OVERRIDE", MANAGER, **amendment)
    await case.vote("dora", "APPROVE", MANAGER)
    await case.vote("bob", "OVERRIDE", MANAGER, **amendment)
    return case


async def rejected(world: Any) -> Any:
    case = await world.start()
    await case.vote("alice", "REJECT", MANAGER)
    return case


async def timed_out(world: Any) -> Any:
    return await world.start()


async def undone(world: Any) -> Any:
    case = await world.desk("ask", "look", "grant", "paint", "enough", what="tell on failure")
    await world.approve_desk(case)
    return case


async def cancelled(world: Any) -> Any:
    case = await world.start()
    await case.waiting()
    await case.handle.cancel()
    return case


async def beside(world: Any) -> Any:
    script = "both grant,sleep 30,look|paint,sleep 10,undo keys.paint/210,look|inner"
    case = await world.desk("ask", script, "both sleep 60,grant|sleep 30,enough|look,look")
    await world.approve_desk(case)
    return case


async def sent(world: Any) -> Any:
    case = await world.desk("wait 60", "wait 60", "wait 60")
    await case.send(await case.event("carol", "brought", {"what": "key", "by": "bob"}))
    await case.send(await case.event("dora", "stop", {}, "officer"))
    return case


@pytest.mark.parametrize("path", [overridden, rejected, timed_out, undone, cancelled, sent, beside])
def test_the_same_commands_with_the_same_bodies(in_world: Any, path: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await path(world)
            await case.end()
            history = await case.handle.fetch_history()
        assert await replay(history) is None
        told = await replay(history, change=True)
        assert told is not None
        assert told.endswith('at /0/timestamp, not "changed"')

    in_world(test)


def test_a_run_that_is_evicted_after_every_task_ends_the_same(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker(max_cached_workflows=0):
            case = await overridden(world)
            assert (await case.end())["state"] == "COMPLETED"
            stopped = await undone(world)
            assert (await stopped.end())["state"] == "TERMINATED"
            stopped = await beside(world)
            assert (await stopped.end())["cause"] == "terminated_by_spec"
            came = await sent(world)
            assert (await came.end())["output"] == {"log": ["key by bob", "stop", "silence"]}
            off = await cancelled(world)
            assert (await off.end())["cause"] == "cancelled"
            assert wf_evidence.actor("bob") == case.commands[2]["human_actor_id"]

    in_world(test)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"{}", b"[]", b'{"events": []}', b'{"events": [{}]}', b"[" * 100_000,
     b'{"events": [{"workflowExecutionStartedEventAttributes": {"workflowType": {"name": "a"}}}]}'],
)  # fmt: skip
def test_what_is_no_history_is_told_so(data: bytes) -> None:
    with pytest.raises(HistoryError, match=r"no history|committed nothing"):
        read_history(data)

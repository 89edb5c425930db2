"""Waits in branches: open at once, one chain of commits, and none is left open (ADR 0157)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import wf_world
from gantral.runtime.ended import why_failed
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from test_history_replays import replay
from test_waits_for_events import KEY, kinds, refused


async def both(case: Any) -> list[str]:
    """The waits that are open, once there are two."""
    while len(waits := (await case.show())["waits"]) < 2:
        await asyncio.sleep(0.02)
    return [one["wait"] for one in waits]


def of(command: dict[str, Any]) -> tuple[str, str]:
    (record,) = command["records"] or [{"kind": ""}]
    return record["kind"], record.get("site", "")


def test_each_branch_takes_what_it_waits_for(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("both wait 600|wait 1200,wait 60")
            assert await both(case) == ["wait/2", "wait/3"]
            stop = await case.event("carol", "stop", {}, "officer", site="wait/3")
            other = await case.event("carol", "brought", KEY, site="wait/3")
            assert await refused(case.send(other)) == "no_wait"
            assert await case.send(stop) == {"status": "taken", "site": "wait/3"}
            assert (await case.end())["output"] == {"log": ["silence", "stopsilence"]}
            told = [of(one) for one in case.commands[1:-1]]
            assert told[:4] == [
                ("wait", "wait/2"),
                ("wait", "wait/3"),
                ("event", ""),
                ("wait", "wait/3"),
            ]
            assert sorted(told[4:]) == [("timeout", "wait/2"), ("timeout", "wait/3")]
            assert case.commands[4]["records"][0]["round"] == "2"
            chain = [one["commit"] for one in case.commands]
            times = [one["timestamp"] for one in case.commands]
            assert chain == list(range(len(chain)))
            assert times == sorted(times)
            attributes = (await case.handle.describe()).search_attributes
            assert attributes["GantralGate"] == ["none"]
            assert await replay(await case.handle.fetch_history()) is None

    in_world(test)


def test_what_waits_ends_when_another_branch_fails(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("both wait 3000|sleep 30,enough")
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "terminated_by_spec")
            assert kinds(case) == [[], ["wait"], []]
            opened, over = (one["timestamp"] for one in case.commands[1:])
            assert over < case.commands[1]["records"][0]["deadline"]
            assert opened < over
            assert (await case.show())["waits"] == []

    in_world(test)


def test_an_event_that_was_claimed_is_committed_before_the_run_ends(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            world.services.answers["keys.look"] = fails
            case = await world.desk("both wait 3000|wait 3000,look")
            await both(case)
            world.evidence.held = asyncio.Event()
            world.evidence.hold = lambda command: (
                of(command)[0] == "event" if command["records"] else False
            )
            stop = await case.event("carol", "stop", {}, "officer", site="wait/3")
            brought = await case.event("carol", "brought", KEY, site="wait/2")
            sending = [asyncio.create_task(case.send(one)) for one in (stop, brought)]
            # Both are claimed: the second waits for its turn.
            await until_claimed(case, 2)
            world.evidence.held.set()
            answers = await asyncio.gather(*sending)
            assert [one["site"] for one in answers] == ["wait/3", "wait/2"]
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert kinds(case) == [[], ["wait"], ["wait"], ["event"], ["event"], []]

    in_world(test)


async def fails(command: dict[str, Any]) -> Any:
    raise ApplicationError("no such door", non_retryable=True)


async def until_claimed(case: Any, count: int) -> None:
    kind = "workflow_execution_update_accepted_event_attributes"
    while True:
        history = await case.handle.fetch_history()
        if sum(event.HasField(kind) for event in history.events) >= count:
            return
        await asyncio.sleep(0.02)


def test_a_request_to_cancel_ends_every_wait(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("both wait 3000|wait 3000")
            await both(case)
            await case.handle.cancel()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
            assert kinds(case) == [[], ["wait"], ["wait"], []]

    in_world(test)


def test_a_refused_commit_lets_no_other_branch_commit(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            world.evidence.refuse = lambda command: (
                "not today" if of(command) == ("wait", "wait/2") else ""
            )
            case = await world.desk("both wait 3000|wait 3000")
            with pytest.raises(WorkflowFailureError) as failed:
                await case.end()
            why = why_failed(failed.value, wf_world.KEYS.of("payments", case.handle.id))
            assert "not today" in why
            assert kinds(case) == [[]]

    in_world(test)

"""Each refusal of a vote or an answer inside the run, by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import wf_world
from gantral.runtime import programs
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

MANAGER = "finance_manager"
SHOWN = {
    "gate": "access",
    "round": 1,
    "context_hash": "ab" * 32,
    "waiting_artifact_hash": "ab" * 32,
}


async def refused(delivery: Any) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await delivery
    assert isinstance(failed.value.cause, ApplicationError)
    return str(failed.value.cause.type)


def test_a_delivery_has_its_form(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            ballot = await case.ballot("alice", "APPROVE", MANAGER)
            assert await refused(case.deliver({**ballot, "justification": 5})) == "delivery"
            await case.handle.cancel()
            await case.end()

    in_world(test)


def test_no_vote_before_a_gate_opens_nor_while_its_end_is_put(in_world: Any) -> None:
    async def test(world: Any) -> None:
        reached, go = asyncio.Event(), asyncio.Event()

        async def slow(command: Any) -> Any:
            reached.set()
            await go.wait()
            return {"state": "free"}

        world.services.answers["keys.look"] = slow
        async with world.worker():
            case = await world.desk("look", "ask")
            await reached.wait()
            assert await refused(case.vote("alice", shown=SHOWN)) == "gate"
            go.set()
            shown = await case.waiting()
            world.evidence.held = asyncio.Event()
            world.evidence.hold = lambda command: command["states"] == ["REJECTED"]
            await case.handle.cancel()
            # Nobody's vote closed the gate, and it is closed all the same.
            while True:
                rule = await refused(case.vote("dora", "APPROVE", "janitor", shown=shown))
                if rule == "decided":
                    break
                assert rule == "role"
            world.evidence.held.set()
            assert (await case.end())["cause"] == "cancelled"

    in_world(test)


def test_a_worker_without_a_trust_file_counts_no_vote(in_world: Any) -> None:
    async def test(world: Any) -> None:
        info = next(one for one in wf_world.ours() if one.workflow_id == "refund")
        programs.load(info.package, keys=info.keys)
        try:
            async with world.worker():
                case = await world.start()
                assert await refused(case.vote("alice", "APPROVE", MANAGER)) == "trust"
                await case.handle.cancel()
                await case.end()
        finally:
            programs.load(info.package, trust=info.trust, keys=info.keys)

    in_world(test)


def test_large_votes_leave_room_for_a_no(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            shown = await case.waiting()
            large = {**wf_world.assurance(shown["opened"]), "aud": "x" * 60_000}
            rules = []
            # Amounts for which the condition on the way has an exact value.
            amounts = ("16.00", "15.00", "12.00", "9.00", "7.00", "37.00")
            for number, amount in enumerate(amounts, start=1):
                amended = {"amendment": [["/refund/amount", amount]], "assurance": large}
                vote = case.vote(f"voter {number}", "OVERRIDE", MANAGER, shown=shown, **amended)
                if number <= 4:
                    await vote
                else:
                    rules.append(await refused(vote))
            assert rules == ["room", "room"]
            await case.vote("bob", "REJECT", MANAGER, shown=shown)
            assert (await case.end())["cause"] == "rejected"

    in_world(test)


def test_a_cancel_while_the_policy_is_asked_asks_nobody(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.held_question = asyncio.Event()
        async with world.worker():
            case = await world.start()
            while not world.evidence.questions:
                await case.show()
            await case.handle.cancel()
            await case.show()
            world.evidence.held_question.set()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
            assert case.states == ["CREATED", "RUNNING", "TERMINATED"]

    in_world(test)


def test_a_waiver_is_committed_alone_and_what_was_done_goes_with_the_next(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.answer = {"answer": "ALLOW"}
        async with world.worker():
            case = await world.desk("ask", "grant", "ask", "grant", workflow="waiving")
            assert (await case.end())["state"] == "COMPLETED"
            kinds = [[record["kind"] for record in command["records"]] for command in case.commands]
            assert kinds == [[], ["waiver"], ["waiver"], ["use", "outcome", "use", "outcome"]]

    in_world(test)


def test_a_lost_attempt_and_then_nobody_is_unknown(in_real_time: Any) -> None:
    """The first attempt may have done it: that the second found no worker does not undo that."""

    async def test(world: Any) -> None:
        info = next(one for one in wf_world.ours() if one.workflow_id == "brief")
        wire = info.manifest["operations"]["keys.grant"]["wire"]
        programs.load(info.package, queues={"keys": "fragile"}, trust=info.trust, keys=info.keys)
        stopping: list[asyncio.Task[None]] = []

        @activity.defn(name=wire)
        async def lost(command: dict[str, Any]) -> Any:
            stopping.append(asyncio.create_task(fragile.shutdown()))
            raise RuntimeError("the worker goes down")

        fragile = Worker(
            world.env.client,
            task_queue="fragile",
            activities=[lost],
            graceful_shutdown_timeout=timedelta(seconds=5),
        )
        running = asyncio.create_task(fragile.run())
        try:
            async with world.worker(deployment_config=wf_world.VERSIONED):
                await wf_world.make_current(world.env)
                case = await world.desk("ask", "grant", workflow="brief")
                await world.approve_desk(case)
                end = await case.end()
                assert (end["state"], end["cause"]) == ("TERMINATED", "effect_unknown")
                assert end["standing"] == ["keys.grant/2"]
        finally:
            programs.load(info.package, trust=info.trust, keys=info.keys)
            await asyncio.gather(running, *stopping)

    in_real_time(test)

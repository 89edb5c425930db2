"""Branches of a governed workflow: they run at once, fail as one, and nothing is left in flight."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import wf_world
from gantral.runtime import forms
from gantral.runtime.ended import why_failed
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError


async def seen(case: Any, kind: EventType.ValueType) -> None:
    """Wait until the workflow knows of such an event."""
    while True:
        kinds = [event.event_type for event in (await case.handle.fetch_history()).events]
        if kind in kinds:
            later = kinds[kinds.index(kind) :]
            if EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED in later:
                return
        await asyncio.sleep(0.02)


def lasted(case: Any) -> float:
    """From the first commit to the last, in seconds of workflow time."""
    first, last = (forms.read_instant(case.commands[at]["timestamp"]) for at in (0, -1))
    return (last - first).total_seconds()


def test_every_branch_gives_and_none_waits_for_another(in_world: Any) -> None:
    async def test(world: Any) -> None:
        both = asyncio.Barrier(2)

        async def met(command: dict[str, Any]) -> Any:
            # Neither answers before the other is called.
            await both.wait()
            return {"state": "free"}

        async with world.worker():
            world.services.answers["keys.look"] = met
            case = await world.desk("ask", "both look,grant|look,paint")
            await world.approve_desk(case)
            end = await case.end()
            assert end["output"] == {"log": ["asked", "frees-1", "freep-1"]}
            assert end["standing"] in (
                ["keys.grant/201", "keys.paint/211"],
                ["keys.paint/211", "keys.grant/201"],
            )
            # One chain: what the branches did is told by the commit that follows them.
            assert case.states[-2:] == ["RUNNING", "COMPLETED"]
            told = [record["kind"] for record in case.commands[-1]["records"]]
            assert told == ["use", "outcome", "use", "outcome"]

    in_world(test)


def test_one_fails_and_what_is_in_flight_ends_first(in_world: Any) -> None:
    async def test(world: Any) -> None:
        failed = asyncio.Event()

        async def slow(command: dict[str, Any]) -> Any:
            await failed.wait()
            return wf_world.done({"serial": "s-1"})

        def refuse(command: dict[str, Any]) -> Any:
            raise ApplicationError("no such door", non_retryable=True)

        async with world.worker():
            world.services.answers |= {"keys.grant": slow, "keys.look": refuse}
            case = await world.desk("ask", "both grant,paint|look,paint|sleep 86400,paint")
            await world.approve_desk(case)
            await seen(case, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED)
            failed.set()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert "keys.look/210: no such door" in end["message"]
            # No branch began anything more; what was done is undone.
            assert sorted(world.services.calls) == ["keys.grant", "keys.look", "keys.revoke"]
            assert world.services.calls[-1] == "keys.revoke"
            assert end["standing"] == []
            assert lasted(case) < 3600

    in_world(test)


def test_undo_goes_back_through_the_branches_as_they_came(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask", "both sleep 20,grant|paint,sleep 60,enough")
            await world.approve_desk(case)
            assert (await case.end())["state"] == "TERMINATED"
            undone = [e["call"] for e in world.services.seen if e["operation"] == "keys.revoke"]
            assert undone == ["keys.grant/201", "keys.paint/210"]

    in_world(test)


def test_the_first_to_fail_is_the_cause(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("both sleep 20,late|sleep 10,early")
            end = await case.end()
            assert (end["message"], end["statement"]) == ("early", "terminate/111")
            inner = await world.desk("both inner|sleep 10,outer", "never")
            end = await inner.end()
            assert end["message"] == "outer"
            # The branches of a branch stop as well.
            assert lasted(inner) < 3600
            at_once = await world.desk("both first|second")
            assert (await at_once.end())["message"] == "first"

    in_world(test)


def test_a_request_to_cancel_ends_every_branch(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask", "both grant,sleep 86400,paint|sleep 86400,look")
            await world.approve_desk(case)
            while "keys.grant" not in world.services.calls:
                await asyncio.sleep(0.02)
            await case.handle.cancel()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
            assert world.services.calls == ["keys.grant", "keys.revoke"]
            assert lasted(case) < 3600

    in_world(test)


def test_no_branch_moves_the_machine_and_an_error_of_the_code_is_hidden_by_no_end(
    in_world: Any,
) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            for script, said in (
                ("both ask|sleep 10", "ask in a branch of a parallel"),
                ("both enough|bug", "a bug"),
                ("both bug|enough", "a bug"),
            ):
                case = await world.desk(script)
                with pytest.raises(WorkflowFailureError) as failed:
                    await case.end()
                assert said in why_failed(
                    failed.value, wf_world.KEYS.of("payments", case.handle.id)
                )
                assert case.states == ["CREATED", "RUNNING"]

    in_world(test)

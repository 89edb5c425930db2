"""What needs a server on which time passes by itself: a late vote, a queue that nobody serves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gantral.runtime import forms, programs
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError
from wf_world import VERSIONED, make_current, ours


def test_a_late_vote_is_refused_though_the_timer_has_not_fired(in_real_time: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker(deployment_config=VERSIONED):
            await make_current(world.env)
            case = await world.desk("ask", workflow="brief")
            shown = await case.waiting()
            await case.vote("alice", shown=shown)
        # Nobody serves the run while its time runs out; the next worker gets the fired timer and
        # the vote in one task, the vote first.
        while forms.write_instant(await world.env.get_current_time()) <= shown["deadline"]:
            await asyncio.sleep(0.05)
        late = asyncio.create_task(case.vote("bob", "APPROVE", "security", shown=shown))
        await case.handle.describe()
        async with world.worker(deployment_config=VERSIONED):
            with pytest.raises((WorkflowUpdateFailedError, RPCError)) as refusal:
                await late
            if isinstance(refusal.value, WorkflowUpdateFailedError):
                assert str(refusal.value.cause.type) == "deadline"  # type: ignore[union-attr]
            assert (await case.end())["cause"] == "deadline"
            assert len(case.commands[-1]["decision"]["votes"]) == 1

    in_real_time(test)


def test_a_late_event_is_refused_though_the_timer_has_not_fired(in_real_time: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker(deployment_config=VERSIONED):
            await make_current(world.env)
            case = await world.desk("wait 3")
            event = await case.event("carol", "brought", {"what": "key", "by": "bob"})
            until = (await case.show())["waits"][0]["until"]
        # As with a late vote: the fired timer and the event come in one task, the event first.
        while forms.write_instant(await world.env.get_current_time()) <= until:
            await asyncio.sleep(0.05)
        late = asyncio.create_task(case.send(event))
        await case.handle.describe()
        async with world.worker(deployment_config=VERSIONED):
            with pytest.raises((WorkflowUpdateFailedError, RPCError)) as refusal:
                await late
            if isinstance(refusal.value, WorkflowUpdateFailedError):
                assert str(refusal.value.cause.type) == "late"  # type: ignore[union-attr]
            assert (await case.end())["output"] == {"log": ["silence"]}

    in_real_time(test)


def test_an_effect_that_nobody_serves_lapses(in_real_time: Any) -> None:
    async def test(world: Any) -> None:
        info = next(i for i in ours() if i.workflow_id == "brief")
        programs.load(info.package, queues={"keys": "nobody"}, trust=info.trust, keys=info.keys)
        try:
            async with world.worker(deployment_config=VERSIONED):
                await make_current(world.env)
                case = await world.desk("ask", "grant", workflow="brief")
                await world.approve_desk(case)
                end = await case.end()
                assert (end["cause"], end["standing"]) == ("lapsed", [])
        finally:
            programs.load(info.package, trust=info.trust, keys=info.keys)

    in_real_time(test)

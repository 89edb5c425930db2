"""Waits for events in a run: the first valid one counts, others leave no trace (ADR 0120)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import wf_evidence
import wf_world
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError

KEY = {"what": "key", "by": "bob"}
H64 = "ab" * 32


async def refused(delivery: Any) -> str:
    """The rule that refuses an event."""
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await delivery
    return str(failed.value.cause.type)  # type: ignore[union-attr]


async def accepted(case: Any) -> int:
    """How many updates the history holds."""
    history = await case.handle.fetch_history()
    kind = "workflow_execution_update_accepted_event_attributes"
    return sum(event.HasField(kind) for event in history.events)


def kinds(case: Any) -> list[list[str]]:
    return [[record["kind"] for record in command["records"]] for command in case.commands]


def test_an_event_then_silence(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600", "wait 600")
            shown = await case.awaiting()
            (open_wait,) = shown["waits"]
            assert (open_wait["wait"], open_wait["events"]) == ("wait/1", ["brought", "stop"])
            event = await case.event("carol", "brought", KEY)
            assert await case.send(event) == {"status": "taken", "site": "wait/1"}
            assert (await case.end())["output"] == {"log": ["key by bob", "silence"]}
            assert kinds(case) == [[], ["wait"], ["event"], ["wait"], ["timeout"], []]
            opened, taken, again, over = case.commands[1:5]
            assert taken["context"]["persons"] == {"/event/by": "bob"}
            assert taken["context"]["sent"] == event["texts"]
            assert opened["context"] == over["context"] == {"same": True}
            rounds = [one["records"][0]["round"] for one in (opened, again)]
            assert rounds == ["1", "2"]
            assert again["records"][0]["deadline"] <= over["timestamp"]
            attributes = (await case.handle.describe()).search_attributes
            assert attributes["GantralGate"] == ["none"]

    in_world(test)


def test_of_many_at_once_one_is_taken(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600")
            world.evidence.held = asyncio.Event()
            world.evidence.hold = lambda command: (
                [one["kind"] for one in command["records"]] == ["event"]
            )
            events = [
                await case.event("carol", "brought", {"what": f"key {number}", "by": "bob"})
                for number in range(6)
            ]
            sending = [asyncio.create_task(case.send(one)) for one in events]
            while sum(one.done() for one in sending) < 5:
                await asyncio.sleep(0.02)
            world.evidence.held.set()
            answers = await asyncio.gather(*sending, return_exceptions=True)
            assert [one for one in answers if isinstance(one, dict)] == [
                {"status": "taken", "site": "wait/1"}
            ]
            rules = {str(one.cause.type) for one in answers if not isinstance(one, dict)}  # type: ignore[union-attr]
            assert rules == {"no_wait"}
            assert kinds(case)[1:3] == [["wait"], ["event"]]
            await case.end()
            assert await accepted(case) == 1

    in_world(test)


def test_what_is_refused_leaves_no_trace(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600")
            good = await case.event("carol", "brought", KEY)

            async def rule(data: Any = KEY, who: str = "carol", **wrong: Any) -> str:
                roles = wrong.pop("roles", ())
                name = wrong.pop("name", "brought")
                return await refused(case.send(await case.event(who, name, data, *roles, **wrong)))

            stranger = wf_world.STRANGER_KEY
            assert await rule(key=stranger) == "key_unknown"
            assert await rule(key=wf_world.EFFECT_KEY) == "key_unknown"
            assert await rule(who="bob") == "sender"
            assert await rule(who="bob", roles=("officer",)) == "sender"
            assert await rule(who="bob", roles=("initiator",)) == "sender"
            assert await rule({}, name="stop", roles=("security",)) == "sender"
            assert await rule(wait_commit_hash=H64) == "no_wait"
            assert await rule(event="others") == "no_wait"
            assert await rule(instance_id="0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11") == "instance"
            assert await rule(owning_team_id="others") == "instance"
            assert await rule(context_hash=H64) == "data"
            assert await rule({"what": "key"}, values={"/event/what": "key"}) == "data"
            assert await rule({**KEY, "more": "x"}) == "data"
            assert await rule({**KEY, "what": 1}, values={"/event/what": "1"}) == "data"
            assert await rule(more="x") == "form"
            other = {**good, "data": {**KEY, "what": "another"}}
            assert await refused(case.send(other)) == "data"
            noted = {**good, "data": {**KEY, "note": "{}"}}
            # What is absent and the text of what is absent are written alike, and mean two things.
            assert await refused(case.send(noted)) == "data"
            less = {**good, "texts": good["texts"][1:]}
            assert await refused(case.send(less)) == "data"
            more = {**good, "texts": [*good["texts"], ["0" * 32, case.handle.id, "/x", "y"]]}
            assert await refused(case.send(more)) == "data"
            assert await refused(case.send({**good, "texts": "none"})) == "delivery"
            assert await refused(case.send({**good, "extra": "x"})) == "delivery"
            large = {**good, "data": {**KEY, "note": "x" * (256 * 1024)}}
            assert await refused(case.send(large)) == "delivery"
            assert await accepted(case) == 0
            assert (await case.send(good))["status"] == "taken"
            assert (await case.end())["output"] == {"log": ["key by bob"]}

    in_world(test)


def test_an_event_is_taken_only_while_a_wait_is_open(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 5", "ask", what="door")
            event = await case.event("carol", "brought", KEY)
            await world.env.sleep(6)
            await case.waiting()
            assert await refused(case.send(event)) == "no_wait"
            assert await accepted(case) == 0

    in_world(test)


def test_the_same_event_again_is_answered_alike(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600", "ask")
            event = await case.event("carol", "brought", KEY)
            for _ in range(3):
                assert await case.send(event) == {"status": "taken", "site": "wait/1"}
            assert kinds(case)[:3] == [[], ["wait"], ["event"]]

    in_world(test)


def test_cancelled_while_it_waits(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600")
            await case.awaiting()
            await case.handle.cancel()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
            assert end["statement"] == "wait/1"

    in_world(test)


def test_a_wait_longer_than_the_program_says_is_none(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 3601")
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "action_failed")
            assert kinds(case) == [[], []]

    in_world(test)


def test_an_event_that_evidence_refuses_fails_the_run(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("wait 600")
            event = await case.event("carol", "brought", KEY)
            world.evidence.refuse = lambda command: (
                "sent: another person"
                if [one["kind"] for one in command["records"]] == ["event"]
                else ""
            )
            assert await refused(case.send(event)) == "NotCommitted"
            with pytest.raises(WorkflowFailureError):
                await case.end()
            assert wf_evidence.actor("carol") == case.commands[0]["human_actor_id"]

    in_world(test)

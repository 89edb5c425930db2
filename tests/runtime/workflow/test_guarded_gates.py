"""A guard is asked before people are, and about what they decided, before it is committed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from wf_evidence import actor

DIRECTOR = "finance_director"
LESS = {"amendment": [["/refund/amount", "25.00"]]}
REVISION = "sha256:" + "a" * 64


def guards(command: dict[str, Any]) -> list[str]:
    return [one["answer"] for one in command["records"] if one["kind"] == "guard"]


@pytest.mark.parametrize("word", ["ALLOW", "REQUIRE_HUMAN"])
@pytest.mark.parametrize(
    ("kind", "more", "amount", "state"),
    [("APPROVE", {}, "40.00", "APPROVED"), ("OVERRIDE", LESS, "25.00", "OVERRIDDEN")],
)
def test_it_is_asked_about_what_was_decided(
    in_world: Any, word: str, kind: str, more: dict[str, Any], amount: str, state: str
) -> None:
    async def test(world: Any) -> None:
        world.evidence.guard = word
        async with world.worker():
            case = await world.start(workflow="watched")
            answer = await case.vote("dora", kind, DIRECTOR, **more)
            assert answer == {"status": "decided", "state": state}
            assert (await case.end())["state"] == "COMPLETED"
        asked = world.evidence.guarded
        assert [one["decided"]["refund"]["amount"] for one in asked] == [amount]
        assert asked[0]["initiator"] == {"actor": actor("carol"), "value": "carol"}
        _, waiting, decided, _ = case.commands
        assert guards(waiting) == ["REQUIRE_HUMAN"]
        assert guards(decided) == [word]
        assert waiting["policy_version_id"] == decided["policy_version_id"] == REVISION

    in_world(test)


@pytest.mark.parametrize(
    ("word", "cause", "records"),
    [
        ("DENY", "policy_deny", ["DENY"]),
        ("FAILURE", "policy_failure", ["FAILURE"]),
        ("nobody can be asked", "authority_ambiguous", []),
    ],
)
def test_it_ends_what_people_decided(
    in_world: Any, word: str, cause: str, records: list[str]
) -> None:
    async def test(world: Any) -> None:
        world.evidence.guard = word
        async with world.worker():
            case = await world.start(workflow="watched")
            answer = await case.vote("dora", "OVERRIDE", DIRECTOR, **LESS)
            # Whoever decided hears how it really ended.
            assert answer == {"status": "decided", "state": "REJECTED"}
            end = await case.end()
        assert (end["state"], end["cause"], end["gate"]) == ("REJECTED", cause, "finance")
        assert end["message"].startswith("finance/1: ")
        last = case.commands[-1]
        assert (last["states"], last["cause"], last["human_actor_id"]) == (
            ["REJECTED"],
            cause,
            "none",
        )
        assert last["context"] == {"same": True}
        assert guards(last) == records
        assert last["policy_version_id"] == (REVISION if records else "none")
        assert len(last["decision"]["votes"]) == 1
        assert world.services.calls == ["orders.fetch"]

    in_world(test)


def test_before_people_it_ends_the_run_and_nobody_is_asked(in_world: Any) -> None:
    async def test(world: Any) -> None:
        denied = {
            "query": "data.refund.watch",
            "policy_version_id": REVISION,
            "input_hash": "c" * 64,
            "answer": "DENY",
        }
        none = dict.fromkeys(("query", "policy_version_id", "input_hash"), "none")
        world.evidence.answer = {"answer": "DENY", "guard": denied, **none}
        async with world.worker():
            case = await world.start(workflow="watched")
            end = await case.end()
        assert (end["state"], end["cause"]) == ("TERMINATED", "policy_deny")
        assert end["message"] == "finance/1: policy watch says DENY"
        last = case.commands[-1]
        assert [(one["kind"], one["answer"]) for one in last["records"]] == [("guard", "DENY")]
        assert last["policy_version_id"] == REVISION
        assert "WAITING_FOR_HUMAN" not in case.states

    in_world(test)


def test_a_waiver_of_a_guarded_gate_holds_both_answers(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.answer = {"answer": "ALLOW"}
        async with world.worker():
            case = await world.start(workflow="watched")
            assert (await case.end())["state"] == "COMPLETED"
        waiver = case.commands[1]
        assert waiver["states"] == []
        assert [one["kind"] for one in waiver["records"]] == ["guard", "waiver"]
        assert world.evidence.guarded == []

    in_world(test)


def test_a_rejection_asks_no_guard(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start(workflow="watched")
            await case.vote("dora", "REJECT", DIRECTOR)
            assert (await case.end())["cause"] == "rejected"
        assert world.evidence.guarded == []
        assert guards(case.commands[-1]) == []

    in_world(test)


def test_nobody_votes_and_nothing_expires_while_it_is_asked(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.held_guard = asyncio.Event()
        async with world.worker():
            case = await world.start(workflow="watched")
            first = asyncio.create_task(case.vote("dora", "APPROVE", DIRECTOR))
            while not world.evidence.guarded:
                await asyncio.sleep(0.02)
            with pytest.raises(WorkflowUpdateFailedError) as late:
                await case.vote("bob", "REJECT", DIRECTOR)
            assert late.value.cause.type == "decided"  # type: ignore[union-attr]
            await case.handle.cancel()
            world.evidence.held_guard.set()
            assert (await first)["state"] == "APPROVED"
            end = await case.end()
        # The decision stands; the run that was cancelled meanwhile ends where it led.
        assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
        waiting, decided = case.commands[1:3]
        assert waiting["timestamp"] <= decided["timestamp"]

    in_world(test)

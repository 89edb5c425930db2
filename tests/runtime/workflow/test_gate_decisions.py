"""Gates from proposal to decision, on the time-skipping server (LANGUAGE section 6)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import wf_evidence
import wf_world
from temporalio.client import WorkflowUpdateFailedError

MANAGER = "finance_manager"
DIRECTOR = "finance_director"
COUNTED = {"status": "counted", "state": "WAITING_FOR_HUMAN"}
AMENDED = {"amendment": [["/refund/amount", "25.00"]]}


async def refused(delivery: Any) -> str:
    """The rule that refuses a vote."""
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await delivery
    return str(failed.value.cause.type)  # type: ignore[union-attr]


def test_two_managers_approve(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            shown = await case.waiting()
            assert shown["title"] == "Refund 40.00 EUR to Ann"
            assert shown["plan"][0]["arguments"] == [
                ["amount", {"amount": "40.00", "currency": "EUR"}],
                ["order", "A1"],
            ]
            assert await case.vote("alice", "APPROVE", MANAGER) == COUNTED
            assert [vote["actor"] for vote in (await case.show())["votes"]] == [
                wf_evidence.actor("alice")
            ]
            assert await case.vote("bob", "APPROVE", MANAGER) == {
                "status": "decided",
                "state": "APPROVED",
            }
            end = await case.end()
            assert (end["state"], end["cause"]) == ("COMPLETED", "completed")
            assert end["output"] == {"receipt_id": "r-1"}
            assert case.states == [
                "CREATED",
                "RUNNING",
                "WAITING_FOR_HUMAN",
                "APPROVED",
                "RESUMED",
                "RUNNING",
                "COMPLETED",
            ]
            decided = case.commands[2]
            assert decided["human_actor_id"] == wf_evidence.actor("bob")
            assert decided["context"] == {"same": True}
            grant = world.services.seen[-1]["grants"][0]
            assert grant["waiting_commit"] == 1
            assert grant["decision_commit"] == 2
            assert grant["artifact"] in {a["artifact_hash"] for a in world.evidence.artifacts}
            description = await case.handle.describe()
            attributes = description.search_attributes
            assert attributes["GantralState"] == ["COMPLETED"]
            assert attributes["GantralTeam"] == ["payments"]
            memo = await description.memo()
            assert memo["title"] == "Refund 40.00 EUR to …"

    in_world(test)


def test_an_amendment_that_two_join_overrides(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            assert await case.vote("alice", "OVERRIDE", MANAGER, **AMENDED) == COUNTED
            # Different amendments do not add up, nor do they with a plain approval.
            assert await case.vote("dora", "APPROVE", MANAGER) == COUNTED
            answer = await case.vote("bob", "OVERRIDE", MANAGER, **AMENDED)
            assert answer == {"status": "decided", "state": "OVERRIDDEN"}
            end = await case.end()
            assert end["state"] == "COMPLETED"
            decided = case.commands[2]
            assert decided["states"] == ["OVERRIDDEN", "RESUMED", "RUNNING"]
            assert decided["cause"] == "amended"
            assert decided["context"] == {"amended": {"/refund/amount": "25.00"}}
            assert len(decided["decision"]["votes"]) == 3
            paid = world.services.seen[-1]
            assert paid["arguments"]["amount"] == {"amount": "25.00", "currency": "EUR"}

    in_world(test)


def test_one_reject_ends_it(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            await case.vote("alice", "APPROVE", MANAGER)
            answer = await case.vote("bob", "REJECT", MANAGER)
            assert answer == {"status": "decided", "state": "REJECTED"}
            end = await case.end()
            assert (end["state"], end["cause"], end["gate"]) == ("REJECTED", "rejected", "finance")
            assert case.commands[-1]["human_actor_id"] == wf_evidence.actor("bob")
            assert len(case.commands[-1]["decision"]["votes"]) == 2
            assert world.services.calls == ["orders.fetch"]

    in_world(test)


def test_a_director_alone_approves(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            answer = await case.vote("dora", "APPROVE", DIRECTOR)
            assert answer["state"] == "APPROVED"
            assert (await case.end())["state"] == "COMPLETED"

    in_world(test)


def test_a_retracted_vote_no_longer_counts(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            await case.vote("alice", "APPROVE", MANAGER)
            assert await case.vote("alice", "RETRACT", MANAGER) == COUNTED
            assert await case.vote("bob", "APPROVE", MANAGER) == COUNTED
            assert (await case.vote("alice", "APPROVE", MANAGER))["status"] == "decided"
            await case.end()

    in_world(test)


def test_the_initiator_withdraws(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            assert await refused(case.vote("alice", "WITHDRAW", MANAGER)) == "initiator"
            assert (await case.vote("carol", "WITHDRAW"))["state"] == "REJECTED"
            end = await case.end()
            assert end["cause"] == "withdrawn"
            assert case.commands[-1]["human_actor_id"] == wf_evidence.actor("carol")

    in_world(test)


def test_silence_is_rejection(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            await case.vote("alice", "APPROVE", MANAGER)
            end = await case.end()
            assert (end["state"], end["cause"]) == ("REJECTED", "deadline")
            rejected = case.commands[-1]
            assert rejected["human_actor_id"] == "none"
            assert len(rejected["decision"]["votes"]) == 1
            # Reminder and widening woke the run and committed nothing.
            assert case.states == ["CREATED", "RUNNING", "WAITING_FOR_HUMAN", "REJECTED"]

    in_world(test)


def test_widening_lets_others_in_from_its_instant_on(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            shown = await case.waiting()
            assert await refused(case.vote("alice", "APPROVE", "finance_officer")) == "role"
            await world.env.sleep(timedelta(hours=25))
            assert await case.vote("alice", "APPROVE", "finance_officer", shown=shown) == COUNTED
            answer = await case.vote("bob", "APPROVE", "finance_officer", shown=shown)
            assert answer["state"] == "APPROVED"
            assert (await case.end())["state"] == "COMPLETED"

    in_world(test)


def test_eleven_votes_at_once(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            shown = await case.waiting()
            ballots = [
                await case.ballot(f"voter {number}", "APPROVE", MANAGER, shown=shown)
                for number in range(11)
            ]
            # What decides is committed when all have come: a run that has ended hears nobody.
            world.evidence.held = asyncio.Event()
            world.evidence.hold = lambda command: "APPROVED" in command["states"]
            voting = [asyncio.create_task(case.update("decide", ballot)) for ballot in ballots]
            while sum(one.done() for one in voting) < 10:
                await asyncio.sleep(0.02)
            world.evidence.held.set()
            answers = await asyncio.gather(*voting, return_exceptions=True)
            taken = [answer for answer in answers if isinstance(answer, dict)]
            late = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
            assert sorted(answer["status"] for answer in taken) == ["counted", "decided"]
            assert len(taken) + len(late) == 11
            assert (await case.end())["state"] == "COMPLETED"
            assert len(case.commands[2]["decision"]["votes"]) == 2

    in_world(test)


def test_votes_refused_by_the_name_of_the_rule(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            shown = await case.waiting()
            other = "f" * 64

            async def rule(who: str, kind: str, *roles: str, **wrong: Any) -> str:
                return await refused(case.vote(who, kind, *roles, shown=shown, **wrong))

            assert await rule("carol", "APPROVE", MANAGER) == "excluded"
            assert await rule("alice", "APPROVE") == "role"
            assert await rule("alice", "APPROVE", "janitor") == "role"
            assert await rule("alice", "APPROVE", MANAGER, context_snapshot_hash=other) == "shown"
            assert await rule("alice", "APPROVE", MANAGER, waiting_artifact_hash=other) == "shown"
            assert await rule("alice", "APPROVE", MANAGER, gate="legal") == "gate"
            assert await rule("alice", "APPROVE", MANAGER, round=2) == "gate"
            assert (
                await rule("alice", "APPROVE", MANAGER, key=wf_world.STRANGER_KEY) == "key_unknown"
            )
            assert await rule("alice", "APPROVE", MANAGER, justification_length="19") == "reason"
            weak = {**wf_world.assurance(shown["opened"]), "level": "pwd"}
            assert await rule("alice", "APPROVE", MANAGER, assurance=weak) == "assurance"
            assert await rule("alice", "APPROVE", MANAGER, supersedes=other) == "supersedes"
            for amendment in (
                [["/refund/amount", "40.01"]],
                [["/refund/amount", "0.00"]],
                [["/refund/amount", "25"]],
                [["/refund/currency", "USD"]],
            ):
                assert await rule("alice", "OVERRIDE", MANAGER, amendment=amendment) == "amendment"
            assert await rule("alice", "APPROVE", MANAGER, amendment=[["/x", "1"]]) == "amendment"

            ballot = await case.ballot("alice", "APPROVE", MANAGER, shown=shown)
            assert (
                await refused(case.deliver({**ballot, "justification": "x" * 200_000}))
                == "delivery"
            )
            assert await refused(case.deliver({**ballot, "more": "x"})) == "delivery"
            forged = {**ballot["vote"], "signatures": [dict(ballot["vote"]["signatures"][0])]}
            forged["signatures"][0]["sig"] = "A" * 86 + "=="
            assert await refused(case.deliver({**ballot, "vote": forged})) == "signature"
            unsealed = {**ballot["vote"], "signatures": []}
            assert await refused(case.deliver({**ballot, "vote": unsealed})) == "envelope"

            # The same vote twice is counted once.
            assert await case.deliver(ballot) == COUNTED
            assert await case.update("decide", ballot) == COUNTED
            assert len((await case.show())["votes"]) == 1
            # Refusals left no event behind.
            history = await case.handle.fetch_history()
            accepted = [
                e
                for e in history.events
                if e.HasField("workflow_execution_update_accepted_event_attributes")
            ]
            assert len(accepted) == 2
            await case.vote("bob", "REJECT", MANAGER)
            await case.end()

    in_world(test)


def test_named_person_and_role_must_be_two_people(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask")
            # Alice is the owner and holds the role: she fills one place only.
            assert await case.vote("alice", "APPROVE", "security") == COUNTED
            assert (await case.vote("bob", "APPROVE", "security"))["state"] == "APPROVED"
            assert (await case.end())["output"] == {"log": ["asked"]}

    in_world(test)


def test_veto(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask")
            assert (await case.vote("dora", "REJECT", "officer"))["state"] == "REJECTED"
            assert (await case.end())["cause"] == "veto"

    in_world(test)


def test_a_formula_that_nobody_can_meet_rejects_at_once(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            # The owner is the initiator, who may not decide.
            case = await world.start({"owner": "carol", "what": "door", "script": ["ask"]}, "desk")
            end = await case.end()
            assert (end["state"], end["cause"]) == ("REJECTED", "no_eligible")
            assert case.commands[-1]["decision"] == "none"

    in_world(test)


def test_conditions_on_the_way_are_judged_again_with_the_decided_value(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            for wrong in ("13.00", "14.00"):
                changed = {"amendment": [["/refund/amount", wrong]]}
                vote = case.vote("dora", "OVERRIDE", DIRECTOR, **changed)
                assert await refused(vote) == "amendment"
            good = {"amendment": [["/refund/amount", "15.00"]]}
            answer = await case.vote("dora", "OVERRIDE", DIRECTOR, **good)
            assert answer["state"] == "OVERRIDDEN"
            await case.end()

    in_world(test)


def test_nobody_can_fill_a_gate_up(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            for _ in range(10):
                await case.vote("alice", "APPROVE", MANAGER)
                await case.vote("alice", "RETRACT", MANAGER)
            assert await refused(case.vote("alice", "APPROVE", MANAGER)) == "room"
            # There is always room for a no.
            assert (await case.vote("alice", "REJECT", MANAGER))["state"] == "REJECTED"
            await case.end()

    in_world(test)


def test_an_approval_tells_who_decided_and_what_was_proposed(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("ask", "who")
            # Her vote was retracted: she decided nothing.
            await case.vote("dora", "APPROVE", "security")
            await case.vote("dora", "RETRACT", "security")
            await world.approve_desk(case)
            assert (await case.end())["output"]["log"] == [
                "asked",
                wf_evidence.actor("alice"),
                wf_evidence.actor("bob"),
                "because I looked at it twice",
                "False",
                "door",
            ]

    in_world(test)

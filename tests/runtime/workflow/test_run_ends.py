"""How a run ends when something goes wrong: causes, cancel, evidence that cannot be committed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import wf_world
from gantral.runtime.ended import why_failed
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

MANAGER = "finance_manager"


async def failure(case: Any) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as failed:
        await case.end()
    assert isinstance(failed.value.cause, ApplicationError)
    why = why_failed(failed.value, wf_world.KEYS.of("payments", case.handle.id))
    return ApplicationError(why, type=failed.value.cause.type)


def test_require_terminates_by_the_spec(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start(
                {**wf_world.REFUND, "refund": {"amount": "90.01", "currency": "EUR"}}
            )
            end = await case.end()
            assert (end["state"], end["cause"], end["statement"]) == (
                "TERMINATED",
                "terminated_by_spec",
                "require/2",
            )
            assert case.commands[-1]["end"] == {
                "message": "the refund exceeds the order",
                "statement": "require/2",
                "standing": [],
            }

    in_world(test)


def test_policy_allow_waives_the_gate(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.answer = {"answer": "ALLOW"}
        async with world.worker():
            case = await world.start()
            end = await case.end()
            assert end["state"] == "COMPLETED"
            assert case.states == ["CREATED", "RUNNING", "COMPLETED"]
            waiver = case.commands[1]
            assert waiver["states"] == []
            assert [record["kind"] for record in waiver["records"]] == ["waiver"]
            grant = world.services.seen[-1]["grants"][0]
            assert grant["waiver"] == case.commands[2]["prev"]
            assert "artifact" not in grant

    in_world(test)


def test_policy_allow_waives_no_gate_that_does_not_say_so(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.answer = {"answer": "ALLOW"}
        async with world.worker():
            case = await world.desk("ask")
            assert (await case.waiting())["state"] == "WAITING_FOR_HUMAN"
            await world.approve_desk(case)
            await case.end()

    in_world(test)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"answer": "DENY"}, "policy_deny"),
        ({"answer": "FAILURE", "cause": "policy_failure", "problem": "down"}, "policy_failure"),
        (
            {"answer": "FAILURE", "cause": "authority_ambiguous", "problem": "who?"},
            "authority_ambiguous",
        ),
    ],
)
def test_policy_says_no_or_nothing(in_world: Any, answer: dict[str, str], cause: str) -> None:
    async def test(world: Any) -> None:
        world.evidence.answer = answer
        async with world.worker():
            case = await world.start()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", cause)
            assert case.commands[-1]["records"][0]["answer"] == answer["answer"]
            assert world.services.calls == ["orders.fetch"]

    in_world(test)


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"instance_id": "00000000-0000-0000-0000-000000000000"}, "instance_id"),
        ({"owning_team_id": "sales"}, "owning_team_id"),
        ({"workflow_id": "other"}, "workflow_id"),
        ({"workflow_version_id": "f" * 64}, "workflow_version_id"),
        ({"context_hash": "f" * 64}, "context_hash"),
        ({"human_actor_id": "actor:" + "0" * 32}, "human_actor_id"),
        ({"environment": "production"}, "environment"),
    ],
)
def test_a_submission_for_something_else(in_world: Any, wrong: Any, member: str) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start(**wrong)
            error = await failure(case)
            assert error.type == "StartRefused"
            assert member in error.message
            assert case.commands == []

    in_world(test)


def test_a_start_without_a_proper_submission(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            info = next(i for i in wf_world.ours() if i.workflow_id == "refund")
            good = wf_world.start_command(
                info, "11111111-1111-1111-1111-111111111111", wf_world.REFUND, wf_world.LONG_AGO
            )
            bad = [
                None,
                [],
                {**wf_world.REFUND},
                {**good, "submission": {}},
                {**good, "submission": {**good["submission"], "signatures": []}},
                {**good, "context": "x"},
                {**good, "initiator": {}},
                {**good, "input": {**good["input"], "order_id": "A2" * 64}},
                {**good, "input": {**good["input"], "extra": "x"}},
                {**good, "input": {}},
            ]
            for number, command in enumerate(bad):
                instance = f"11111111-1111-1111-1111-{number:012}"
                if isinstance(command, dict) and number >= 7:
                    fresh = wf_world.start_command(
                        info, instance, wf_world.REFUND, wf_world.LONG_AGO
                    )
                    command = {**fresh, "input": command["input"]}
                case = await world.start_raw(info, instance, command)
                assert (await failure(case)).type == "StartRefused", number
                assert case.commands == []

    in_world(test)


def test_a_start_whose_seal_the_evidence_worker_refuses(in_world: Any) -> None:
    async def test(world: Any) -> None:
        # An unsealed submission is the evidence worker's to refuse: then there is no CREATED.
        world.evidence.refuse = lambda command: "seal: not a decision key"
        async with world.worker():
            case = await world.start(key=wf_world.STRANGER_KEY)
            assert (await failure(case)).type == "NotCommitted"
            assert (await case.show())["state"] == "none"
            assert world.services.calls == []

    in_world(test)


@pytest.mark.parametrize("at", ["WAITING_FOR_HUMAN", "APPROVED", "COMPLETED"])
def test_a_commit_that_fails_leaves_nothing_visible(in_world: Any, at: str) -> None:
    async def test(world: Any) -> None:
        world.evidence.refuse = lambda command: "store: full" if at in command["states"] else ""
        async with world.worker():
            case = await world.start()
            if at != "WAITING_FOR_HUMAN":
                voted = case.vote("dora", "APPROVE", "finance_director")
                if at == "APPROVED":
                    with pytest.raises(WorkflowUpdateFailedError) as refused:
                        await voted
                    assert getattr(refused.value.cause, "type", "") == "NotCommitted"
                else:
                    await voted
            error = await failure(case)
            assert error.type == "NotCommitted"
            shown = await case.show()
            before = {
                "WAITING_FOR_HUMAN": "RUNNING",
                "APPROVED": "WAITING_FOR_HUMAN",
                "COMPLETED": "RUNNING",
            }
            assert shown["state"] == before[at]
            assert at not in case.states
            assert "payments.reverse" not in world.services.calls
            tried = [c for c in case.commands if at in c["states"]]
            assert tried == []

    in_world(test)


def test_cancelled_while_waiting_is_rejected(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.start()
            await case.waiting()
            await case.handle.cancel()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("REJECTED", "cancelled")
            assert case.commands[-1]["human_actor_id"] == "none"

    in_world(test)


def test_cancelled_while_running_is_terminated_and_undone(in_world: Any) -> None:
    async def test(world: Any) -> None:
        reached, go = asyncio.Event(), asyncio.Event()

        async def slow(command: Any) -> Any:
            reached.set()
            await go.wait()
            return {"state": "free"}

        world.services.answers["keys.look"] = slow
        async with world.worker():
            case = await world.desk("ask", "grant", "look", "paint")
            await world.approve_desk(case)
            await reached.wait()
            await case.handle.cancel()
            go.set()
            end = await case.end()
            assert (end["state"], end["cause"]) == ("TERMINATED", "cancelled")
            assert world.services.calls == ["keys.grant", "keys.look", "keys.revoke"]
            assert end["standing"] == []

    in_world(test)


def test_a_cancel_during_a_commit_does_not_interrupt_it(in_world: Any) -> None:
    async def test(world: Any) -> None:
        world.evidence.held = asyncio.Event()
        world.evidence.hold = lambda command: "WAITING_FOR_HUMAN" in command["states"]
        async with world.worker():
            case = await world.start()
            while not world.evidence.questions:
                await asyncio.sleep(0.01)
            await case.handle.cancel()
            await case.show()
            world.evidence.held.set()
            end = await case.end()
            assert case.states[2:] in (["WAITING_FOR_HUMAN", "REJECTED"], ["TERMINATED"])
            assert end["cause"] == "cancelled"

    in_world(test)


def test_a_bug_fails_the_run_and_claims_no_end(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk("bug")
            assert "a bug" in str(await failure(case))
            assert case.states == ["CREATED", "RUNNING"]

    in_world(test)


@pytest.mark.parametrize(
    "target", ["CREATED", "RUNNING", "APPROVED", "REJECTED", "OVERRIDDEN", "RESUMED"]
)
def test_an_illegal_transition_ends_the_execution(in_world: Any, target: str) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await world.desk(f"illegal {target}")
            error = await failure(case)
            assert error.type == "IllegalTransition"
            assert case.states == ["CREATED", "RUNNING"]

    in_world(test)

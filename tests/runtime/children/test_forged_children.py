"""A child that no running parent tells never becomes an instance, whoever asks for it."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from families import FIRST, SECOND, TEAM, Family, first, second
from gantral.evidence import SigningKey, seal
from gantral.evidence.hashes import child_id
from gantral.runtime.ended import why_failed
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

pytestmark = pytest.mark.timeout(90)


async def refusal(family: Family, instance: str, command: Mapping[str, Any]) -> tuple[str, str]:
    """The type and words with which a run of `settle` fails before CREATED."""
    handle = await family.start_raw(instance, "settle", command)
    with pytest.raises(WorkflowFailureError) as error:
        await handle.result()
    assert isinstance(error.value.cause, ApplicationError)
    assert family.story(instance) is None
    message = why_failed(error.value, family.deployment.keys.of(TEAM, instance))
    return str(error.value.cause.type), message.removeprefix("not committed: ")


def said(envelope: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return found


def test_a_sealed_start_that_the_parent_does_not_tell_starts_nothing(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        # The program runs this child some time: the seal alone makes no instance of it.
        made = family.sealed_start(parent)
        kind, why = await refusal(family, second(parent), made)
        assert (kind, why) == (
            "NotCommitted",
            "parent: its chain tells of no such child",
        )

    on_server(test)


def test_a_child_says_whose_it_is_and_nobody_else_does(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        start: Any = family.sealed_start(parent)
        alone = {name: value for name, value in start.items() if name != "parent"}
        kind, why = await refusal(family, second(parent), alone)
        assert (kind, "says which instance runs it" in why) == ("StartRefused", True)
        # The other way round: no person's start names a parent.
        by_person = {**said(start["submission"]), "parent_artifact_hash": "none"}
        forged = {**start, "submission": seal("submission", by_person, family.key)}
        kind, why = await refusal(family, second(parent), forged)
        assert (kind, "says which instance runs it" in why) == ("StartRefused", True)

    on_server(test)


@pytest.mark.parametrize(
    ("who", "rule"), [("the API", "key_use"), ("a stranger", "key_unknown"), ("nobody", "parent")]
)
def test_only_the_evidence_worker_seals_a_child(on_server: Any, who: str, rule: str) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        start: Any = copy.deepcopy(family.sealed_start(parent))
        statement = said(start["submission"])
        if who == "nobody":
            # Told by a chain that is not its parent's.
            start["parent"] = {"instance_id": first(parent), "call": SECOND}
        else:
            key = family.api_key if who == "the API" else SigningKey.generate()
            start["submission"] = seal("submission", statement, key)
        kind, why = await refusal(family, second(parent), start)
        assert kind == "NotCommitted"
        assert why.startswith(rule), why

    on_server(test)


def test_a_child_is_told_by_its_own_submission_alone(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        story = await family.waiting(first(parent))
        envelope = story.commits[0]["decision"]["submission"]
        other = {**said(envelope), "retain_until": "none"}
        forged = seal("submission", other, family.key)
        command: Any = {
            "decision": {
                "submission": forged,
                "parent": {"instance_id": parent, "call": FIRST},
            }
        }
        why = commit_refusal(family, first(parent), 0, command)
        assert why == "parent: its chain tells another submission of this child"

    on_server(test)


def commit_refusal(family: Family, instance: str, number: int, changes: Mapping[str, Any]) -> str:
    """What the evidence worker says of a commit like that one, with these changes."""
    chain = family.chain(instance)
    there = chain.need(number).statement
    artifacts = there["artifacts"]
    before = None if number == 0 else chain.need(number - 1)
    last = chain.last_artifact(number)
    first_ = artifacts[0] if artifacts else {}
    command = {
        "team": chain.team,
        "workflow_id": first_.get("workflow_id") or (last and last["workflow_id"]),
        "instance_id": instance,
        "program": first_.get("workflow_version_id") or (last and last["workflow_version_id"]),
        "commit": number,
        "prev": "0" * 64 if before is None else before.hash,
        "last_artifact": "0" * 64 if last is None else last["artifact_hash"],
        "sequence": 0 if last is None else int(last["sequence"]) + 1,
        "states": [one["authority_state"] for one in artifacts],
        "timestamp": there["timestamp"],
        "gate": first_.get("gate", "none"),
        "round": 0,
        "cause": first_.get("cause", "none"),
        "human_actor_id": first_.get("human_actor_id", "none"),
        "policy_version_id": "none",
        "context": {"leaves": there["context"]} if number == 0 else {"same": True},
        "decision": there["decision"],
        "records": there["records"],
        "asked": "none",
        "end": "none",
        **changes,
    }
    with pytest.raises(ApplicationError) as error:
        family.committer.put(command)
    return error.value.message


def test_what_a_parent_may_not_tell(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        told = family.chain(parent).need(1).statement["records"][0]
        own = said(told["submission"])

        def child(call: str = SECOND, **changes: Any) -> str:
            statement = {**own, "instance_id": child_id(parent, call), **changes}
            record = {**told, "call": call, "submission": seal("submission", statement, family.key)}
            return commit_refusal(family, parent, 1, {"records": [record]})

        # This very place is taken by what was told there: what holds is a fork, all else is refused
        # before that by its own rule.
        assert child().startswith("fork")
        assert child(call="workflow.settle/3").startswith("child: the program runs no child")
        dora = family.actors.resolve("dora")
        assert child(human_actor_id=dora) == (
            f"child: the submission of {SECOND} has another human_actor_id"
        )
        assert child(parent_artifact_hash="ab" * 32) == (
            f"child: the submission of {SECOND} has another parent_artifact_hash"
        )
        assert child(workflow_version_id="ab" * 32) == (
            f"child: the submission of {SECOND} has another workflow_version_id"
        )
        assert child(instance_id=first(parent)) == (
            f"child: the submission of {SECOND} has another instance_id"
        )
        mixed = {"states": ["COMPLETED"], "cause": "completed", "context": {"values": {}}}
        why = commit_refusal(family, parent, 1, {**mixed, "records": [told]})
        assert why == "child: a child is told by a commit of its own"

    on_server(test)


def test_an_end_that_the_child_has_not_is_not_signed(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.decide(first(parent), "reject")
        await family.waiting(second(parent))
        ended = family.chain(first(parent)).last_artifact(family.chain(first(parent)).head())
        assert ended is not None
        true = {
            "kind": "child_end",
            "call": FIRST,
            "state": "REJECTED",
            "cause": "rejected",
            "gate": "release",
            "artifact_hash": ended["artifact_hash"],
        }

        def end(**lie: Any) -> str:
            changes = {
                "states": ["TERMINATED"],
                "cause": "action_failed",
                "records": [{**true, **lie}],
                "end": {"message": "none", "statement": "none", "standing": []},
            }
            return commit_refusal(family, parent, 1, changes)

        for name, value in {
            "state": "COMPLETED",
            "cause": "veto",
            "gate": "none",
            "artifact_hash": "ab" * 32,
        }.items():
            assert end(**{name: value}) == f"child_end: the child's own chain has another {name}"
        # One that still waits has not ended.
        assert end(call=SECOND) == "child_end: the child's own chain has another state"
        untold = "child_end: the parent's chain tells of no such child"
        assert end(call="workflow.settle/3") == untold
        # What it left standing is what its own chain says, not what anybody sends.
        assert end(standing=[]) == "child_end: a member is missing or unknown"

    on_server(test)


def test_what_the_evidence_worker_seals_no_child_for(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))

        def refused(instance: str = parent, **changes: Any) -> str:
            with pytest.raises(ApplicationError) as error:
                family.starter.answer(family.command(instance, **changes))
            return error.value.message

        nobody = {"actor": family.actors.resolve("dora"), "value": "dora"}
        assert refused(call="workflow.settle/3") == "child: the program runs no child there"
        assert refused(call="bank.pay/1") == "child: the program runs no child there"
        assert refused(initiator=nobody) == "initiator: another person started the parent"
        assert refused(program=family.program("whole").version_id).startswith("program: this")
        assert refused(workflow_id="whole").startswith("program: this")
        assert refused(timestamp="2000-01-01T00:00:00.000Z").startswith("timestamp: ")
        assert refused(input={"invoice": 1, "amount": "5.00"}).startswith("child: the input")
        assert refused(input="x").startswith("command: ")
        assert refused(instance_id="no uuid").startswith("command: ")
        assert refused(other="x").startswith("command: ")
        # A child waits at its gate: only what runs has children.
        assert refused(first(parent)) == (
            "parent: the parent is WAITING_FOR_HUMAN, and only one that runs has children"
        )
        # One call, one input: the first that was sealed is what counts.
        family.starter.answer(family.command(parent))
        again = family.sealed_start(parent)
        assert again == family.sealed_start(parent)
        other = {"invoice": "I-2", "amount": "500.00"}
        assert refused(input=other) == "child: this call began a child with another input before"

    on_server(test)


def test_the_end_of_a_parent_is_the_end_of_its_children_s_starts(on_server: Any) -> None:
    async def test(family: Family) -> None:
        parent = await family.start()
        await family.waiting(first(parent))
        made = family.sealed_start(parent)
        await family.handle(parent).cancel()
        await family.handle(parent).result()
        with pytest.raises(ApplicationError, match="parent: the parent is TERMINATED"):
            family.starter.answer(family.command(parent))
        kind, why = await refusal(family, second(parent), made)
        assert kind == "NotCommitted"
        assert why.startswith("parent: the parent is TERMINATED")

    on_server(test)

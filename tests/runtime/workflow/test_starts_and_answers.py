"""Each refusal of a start, and of an effect's answer, by itself: both are pure functions of what
the run is handed, so no server is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import wf_world
from gantral.evidence import seal
from gantral.evidence.envelope import unwrap
from gantral.evidence.hashes import context_hash
from gantral.runtime.admission import Admitted, admit
from gantral.runtime.machine import Identity
from gantral.runtime.vouching import unvouched
from temporalio.exceptions import ApplicationError

INSTANCE = "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
OTHER = "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b12"
AT = "2026-11-23T10:00:00.000Z"


def started(change: Callable[[dict[str, Any]], Any] = lambda start: None, **wrong: Any) -> Admitted:
    """Admit a start of which ``wrong`` members are sealed otherwise, changed in place."""
    info = next(one for one in wf_world.ours() if one.workflow_id == "refund")
    identity = Identity(info.team, info.workflow_id, INSTANCE, info.version_id, "run")
    start: Any = wf_world.start_command(info, INSTANCE, wf_world.REFUND, AT, **wrong)
    changed = change(start)
    return admit(identity, info.input, start if changed is None else changed)


def refusal(*args: Any, **wrong: Any) -> str:
    with pytest.raises(ApplicationError) as refused:
        started(*args, **wrong)
    assert refused.value.type == "StartRefused"
    return str(refused.value.message)


def test_a_good_start_is_admitted() -> None:
    admitted = started()
    assert [state.value for state in admitted.transition.states] == ["CREATED", "RUNNING"]
    assert admitted.initiator == {"actor": wf_world.actor("carol"), "value": "carol"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("instance_id", OTHER),
        ("owning_team_id", "sales"),
        ("workflow_id", "other"),
        ("workflow_version_id", "ff" * 32),
        ("context_hash", "ff" * 32),
        ("human_actor_id", "actor:" + "0" * 32),
        ("environment", "production"),
    ],
)
def test_a_submission_for_something_else(member: str, value: str) -> None:
    assert f"for another {member}" in refusal(**{member: value})


@pytest.mark.parametrize("start", [None, "start", [], {}, {"submission": {}}])
def test_a_start_without_its_members(start: Any) -> None:
    def instead(_: dict[str, Any]) -> Any:
        return [] if start is None else start

    assert "no sealed submission" in refusal(instead)
    assert "no sealed submission" in refusal(lambda good: good | {"more": 1})


def test_a_context_that_does_not_cover_exactly_the_input() -> None:
    info = next(one for one in wf_world.ours() if one.workflow_id == "refund")
    whole = wf_world.start_command(info, INSTANCE, wf_world.REFUND, AT)["context"]
    for context in (whole[1:], sorted([*whole, ["/input/zzz", "ab" * 32]])):

        def shorter(start: dict[str, Any], context: Any = context) -> None:
            start["context"] = context

        said = refusal(shorter, context_hash=context_hash(context))
        assert "does not cover exactly the input" in said


def command(**changes: Any) -> Any:
    return {
        "team": "payments",
        "instance_id": INSTANCE,
        "call": "keys.grant/1",
        "operation": "keys.grant",
        "undo": False,
        "parents": [],
        "run": "run",
        "grants": [{"artifact": "aa" * 32}, {"waiver": "bb" * 32}],
        **changes,
    }


def answered(**changes: Any) -> dict[str, Any]:
    """What a worker answers that did ``command``; ``changes`` are of the command it did."""
    results = [["/serial", "cd" * 32]]
    answer = {**wf_world.done({"serial": "s-1"}), "results": results}
    return wf_world.signed(command(**changes), answer)


def resealed(envelope: Any, kind: str, **changes: Any) -> Any:
    statement = {**unwrap(envelope, kind).statement, **changes}
    return seal(kind, json.loads(json.dumps(statement)), wf_world.EFFECT_KEY)


def test_a_good_answer_is_vouched_for() -> None:
    assert unvouched(command(), answered()) == ""
    refused: Any = wf_world.effect_answer("not_done")
    assert unvouched(command(), refused) == ""


@pytest.mark.parametrize("answer", [None, "done", [], {}, {**wf_world.done(None), "more": 1}])
def test_an_answer_without_its_members(answer: Any) -> None:
    assert "members" in unvouched(command(), answer)


@pytest.mark.parametrize("change", [{"status": "half"}, {"status": None}, {"problem": 1}])
def test_an_answer_that_says_nothing(change: dict[str, Any]) -> None:
    refused: Any = {**wf_world.effect_answer("not_done"), **change}
    assert "neither done nor not done" in unvouched(command(), refused)


@pytest.mark.parametrize(
    "change",
    [
        {"instance_id": OTHER},
        {"team": "sales"},
        {"call": "keys.grant/2"},
        {"operation": "keys.paint"},
    ],
)
@pytest.mark.parametrize("status", ["done", "not_done", "unknown"])
def test_an_answer_of_another_call(change: dict[str, Any], status: str) -> None:
    answer: Any = {**answered(**change), "status": status}
    assert "of another call" in unvouched(command(), answer)


@pytest.mark.parametrize("members", ["claims", "outcomes"])
def test_what_is_done_is_claimed_and_ended_under_every_approval(members: str) -> None:
    answer: Any = answered()
    for some in ([], answer[members][:1], answer[members][::-1]):
        assert "every approval" in unvouched(command(), answer | {members: some})


@pytest.mark.parametrize("change", [{"status": "not_done"}, {"results": []}])
def test_an_outcome_that_says_something_else(change: dict[str, Any]) -> None:
    answer: Any = answered()
    first, second = answer["outcomes"]
    for outcomes in (
        [resealed(first, "outcome", **change), second],
        [first, resealed(second, "outcome", **change)],
    ):
        assert "something else" in unvouched(command(), answer | {"outcomes": outcomes})


@pytest.mark.parametrize(("members", "kind"), [("claims", "use"), ("outcomes", "outcome")])
def test_a_claim_and_an_outcome_of_an_answer_have_exactly_their_members(
    members: str, kind: str
) -> None:
    answer: Any = answered()
    first, second = answer[members]
    odd = resealed(first, kind, more="x")
    assert "can't be read" in unvouched(command(), answer | {members: [odd, second]})
    assert "can't be read" in unvouched(command(), answer | {members: [{}, second]})

"""What votes amount to, and each rule that a vote must pass."""

from __future__ import annotations

from typing import Any

import pytest
from gantral.evidence import Waiting, accept_vote, count
from gantral.evidence.expr import evaluate
from gantral.evidence.recount import vote_hash
from vector_manifest import GATE
from vectors import INSTANCE

AT = "2026-11-23T12:00:00.000Z"
WAITING = Waiting(
    instance_id=INSTANCE,
    artifact_hash="a" * 64,
    context_hash="b" * 64,
    opened_at="2026-11-23T10:00:00.000Z",
    instants=[
        ["2026-11-24T10:00:00.000Z", "widen", ["finance_manager"], ["finance_director"]],
        ["2026-11-26T10:00:00.000Z", "reject", "none", "none"],
    ],
    excluded=frozenset({"actor:" + "c" * 32}),
    named={},
    initiator="actor:" + "c" * 32,
    values={"/refund/amount": "40.00"},
)


def vote(who: str, kind: str = "APPROVE", **more: Any) -> dict[str, Any]:
    return {
        "type": "gantral.dev/authority-decision/v1",
        "amendment": [],
        "assurance": {
            "aud": "x",
            "auth_time": "2026-11-23T11:00:00.000Z",
            "identity": "d" * 64,
            "iss": "x",
            "level": "mfa",
            "role_map": "d" * 64,
            "token_hash": "d" * 64,
        },
        "context_snapshot_hash": "b" * 64,
        "decision_id": INSTANCE,
        "decision_type": kind,
        "human_actor_id": "actor:" + who * 32,
        "instance_id": INSTANCE,
        "justification": "leaf:" + "d" * 64,
        "justification_length": "25",
        "role": ["finance_manager"],
        "supersedes": "none",
        "timestamp": "2026-11-23T11:30:00.000Z",
        "waiting_artifact_hash": "a" * 64,
        **more,
    }


LESS = {"amendment": [["/refund/amount", "25.00"]]}


def test_two_managers_approve_and_one_does_not() -> None:
    one, two = vote("1"), vote("2")
    assert count(GATE, WAITING, [one], AT).outcome == "open"
    standing = count(GATE, WAITING, [one, two], AT)
    assert (standing.outcome, standing.by) == ("approved", two["human_actor_id"])
    assert accept_vote(GATE, WAITING, [one], two, AT) is None
    again = accept_vote(GATE, WAITING, [one, two], vote("3"), AT)
    assert again is not None
    assert again.rule == "decided"


def test_different_amendments_do_not_add_up_and_equal_ones_do() -> None:
    one, two = vote("1", "OVERRIDE", **LESS), vote("2")
    assert count(GATE, WAITING, [one, two], AT).outcome == "open"
    same = vote("3", "OVERRIDE", **LESS)
    standing = count(GATE, WAITING, [one, two, same], AT)
    assert standing.outcome == "amended"
    assert standing.amendment == (("/refund/amount", "25.00"),)
    plain = vote("4", "OVERRIDE", amendment=[["/refund/amount", "40.00"]])
    assert count(GATE, WAITING, [two, plain], AT).outcome == "approved"


def test_retract_veto_withdraw_and_the_clock() -> None:
    one = vote("1")
    back = vote("1", "RETRACT", supersedes=vote_hash(one))
    assert accept_vote(GATE, WAITING, [one], back, AT) is None
    assert count(GATE, WAITING, [one, back, vote("2")], AT).outcome == "open"
    guard = vote("5", "REJECT", role=["security"])
    assert accept_vote(GATE, WAITING, [], guard, AT) is None
    assert count(GATE, WAITING, [guard], AT).outcome == "veto"
    assert count(GATE, WAITING, [vote("1", "REJECT")], AT).outcome == "rejected"
    gone = vote("c", "WITHDRAW")
    assert accept_vote(GATE, WAITING, [], gone, AT) is None
    assert count(GATE, WAITING, [gone], AT).outcome == "withdrawn"
    late = WAITING.rejects_at
    assert count(GATE, WAITING, [vote("1"), vote("2")], late).outcome == "deadline"


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("form", {"extra": "none"}),
        ("form", {"role": ["b", "a"]}),
        ("instance", {"instance_id": "0" + INSTANCE[1:]}),
        ("shown", {"context_snapshot_hash": "c" * 64}),
        ("opening", {"timestamp": "2026-11-23T09:00:00.000Z"}),
        ("excluded", {"human_actor_id": "actor:" + "c" * 32}),
        ("initiator", {"decision_type": "WITHDRAW"}),
        ("supersedes", {"supersedes": "d" * 64}),
        ("role", {"role": ["clerk"]}),
        ("amendment", LESS),
        ("amendment", {"decision_type": "OVERRIDE"}),
        ("amendment", {"decision_type": "OVERRIDE", "amendment": [["/refund/amount", "41.00"]]}),
        ("amendment", {"decision_type": "OVERRIDE", "amendment": [["/refund/amount", "9.999"]]}),
        ("amendment", {"decision_type": "OVERRIDE", "amendment": [["/reason", "x"]]}),
        ("reason", {"justification_length": "19"}),
        ("reason", {"justification": "none"}),
    ],
)
def test_each_rule_refuses(rule: str, changed: dict[str, Any]) -> None:
    refusal = accept_vote(GATE, WAITING, [], vote("1", **_kind(changed)), AT)
    assert refusal is not None
    assert refusal.rule == rule


def _kind(changed: dict[str, Any]) -> dict[str, Any]:
    made = dict(changed)
    if "decision_type" in made:
        made["kind"] = made.pop("decision_type")
    return made


def test_arithmetic_is_exact() -> None:
    def const(text: str) -> dict[str, Any]:
        return {"const": ["decimal", text]}

    product = {"*": [const("0.1"), const("0.2")]}
    assert evaluate({"==": [product, const("0.02")]}, lambda _, p: p) is True
    longer = {"+": [const("9" * 40 + ".01"), const("0.01")]}
    assert str(evaluate(longer, lambda _, p: p)) == "9" * 40 + ".02"

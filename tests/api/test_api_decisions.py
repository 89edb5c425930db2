"""Decide over HTTP, against the real servers: every rule by its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from gantral.cli.tools.personas import sign_in
from gantral.evidence import parse
from gantral.evidence.envelope import open_envelope

SHORT = "too short"


def rule(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    return answer.status_code, document["rule"]


def test_two_managers_approve(world: Any) -> None:
    view = world.waiting()
    assert view["title"] == "Refund 40.00 EUR to Ana Ruiz"
    gate = view["waiting"]
    assert gate["who_decides"] == "2 finance managers, or 1 finance director"
    (plan,) = gate["sets_off"]
    assert plan["operation"] == "payments.refund"
    assert [(one["name"], one["value"]) for one in plan["arguments"]][1:] == [
        ("amount", "40.00"),
        ("amount currency", "EUR"),
    ]
    first = world.decide(view, "alice", "approve")
    assert first.status_code == 201, first.text
    assert first.json()["status"] == "counted"
    second = world.decide(view, "bob", "approve")
    assert (second.json()["status"], second.json()["state"]) == ("decided", "APPROVED")
    view = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    states = [one["state"] for one in view["history"]]
    assert states[2:6] == ["WAITING_FOR_HUMAN", "APPROVED", "RESUMED", "RUNNING"]


def test_a_vote_is_put_sealed_and_its_receipt_proves_it(world: Any) -> None:
    view = world.waiting()
    receipt = world.decide(view, "alice", "amend", values={"/refund/amount": "25"}).json()
    store, trust = world.deployment.store, world.deployment.trust
    place = f"payments/{view['instance_id']}"
    data = store.get(f"{place}/votes/{receipt['vote']}.json")
    assert parse(data) == receipt["envelope"]
    opened = open_envelope(
        receipt["envelope"], "authority-decision", trust, "decision", "payments",
        receipt["decided_at"],
    )  # fmt: skip
    statement = opened.statement
    assert statement["decision_type"] == "OVERRIDE"
    assert statement["amendment"] == [["/refund/amount", "25.00"]]
    assert statement["role"] == ["finance_manager"]
    assert statement["assurance"]["level"] == "mfa"
    assert statement["context_snapshot_hash"] == view["waiting"]["context_hash"]
    for leaf in (statement["justification"].removeprefix("leaf:"),
                 statement["assurance"]["identity"]):  # fmt: skip
        assert store.get(f"{place}/texts/{leaf}.json") is not None
    token = world.token("alice")
    assert token.encode() not in data


def test_a_director_amends_alone(world: Any) -> None:
    view = world.waiting()
    answer = world.decide(view, "dora", "amend", values={"/refund/amount": "25.5"})
    assert (answer.json()["status"], answer.json()["state"]) == ("decided", "OVERRIDDEN")


def test_one_rejection_ends_it_and_it_can_be_asked_again(world: Any) -> None:
    view = world.waiting(order="again")
    assert world.decide(view, "alice", "reject").json()["state"] == "REJECTED"
    over = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    assert over["cause"] == "rejected"
    assert rule(world.decide(view, "bob", "approve")) == (409, "not_waiting")
    second = world.start(order="again")
    assert second.status_code == 201
    assert second.json()["instance_id"] != view["instance_id"]


def test_the_initiator_withdraws_and_nobody_else_can(world: Any) -> None:
    view = world.waiting()
    path = f"/v1/instances/{view['instance_id']}/withdrawal"
    assert rule(world.ask("POST", path, "alice", json={})) == (403, "vote_initiator")
    answer = world.ask("POST", path, "carol", json={"reason": "found it"})
    assert answer.json()["state"] == "REJECTED"
    over = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    assert over["cause"] == "withdrawn"


@pytest.mark.parametrize(
    ("who", "decision", "more", "status", "name"),
    [
        ("carol", "approve", {}, 403, "vote_excluded"),
        ("alice", "approve", {"reason": SHORT}, 422, "vote_reason"),
        ("alice", "amend", {"values": {"/refund/amount": "40.01"}}, 422, "vote_amendment"),
        ("alice", "amend", {"values": {"/refund/amount": "0.00"}}, 422, "vote_amendment"),
        ("alice", "amend", {"values": {"/refund/amount": "25.001"}}, 422, "vote_amendment"),
        ("alice", "amend", {"values": {"/refund/currency": "USD"}}, 422, "vote_amendment"),
        ("alice", "amend", {"values": {"/nothing": "1"}}, 422, "vote_amendment"),
        ("alice", "amend", {}, 422, "vote_amendment"),
        ("alice", "approve", {"values": {"/refund/amount": "1.00"}}, 422, "vote_amendment"),
        ("alice", "approve", {"shown": "0" * 64}, 409, "vote_shown"),
        ("alice", "approve", {"shown": "x"}, 400, "shown_missing"),
        ("alice", "agree", {}, 400, "decision_word"),
        ("alice", "approve", {"extra": 1}, 400, "body_members"),
        ("alice", "approve", {"reason": 7}, 400, "body_members"),
        ("alice", "retract", {}, 409, "vote_supersedes"),
        ("frank", "approve", {}, 401, "login_too_weak"),
    ],
)
def test_refused_decisions(
    world: Any, open_gate: dict[str, Any], who: str, decision: str, more: dict[str, Any],
    status: int, name: str,
) -> None:  # fmt: skip
    assert rule(world.decide(open_gate, who, decision, **more)) == (status, name)


@pytest.fixture(scope="module")
def open_gate(world: Any) -> Any:
    return world.waiting()


def test_errors_name_each_field(world: Any, open_gate: dict[str, Any]) -> None:
    answer = world.decide(
        open_gate, "alice", "amend", values={"/refund/amount": "41"}, reason=SHORT
    )
    errors = {one["pointer"]: one["message"] for one in answer.json()["errors"]}
    assert errors == {
        "/values/~1refund~1amount": "it must be more than 0.00 and at most 40.00"
        " (what was asked for)",
        "/reason": "the reason needs at least 20 characters; it has 9",
    }


def test_a_weak_login_is_told_what_is_missing(world: Any, open_gate: dict[str, Any]) -> None:
    answer = world.decide(open_gate, "frank", "approve")
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="mfa"' in challenge
    assert answer.json()["acr_values"] == "mfa"


def test_the_same_decision_again_is_the_same_vote(world: Any) -> None:
    view = world.waiting()
    first = world.decide(view, "alice", "approve").json()
    again = world.decide(view, "alice", "approve")
    assert again.status_code == 201
    assert again.json()["vote"] == first["vote"]
    folder = f"payments/{view['instance_id']}/votes"
    assert len(list(world.deployment.store.list(folder))) == 1


def test_a_token_that_voted_changes_no_vote(world: Any) -> None:
    view = world.waiting()
    world.decide(view, "alice", "approve")
    answer = world.decide(view, "alice", "reject")
    assert rule(answer) == (401, "token_replayed")
    assert 'max_age="0"' in answer.headers["www-authenticate"]
    fresh = sign_in(world.issuer, "gantral", "alice")
    changed = world.decide(view, None, "reject", token=fresh)
    assert (changed.status_code, changed.json()["state"]) == (201, "REJECTED")


def test_silence_is_rejection_for_a_late_vote_too(world: Any) -> None:
    view = world.waiting()
    world.clock.ahead = timedelta(hours=73)
    try:
        answer = world.decide(view, "alice", "approve")
    finally:
        world.clock.ahead = timedelta(0)
    # The token has expired by then as well: nothing is asked of it before that.
    assert rule(answer) == (401, "token_expired")


def test_what_was_refused_is_kept_signed_and_shown(world: Any) -> None:
    view = world.waiting()
    world.decide(view, "alice", "approve", reason=SHORT)
    world.decide(view, "carol", "approve")
    shown = world.ask("GET", f"/v1/instances/{view['instance_id']}", "alice").json()
    assert [one["rule"] for one in shown["refused"]] == ["vote_reason", "vote_excluded"]
    assert shown["refused"][1]["who"] == "carol"
    log = world.settings.need_evidence().drafts.path / "serve-refusals.jsonl"
    for line in log.read_bytes().splitlines():
        envelope = parse(line)
        from gantral.evidence.envelope import unwrap

        at = unwrap(envelope, "request-refusal").statement["timestamp"]
        open_envelope(
            envelope, "request-refusal", world.deployment.trust, "decision", "payments", at
        )


def test_the_inbox_tells_yours_from_others(world: Any) -> None:
    view = world.waiting()
    mine = view["instance_id"]

    def ids(who: str, part: str) -> list[str]:
        return [one["instance_id"] for one in world.inbox(mine, who)[part]]

    assert mine in ids("alice", "yours")
    assert mine in ids("carol", "others")
    world.decide(view, "alice", "approve")
    assert mine in ids("alice", "others")
    assert mine in ids("bob", "yours")


def test_who_has_nothing_to_do_with_it_sees_nothing(world: Any) -> None:
    view = world.waiting()
    path = f"/v1/instances/{view['instance_id']}"
    stranger = sign_in(world.issuer, "gantral", "stranger")
    answer = world.ask("GET", path, None, token=stranger)
    assert rule(answer) == (403, "not_yours_to_see")
    assert "Ana" not in answer.text
    listed = world.ask("GET", "/v1/instances", None, token=stranger).json()
    assert listed["instances"] == []


def test_no_answer_in_time_is_unknown_and_asking_again_is_safe(world: Any) -> None:
    view = world.waiting()
    gateway = world.deployment.gateway
    usual, gateway.limit = gateway.limit, timedelta(microseconds=1)
    try:
        answer = world.decide(view, "alice", "approve", tries=1)
        assert rule(answer) == (504, "unknown_ask_again")
        assert rule(world.start(order="silent")) == (504, "unknown_ask_again")
        assert rule(world.ask("GET", "/v1/inbox", "alice")) == (504, "unknown_ask_again")
    finally:
        gateway.limit = usual
    again = world.decide(view, "alice", "approve")
    assert (again.status_code, again.json()["status"]) == (201, "counted")
    folder = f"payments/{view['instance_id']}/votes"
    assert len(list(world.deployment.store.list(folder))) == 1
    assert world.start(order="silent").status_code == 201


def test_a_vote_that_reached_nobody_is_settled(world: Any) -> None:
    from gantral.api.sweeping import sweep

    view = world.waiting()
    gateway = world.deployment.gateway
    usual, gateway.limit = gateway.limit, timedelta(microseconds=1)
    try:
        world.decide(view, "alice", "approve", tries=1)
    finally:
        gateway.limit = usual
    world.decide(view, "dora", "reject")
    over = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    assert not [one for one in over["refused"] if one["rule"] == "late"]
    sweep(world.deployment)
    over = world.ask("GET", f"/v1/instances/{view['instance_id']}", "alice").json()
    assert [(one["rule"], one["who"]) for one in over["refused"]] == [
        ("unknown_ask_again", "alice"), ("late", "alice")
    ][1:]  # fmt: skip

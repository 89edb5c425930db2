"""Late, stale, taken back, at once, and without end: what of it counts, over HTTP and beside it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gantral.api import deciding
from gantral.api.sweeping import sweep
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder

REASON = "The parcel came broken, as the photos show."


def rule(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


def fresh(world: Any, who: str) -> str:
    token: str = world.token(who, fresh=True)
    return token


def keys(world: Any, view: dict[str, Any]) -> list[str]:
    return list(world.deployment.store.list(f"payments/{view['instance_id']}"))


async def _events(world: Any, view: dict[str, Any]) -> int:
    handle = world.client.get_workflow_handle(view["instance_id"])
    return len((await handle.fetch_history()).events)


def test_late_and_with_an_old_sign_in(world: Any) -> None:
    view = world.waiting(workflow="split")
    token = fresh(world, "alice")
    try:
        world.clock.ahead = timedelta(minutes=50)
        old = world.decide(view, None, "approve", token=token)
        assert rule(old) == (401, "login_too_old")
        assert 'max_age="2700"' in old.headers["www-authenticate"]
        world.clock.ahead = timedelta(minutes=57)
        assert rule(world.decide(view, None, "approve", token=token)) == (409, "vote_deadline")
        assert rule(world.decide(view, None, "reject", token=token)) == (409, "vote_deadline")
    finally:
        world.clock.ahead = timedelta(0)
    assert not [one for one in keys(world, view) if "/votes/" in one]
    shown = world.ask("GET", f"/v1/instances/{view['instance_id']}", "alice").json()["refused"]
    assert [one["rule"] for one in shown] == ["login_too_old", "vote_deadline", "vote_deadline"]


def test_early_and_of_another_gate(world: Any) -> None:
    started = world.start(workflow="claim").json()
    before = world.until(started["instance_id"], lambda one: one["awaiting"] is not None)
    other = world.waiting(workflow="gift")
    body = {"decision": "approve", "shown": other["waiting"]["shown"], "reason": REASON}
    path = f"/v1/instances/{before['instance_id']}/decisions"
    # No gate is open there yet; and once another is, this is a decision about something else.
    assert rule(world.ask("POST", path, "alice", json=body)) == (409, "not_waiting")
    third = world.waiting(workflow="gift")
    path = f"/v1/instances/{third['instance_id']}/decisions"
    assert rule(world.ask("POST", path, "alice", json=body)) == (409, "vote_shown")
    assert not [one for one in keys(world, third) if "/votes/" in one]


def test_a_vote_that_was_taken_back_is_not_given_again(world: Any) -> None:
    view = world.waiting(workflow="gift")
    first, second = fresh(world, "alice"), fresh(world, "alice")
    yes = world.decide(view, None, "approve", token=first).json()
    assert yes["status"] == "counted"
    assert world.decide(view, None, "retract", token=second).json()["status"] == "counted"
    # Whoever kept the sign-in of the yes gives no other with it, nor with that of the no.
    for token in (first, second):
        answer = world.decide(view, None, "approve", token=token)
        assert rule(answer) == (401, "token_replayed")
    # Nor does whoever can send updates: the vote was counted, and is not counted again.
    delivery = {
        "vote": yes["envelope"], "justification": REASON, "gate": "finance", "round": 1,
    }  # fmt: skip

    sealer = world.deployment.keys.of("payments", view["instance_id"])

    async def again() -> Any:
        handle = world.client.get_workflow_handle(view["instance_id"])
        return await handle.execute_update("decide", sealer.close("decide", delivery))

    assert world.run(again())["status"] == "counted"
    assert world.decide(view, "bob", "approve").json()["status"] == "counted"
    assert world.decide(view, None, "approve", token=fresh(world, "alice")).json()["state"] == (
        "APPROVED"
    )

    world.until(view["instance_id"], lambda one: one["state"] == "COMPLETED")


def test_two_decisions_of_one_person_at_once(world: Any, tmp_path: Path) -> None:
    view = world.waiting(workflow="gift")
    tokens = {"approve": fresh(world, "alice"), "reject": fresh(world, "alice")}
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda said: world.decide(view, None, said, token=tokens[said]), tokens)
        )
    assert any(answer.status_code == 201 for answer in answers), [a.text for a in answers]
    for answer in answers:
        if answer.status_code != 201:
            assert answer.json()["rule"] in (
                "vote_supersedes", "vote_decided", "not_waiting", "vote_shown",
            )  # fmt: skip
    now = world.ask("GET", f"/v1/instances/{view['instance_id']}", "alice").json()
    if now["waiting"] is not None:
        assert world.decide(view, "dora", "reject").status_code == 201
    world.until(view["instance_id"], lambda one: one["state"] == "REJECTED")
    sweep(world.deployment)
    export_instance(world.deployment.store, "payments", view["instance_id"], tmp_path / "out")
    assert verify_folder(tmp_path / "out", world.deployment.trust).findings == ()


def test_hundreds_of_refused_votes_leave_no_trace_in_run_and_evidence(world: Any) -> None:
    view = world.waiting(workflow="gift")
    # What the store tells first, the run hears a moment later.
    heard = -1
    while (now := world.run(_events(world, view))) != heard:
        heard = now
        time.sleep(0.5)
    before = keys(world, view), heard
    wrong = [
        ("carol", "approve", {}),
        ("alice", "approve", {"reason": "no"}),
        ("alice", "amend", {"values": {"/refund/amount": "41.00"}}),
        ("frank", "approve", {}),
        ("bob", "approve", {"shown": "0" * 64}),
    ]
    for number in range(105):
        who, said, more = wrong[number % len(wrong)]
        assert world.decide(view, who, said, **more).status_code in (401, 403, 409, 422)
    assert (keys(world, view), world.run(_events(world, view))) == before
    shown = world.ask("GET", f"/v1/instances/{view['instance_id']}", "alice").json()
    assert len(shown["refused"]) == 100
    # And a decision is as good as ever.
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"


def test_who_votes_without_end_is_stopped_before_it_is_put(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = world.waiting(workflow="gift")
    monkeypatch.setattr(deciding, "VOTES_EACH", 3)
    for said in ("approve", "retract", "approve"):
        answer = world.decide(view, None, said, token=fresh(world, "alice"))
        assert answer.status_code == 201, answer.text
    before = keys(world, view)
    for said in ("retract", "approve", "amend"):
        more = {"values": {"/refund/amount": "30.00"}} if said == "amend" else {}
        answer = world.decide(view, None, said, token=fresh(world, "alice"), **more)
        # The same yes again is the same vote, however often.
        wanted = (409, "vote_room") if said != "approve" else (201, None)
        assert (answer.status_code, answer.json().get("rule")) == wanted
    assert keys(world, view) == before
    # There is always room for a no.
    no = world.decide(view, None, "reject", token=fresh(world, "alice"))
    assert no.json()["state"] == "REJECTED"

"""An answer is lost after the decision was taken: the store tells what was decided, and the same
decision sent again gets the receipt of the same vote."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from gantral.api import deciding
from gantral.api.problems import unknown
from gantral.api.sweeping import settle, sweep
from gantral.api.temporal import Rejected
from gantral.evidence import LocalStore, StoreError
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder


def votes(world: Any, view: dict[str, Any]) -> list[str]:
    return sorted(world.deployment.store.list(f"payments/{view['instance_id']}/votes"))


def over(world: Any, view: dict[str, Any]) -> None:
    world.until(view["instance_id"], lambda one: one["waiting"] is None)


def test_a_decision_sent_again_after_its_gate_is_over(world: Any) -> None:
    view = world.waiting()
    first = world.decide(view, "alice", "approve").json()
    decided = world.decide(view, "bob", "approve").json()
    over(world, view)
    for who, receipt in (("bob", decided), ("alice", {**first, **_decided("APPROVED")})):
        again = world.decide(view, who, "approve")
        assert (again.status_code, again.json()) == (201, receipt)
    # Another decision than the one that was counted is late, whoever sends it.
    for who, choice in (("alice", "reject"), ("dora", "approve")):
        late = world.decide(view, who, choice)
        assert (late.status_code, late.json()["rule"]) == (409, "not_waiting")
    assert len(votes(world, view)) == 2


def _decided(state: str) -> dict[str, str]:
    return {"status": "decided", "state": state}


def test_a_withdrawal_sent_again(world: Any) -> None:
    view = world.waiting()
    path = f"/v1/instances/{view['instance_id']}/withdrawal"
    first = world.ask("POST", path, "carol", json={"reason": "found it"})
    over(world, view)
    again = world.ask("POST", path, "carol", json={"reason": "found it"})
    assert (again.status_code, again.json()) == (201, first.json())
    for who, reason in (("carol", "lost it"), ("alice", "found it")):
        other = world.ask("POST", path, who, json={"reason": reason})
        assert (other.status_code, other.json()["rule"]) == (409, "not_waiting")


@pytest.mark.parametrize(
    "instead", [unknown("whether it was counted"), Rejected("instance_ended", "it is over")]
)
def test_what_the_store_holds_is_decided_whatever_was_answered(
    world: Any, monkeypatch: pytest.MonkeyPatch, instead: Any
) -> None:
    gateway = world.deployment.gateway
    usual = gateway.decide

    async def lost(*words: Any) -> Any:
        await usual(*words)
        if isinstance(instead, Exception):
            raise instead
        return instead

    view = world.waiting()
    monkeypatch.setattr(gateway, "decide", lost)
    answer = world.decide(view, "dora", "approve", tries=1)
    assert (answer.status_code, answer.json()["state"]) == (201, "APPROVED")
    (vote,) = votes(world, view)
    assert vote.endswith(f"{answer.json()['vote']}.json")


def test_a_run_that_has_not_heard_of_its_gate_refuses_nobody(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(*_: Any) -> Rejected:
        return Rejected("gate", "no gate is open")

    view = world.waiting()
    with monkeypatch.context() as patch:
        patch.setattr(world.deployment.gateway, "decide", deaf)
        patch.setattr(deciding, "_PAUSES", (0.0, 0.0))
        answer = world.decide(view, "dora", "approve", tries=1)
        assert (answer.status_code, answer.json()["rule"]) == (504, "unknown_ask_again")
    (vote,) = votes(world, view)
    again = world.decide(view, "dora", "approve")
    assert (again.status_code, again.json()["state"]) == (201, "APPROVED")
    assert votes(world, view) == [vote]


def test_the_sweep_leaves_a_vote_whose_gate_it_has_not_read(world: Any) -> None:
    view = world.waiting()
    world.decide(view, "alice", "approve")
    story = world.deployment.library.story(view["instance_id"])
    before = dataclasses.replace(story, commits=story.commits[:1], waiting=None)
    settle(world.deployment, before)
    assert len(votes(world, view)) == 1
    assert world.decide(view, "bob", "approve").json()["state"] == "APPROVED"


@pytest.mark.parametrize("cut", ["/texts/", "/votes/"])
def test_a_vote_that_was_cut_off_between_its_puts_is_cast_again(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cut: str
) -> None:
    view = world.waiting()
    put = LocalStore.put

    def cut_off(store: LocalStore, key: str, data: bytes) -> None:
        if cut in key:
            raise StoreError("the process was killed here")
        put(store, key, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put", cut_off)
        assert world.decide(view, "dora", "approve").status_code == 503
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
    world.until(view["instance_id"], lambda one: one["state"] == "COMPLETED")
    export_instance(world.deployment.store, "payments", view["instance_id"], tmp_path / "out")
    report = verify_folder(tmp_path / "out", world.deployment.trust)
    assert (report.verdict, report.findings) == ("VALID", ())


def test_a_vote_that_comes_to_lie_there_after_its_instance_was_tidied_is_settled(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    view = world.waiting()
    usual, on_its_way, go_on = deciding._put, Event(), Event()

    def slow(*words: Any) -> Any:
        on_its_way.set()
        go_on.wait(60)
        return usual(*words)

    async def silent(*_: Any) -> Any:
        raise unknown("whether it was counted")

    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patch:
        patch.setattr(deciding, "_put", slow)
        late = pool.submit(world.decide, view, "alice", "approve", 1)
        on_its_way.wait(60)
        patch.setattr(deciding, "_put", usual)
        world.decide(view, "dora", "reject")
        over(world, view)
        sweep(world.deployment)
        patch.setattr(world.deployment.gateway, "decide", silent)
        go_on.set()
        assert late.result().status_code == 504
    assert len(votes(world, view)) == 2
    sweep(world.deployment)
    assert [one for one in votes(world, view) if one.endswith(".refusal.json")]
    export_instance(world.deployment.store, "payments", view["instance_id"], tmp_path / "out")
    report = verify_folder(tmp_path / "out", world.deployment.trust)
    assert (report.verdict, report.findings) == ("VALID", ())
    # When no request can be under way any more, the draft goes.
    draft = f"payments/{view['instance_id']}/start.json"
    assert world.deployment.drafts.get(draft) is not None
    world.clock.ahead = timedelta(minutes=6)
    try:
        sweep(world.deployment)
    finally:
        world.clock.ahead = timedelta(0)
    assert world.deployment.drafts.get(draft) is None

"""Events over HTTP: who may send, what is told, what is refused, and by which rule (ADR 0120)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gantral.api.problems import unknown
from gantral.cli.main import main
from gantral.evidence.envelope import unwrap
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder

PROOF = {"photo": "a.jpg", "by": "bob"}


def awaiting(world: Any) -> dict[str, Any]:
    """A claim that waits for its first event."""
    started = world.start(workflow="claim")
    assert started.status_code == 201, started.text
    found: dict[str, Any] = world.until(
        started.json()["instance_id"], lambda view: view["awaiting"]
    )
    return found


def send(world: Any, view: dict[str, Any], who: str, event: str, **more: Any) -> Any:
    path = f"/v1/instances/{view['instance_id']}/events"
    for _ in range(5):
        answer = world.ask("POST", path, who, json={"event": event, **more})
        if answer.status_code != 504:
            break
    return answer


def rule(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


def test_it_says_what_it_waits_for_and_takes_it(world: Any, tmp_path: Path) -> None:
    view = awaiting(world)
    (wait,) = view["awaiting"]
    assert (view["waiting"], wait["wait"]) == (None, "wait/1")
    assert wait["events"] == [
        {"event": "hurry", "from": ["initiator", "finance_director"], "yours": False},
        {"event": "proof", "from": ["initiator"], "yours": False},
    ]
    mine = world.ask("GET", f"/v1/instances/{view['instance_id']}", "carol").json()["awaiting"][0]
    assert [one["yours"] for one in mine["events"]] == [True, True]
    inbox = world.inbox(view["instance_id"], "dora")["events"]
    entry = next(one for one in inbox if one["instance_id"] == view["instance_id"])
    assert (entry["events"], entry["deadline"]) == (["hurry", "proof"], wait["deadline"])
    assert entry["yours"]

    body = {"data": {**PROOF, "note": "broken"}, "shown": wait["shown"]}
    taken = send(world, view, "carol", "proof", **body)
    assert taken.status_code == 201, taken.text
    receipt = taken.json()
    assert (receipt["event"], receipt["wait"], receipt["status"]) == ("proof", "wait/1", "taken")
    # Sent again, as after an answer that was lost, it is the same event.
    assert send(world, view, "carol", "proof", **body).json() == receipt
    assert rule(send(world, view, "carol", "proof", **{**body, "data": PROOF})) == (
        409,
        "event_not_awaited",
    )
    second = world.until(
        view["instance_id"], lambda one: [each["wait"] for each in one["awaiting"]] == ["wait/2"]
    )
    assert second["events"] == [
        {"event": "proof", "wait": "wait/1", "who": "carol", "at": receipt["taken_at"]}
    ]
    assert rule(send(world, view, "carol", "proof", data=PROOF)) == (409, "event_not_awaited")
    assert send(world, view, "dora", "hurry").status_code == 201
    open_gate = world.until(view["instance_id"], lambda one: one["waiting"] is not None)
    assert open_gate["awaiting"] == []
    assert rule(send(world, view, "dora", "hurry")) == (409, "event_not_awaited")
    assert world.decide(open_gate, "dora", "approve").status_code == 201
    world.until(view["instance_id"], lambda one: one["state"] == "COMPLETED")
    store = world.deployment.store
    export_instance(store, "payments", view["instance_id"], tmp_path / "out")
    assert verify_folder(tmp_path / "out", world.deployment.trust).findings == ()


def test_who_may_not_send_and_what_is_none(world: Any) -> None:
    view = awaiting(world)
    assert rule(send(world, view, "alice", "hurry")) == (403, "event_sender")
    assert rule(send(world, view, "dora", "proof", data=PROOF)) == (403, "event_sender")
    assert rule(send(world, view, "carol", "party")) == (404, "no_such_event")
    assert rule(send(world, view, "carol", "proof", data={})) == (422, "event_refused")
    wrong = send(world, view, "carol", "proof", data={**PROOF, "photo": "x" * 41, "more": 1})
    assert {one["pointer"] for one in wrong.json()["errors"]} == {"/data/photo", "/data/more"}
    large = {**PROOF, "note": "x" * (70 * 1024)}
    assert rule(send(world, view, "carol", "proof", data=large)) == (413, "event_too_large")
    assert rule(send(world, view, "carol", "hurry", shown="x")) == (400, "shown_malformed")
    assert rule(send(world, view, "carol", "hurry", shown="ab" * 32)) == (409, "event_not_awaited")
    assert rule(send(world, view, "carol", "hurry", more=1)) == (400, "body_members")
    path = f"/v1/instances/{view['instance_id']}/events"
    assert rule(world.ask("POST", path, None, json={"event": "hurry"})) == (401, "token_missing")
    nowhere = "/v1/instances/0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11/events"
    assert rule(world.ask("POST", nowhere, "carol", json={"event": "hurry"})) == (
        404,
        "no_such_instance",
    )
    refused = world.ask("GET", f"/v1/instances/{view['instance_id']}", "carol").json()["refused"]
    assert {"event_sender", "event_refused", "event_not_awaited"} <= {
        one["rule"] for one in refused
    }
    # Nothing of all this is in evidence, and a refund waits for no event at all.
    keys = [*world.deployment.store.list(f"payments/{view['instance_id']}/commits")]
    assert len(keys) == 2
    other = world.waiting()
    assert rule(send(world, other, "carol", "hurry")) == (404, "no_such_event")


def test_the_store_tells_what_was_taken_when_the_answer_is_lost(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = awaiting(world)
    gateway = type(world.deployment.gateway)
    real = gateway.send

    async def lost(self: Any, *given: Any) -> Any:
        await real(self, *given)
        raise unknown("whether the event was taken")

    monkeypatch.setattr(gateway, "send", lost)
    answer = send(world, view, "carol", "hurry", shown=view["awaiting"][0]["shown"])
    assert answer.status_code == 201, answer.text
    sealed = unwrap(answer.json()["envelope"], "event").statement
    assert sealed["wait_commit_hash"] == view["awaiting"][0]["shown"]


def test_a_silent_server_is_no_refusal(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    view = awaiting(world)

    async def silent(*given: Any) -> Any:
        raise unknown("whether the event was taken")

    monkeypatch.setattr(type(world.deployment.gateway), "send", silent)
    path = f"/v1/instances/{view['instance_id']}/events"
    answer = world.ask("POST", path, "carol", json={"event": "hurry"})
    assert rule(answer) == (504, "unknown_ask_again")


def test_the_page_says_what_it_waits_for(world: Any) -> None:
    view = awaiting(world)
    browser = httpx.Client(base_url=world.url, trust_env=False, timeout=20)
    location = browser.get("/sign-in?back=/").headers["location"]
    signed = httpx.post(location, data={"sub": "carol"}, trust_env=False)
    back = urlsplit(signed.headers["location"])
    assert browser.get(f"{back.path}?{back.query}").status_code == 200
    shown = browser.get(f"/instances/{view['instance_id']}").text
    assert "It waits for an event" in shown
    assert f"gantral send {view['instance_id'][:8]} proof" in shown
    listed = browser.get("/").text
    assert "Waiting for an event" in listed
    assert f'href="/instances/{view["instance_id"]}"' in listed


def test_send_from_the_command_line(
    world: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GANTRAL_SERVER", world.url)
    monkeypatch.setenv("GANTRAL_TOKEN", world.token("carol"))
    view = awaiting(world)
    short = view["instance_id"][:13]
    assert main(["show", short]) == 0
    told = capsys.readouterr().out
    assert "waits for an event, at wait/1" in told
    assert "  proof, sent by initiator" in told
    assert "you may send it: gantral send … hurry | proof" in told
    world.inbox(view["instance_id"], "carol")
    assert main(["list", "--inbox"]) == 0
    assert "waiting for an event: " in capsys.readouterr().out
    assert main(["send", short, "proof"]) == 1
    assert "[event_refused]" in capsys.readouterr().err
    data = tmp_path / "proof.json"
    data.write_text(json.dumps(PROOF), "utf-8")
    assert main(["send", short, "proof", "--data", str(data)]) == 0
    assert "proof was taken at wait/1" in capsys.readouterr().out
    world.until(view["instance_id"], lambda one: len(one["events"]) == 1)
    assert main(["show", short]) == 0
    assert "event proof at wait/1 by carol" in capsys.readouterr().out

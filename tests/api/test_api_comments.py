"""Comments over HTTP, the page and the command: they ask, and never decide (ADR 0180)."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gantral.api import commenting
from gantral.cli.main import main
from gantral.cli.tools.personas import sign_in
from gantral.evidence import LocalStore, SigningKey
from gantral.evidence.envelope import unwrap
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder

QUESTION = "Is the parcel back?\nI see no scan."


def say(world: Any, view: dict[str, Any], who: str | None, text: Any, **more: Any) -> Any:
    token = more.pop("token", None)
    path = f"/v1/instances/{view['instance_id']}/comments"
    return world.ask("POST", path, who, json={"text": text, **more}, token=token)


def rule(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


def seen(world: Any, view: dict[str, Any], who: str = "alice") -> dict[str, Any]:
    found: dict[str, Any] = world.ask("GET", f"/v1/instances/{view['instance_id']}", who).json()
    return found


@pytest.fixture(scope="module")
def open_gate(world: Any) -> Any:
    return world.waiting(workflow="gift")


async def _length(world: Any, instance: str) -> int:
    handle = world.client.get_workflow_handle(instance)
    return len((await handle.fetch_history()).events)


def test_a_question_is_asked_answered_and_decides_nothing(
    world: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    view = world.waiting(workflow="gift")
    instance = view["instance_id"]
    # Listed as waiting: its run has nothing left to write down (the evidence is there before).
    world.inbox(instance, "alice")
    before = world.run(_length(world, instance))
    words = ["--server", world.url, "--as", "alice"]
    assert main(["comment", instance[:13], "--text", QUESTION, *words]) == 0
    assert "it decides nothing" in capsys.readouterr().out
    # Whoever asked for it may answer, and may not decide.
    answer = say(world, view, "carol", "It is, since Monday.", shown=view["waiting"]["shown"])
    assert answer.status_code == 201, answer.text
    assert (answer.json()["gate"], answer.json()["round"], answer.json()["number"]) == (
        "finance", 1, 2,
    )  # fmt: skip
    said = seen(world, view)["comments"]
    assert [(one["who"], one["text"], one["gate"], one["round"]) for one in said] == [
        ("alice", QUESTION, "finance", 1), ("carol", "It is, since Monday.", "finance", 1),
    ]  # fmt: skip
    assert seen(world, view)["waiting"]["votes"] == []
    assert main(["show", instance, *words]) == 0
    shown = capsys.readouterr().out
    assert "alice at finance 1: Is the parcel back?\n    I see no scan." in shown
    assert "carol at finance 1: It is, since Monday." in shown
    inbox = world.inbox(instance, "alice")["yours"]
    assert [one["comments"] for one in inbox if one["instance_id"] == instance] == [2]
    assert main(["list", "--inbox", *words]) == 0
    assert "(2 said)" in capsys.readouterr().out
    assert world.run(_length(world, instance)) == before

    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
    world.until(instance, lambda one: one["state"] == "COMPLETED")
    assert rule(say(world, view, "alice", "Too late?")) == (409, "not_waiting")
    assert len(seen(world, view)["comments"]) == 2
    # No evidence: the folder is as closed as it was.
    export_instance(world.deployment.store, "payments", instance, tmp_path / "out")
    assert verify_folder(tmp_path / "out", world.deployment.trust).findings == ()
    assert not [one for one in (tmp_path / "out").rglob("*") if b"Monday" in _bytes(one)]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize(
    ("who", "body", "status", "name"),
    [
        ("alice", {"text": ""}, 422, "comment_text"),
        ("alice", {"text": " \n"}, 422, "comment_text"),
        ("alice", {"text": "x" * 2001}, 422, "comment_text"),
        ("alice", {"text": "bell\a"}, 422, "comment_text"),
        ("alice", {"text": 7}, 400, "body_members"),
        ("alice", {}, 400, "body_members"),
        ("alice", {"text": "x", "more": 1}, 400, "body_members"),
        ("alice", {"text": "x", "shown": "x"}, 400, "shown_malformed"),
        ("alice", {"text": "x", "shown": "0" * 64}, 409, "comment_shown"),
        (None, {"text": "x"}, 401, "token_missing"),
    ],
)
def test_refused_comments(
    world: Any, open_gate: dict[str, Any], who: str | None, body: Any, status: int, name: str
) -> None:
    path = f"/v1/instances/{open_gate['instance_id']}/comments"
    assert rule(world.ask("POST", path, who, json=body)) == (status, name)
    assert seen(world, open_gate)["comments"] == []


def test_a_stranger_says_nothing_here(world: Any, open_gate: dict[str, Any]) -> None:
    stranger = sign_in(world.issuer, "gantral", "stranger")
    answer = say(world, open_gate, None, "let me in", token=stranger)
    assert rule(answer) == (403, "not_yours_to_see")
    nowhere = {"instance_id": "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"}
    assert rule(say(world, nowhere, "alice", "x")) == (404, "no_such_instance")
    assert {"not_yours_to_see"} <= {one["rule"] for one in seen(world, open_gate)["refused"]}


def test_sent_again_it_is_one_and_there_is_an_end_to_it(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = world.waiting(workflow="gift")
    first = say(world, view, "alice", "Why?").json()
    assert say(world, view, "alice", " Why? ").json() == first
    monkeypatch.setattr(commenting, "MOST_EACH", 3)
    for text in ("Really?", "Why?"):
        assert say(world, view, "alice", text).status_code == 201
    assert rule(say(world, view, "alice", "Once more")) == (409, "comment_room")
    monkeypatch.setattr(commenting, "MOST", 4)
    assert say(world, view, "bob", "And I?").json()["number"] == 4
    assert rule(say(world, view, "dora", "Me too")) == (409, "comment_room")
    texts = [one["text"] for one in seen(world, view)["comments"]]
    assert texts == ["Why?", "Really?", "Why?", "And I?"]
    # A decision is possible all the same.
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"


def test_what_serve_did_not_seal_for_that_place_is_not_shown(world: Any) -> None:
    view = world.waiting(workflow="gift")
    other = world.waiting(workflow="gift")
    assert say(world, view, "alice", "Mine").status_code == 201
    drafts: Path = world.settings.need_evidence().drafts.path / "payments"
    mine = drafts / view["instance_id"] / "comments" / "finance-1-1.json"
    sealed = json.loads(mine.read_bytes())
    assert unwrap(sealed, "comment").statement["text"] == "Mine"
    # Another number, another instance, another key, and no envelope at all.
    shutil.copy(mine, mine.with_name("finance-1-2.json"))
    there = drafts / other["instance_id"] / "comments"
    there.mkdir()
    shutil.copy(mine, there / "finance-1-1.json")
    from gantral.api.comments import Comment, Comments

    forged = Comments(
        LocalStore(drafts.parent, deletable=True), world.deployment.trust, SigningKey.generate()
    )
    at = "2026-11-26T10:00:00.000Z"
    said = Comment("finance", "1", 3, "actor:" + "0" * 32, "dora", "Say yes", at)
    assert forged.put("payments", view["instance_id"], said)
    mine.with_name("finance-1-4.json").write_bytes(b"{}")
    assert [one["text"] for one in seen(world, view)["comments"]] == ["Mine"]
    assert seen(world, other)["comments"] == []
    # A number that something foreign lies at is passed over.
    assert say(world, view, "bob", "And mine").json()["number"] == 5


def browser_of(world: Any, who: str) -> httpx.Client:
    browser = httpx.Client(base_url=world.url, trust_env=False, timeout=20)
    location = browser.get("/sign-in?back=/").headers["location"]
    back = urlsplit(httpx.post(location, data={"sub": who}, trust_env=False).headers["location"])
    assert browser.get(f"{back.path}?{back.query}").status_code == 200
    return browser


def test_the_page_asks_and_shows(world: Any) -> None:
    view = world.waiting(workflow="gift")
    browser = browser_of(world, "alice")
    place = f"/instances/{view['instance_id']}"
    html = browser.get(place).text
    assert "Ask or say something" in html
    token = re.search(r'name="token" value="([^"]+)"', html.split(f'{place}/comment"')[1])
    assert token is not None
    form = {"token": token[1], "shown": view["waiting"]["shown"], "text": "<b>Why?</b>"}
    answer = browser.post(f"{place}/comment", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{place}#said")
    assert "&lt;b&gt;Why?&lt;/b&gt;" in browser.get(place).text
    empty = browser.post(f"{place}/comment", data={**form, "text": ""})
    assert empty.status_code == 422
    assert "A comment says something." in empty.text
    assert browser.post(f"{place}/comment", data={**form, "token": "x"}).status_code == 403
    assert "· 1 comment<" in browser.get("/").text

"""Start again from an instance that ended: its input with changes, and a link in evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gantral.api.again import merged
from gantral.cli.main import main
from gantral.cli.tools.personas import sign_in
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder

MORE = {
    "parts": [{"amount": "1.00", "currency": "EUR"}, {"amount": "2.50", "currency": "USD"}],
    "none": [],
    "sure": True,
    "count": -3,
    "extra": {"b": None, "a": [1, "x", False]},
}


def rule(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


def again(world: Any, who: str, origin: str, changes: Any = None, **more: Any) -> Any:
    body = {"from": origin} if changes is None else {"from": origin, "input": changes}
    return world.ask("POST", "/v1/instances", who, json=body, **more)


def ended(world: Any, who: str = "alice", **more: Any) -> dict[str, Any]:
    """An instance that somebody rejected."""
    view = world.waiting(**more)
    assert world.decide(view, who, "reject").json()["state"] == "REJECTED"
    over: dict[str, Any] = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    return over


def terminated(world: Any, instance: str) -> dict[str, Any]:
    """The claim, after it was told that there is no photo."""
    world.until(instance, lambda one: one["awaiting"] is not None)
    proof = {"event": "proof", "data": {"photo": "none", "by": "bob"}}
    answer = world.ask("POST", f"/v1/instances/{instance}/events", "carol", json=proof)
    assert answer.status_code == 201, answer.text
    over: dict[str, Any] = world.until(instance, lambda one: one["state"] == "TERMINATED")
    return over


@pytest.fixture(scope="module")
def over(world: Any) -> dict[str, Any]:
    return ended(world, workflow="gift")


def test_it_starts_again_with_a_change_and_says_from_where(
    world: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = ended(world, order="from-1")
    (tmp_path / "less.json").write_text('{"refund": {"amount": "30"}}')
    words = ["--server", world.url, "--as", "carol"]
    short = first["instance_id"][:13]
    more = ["--input", str(tmp_path / "less.json"), "--output-format", "json"]
    assert main(["start", "--from", short, *more, *words]) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert (receipt["workflow"], receipt["instance_id"] != first["instance_id"]) == ("refund", True)
    view = world.until(receipt["instance_id"], lambda one: one["waiting"] is not None)
    assert view["started_from"] == first["instance_id"]
    assert first["started_from"] == "none"
    assert view["input"] == {**first["input"], "refund/amount": "30.00"}
    assert main(["show", receipt["instance_id"], *words]) == 0
    assert f"started from {first['instance_id']}" in capsys.readouterr().out
    # The same key is taken now: whoever comes second is told of it.
    assert rule(again(world, "carol", first["instance_id"])) == (409, "already_started")

    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"
    world.until(receipt["instance_id"], lambda one: one["state"] == "COMPLETED")
    story = world.deployment.library.story(receipt["instance_id"])
    assert story.submission["started_from"] == {
        "instance_id": first["instance_id"],
        "artifact_hash": first["history"][-1]["artifact_hash"],
    }
    export_instance(world.deployment.store, "payments", story.instance_id, tmp_path / "out")
    assert verify_folder(tmp_path / "out", world.deployment.trust).findings == ()


def test_every_kind_of_value_comes_back_as_it_was(world: Any) -> None:
    started = world.start(workflow="claim", plus={"witness": "dora", "more": MORE}).json()
    view = terminated(world, started["instance_id"])
    # Evidence holds dora's actor id, and no name of hers, for she did nothing there.
    refused = again(world, "carol", started["instance_id"])
    assert rule(refused) == (422, "from_person")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/input/witness"]
    second = again(world, "carol", started["instance_id"], {"witness": "dora"})
    assert second.status_code == 201, second.text
    there = world.until(second.json()["instance_id"], lambda one: one["awaiting"] is not None)
    assert there["input"] == view["input"]
    # Of the person who asks, it is known.
    changes = {"witness": "carol", "more": None}
    third = again(world, "carol", started["instance_id"], changes).json()["instance_id"]
    assert terminated(world, third)["input"]["more"] == "not given"
    assert again(world, "carol", third).status_code == 201


def test_who_may_and_from_what(world: Any, over: dict[str, Any]) -> None:
    origin = over["instance_id"]
    stranger = sign_in(world.issuer, "gantral", "stranger")
    assert rule(again(world, None, origin, token=stranger)) == (  # type: ignore[arg-type]
        403,
        "not_yours_to_see",
    )
    assert rule(again(world, "alice", origin)) == (403, "start_not_allowed")
    nowhere = "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
    assert rule(again(world, "carol", nowhere)) == (404, "no_such_instance")
    assert rule(again(world, "carol", 7)) == (404, "no_such_instance")  # type: ignore[arg-type]
    wrong = again(world, "carol", origin, {"refund": {"amount": "x"}, "extra": 1, "reason": None})
    assert rule(wrong) == (422, "input_refused")
    assert {one["pointer"] for one in wrong.json()["errors"]} == {
        "/input/refund/amount", "/input/extra", "/input/reason",
    }  # fmt: skip
    both = {"from": origin, "workflow": "gift", "input": {}}
    assert rule(world.ask("POST", "/v1/instances", "carol", json=both)) == (400, "body_members")
    waiting = world.waiting(workflow="gift")
    assert rule(again(world, "carol", waiting["instance_id"])) == (409, "from_open")


def test_nothing_from_a_child_or_from_erased_texts(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = ended(world, workflow="gift")
    story = world.deployment.library.story(over["instance_id"])
    child = replace(story, submission={**story.submission, "parent_artifact_hash": "ab" * 32})
    monkeypatch.setattr(type(world.deployment.library), "story", lambda *_: child)
    assert rule(again(world, "carol", over["instance_id"])) == (409, "from_child")
    monkeypatch.undo()
    leaf = dict(story.commits[0]["context"])["/input/reason"]
    world.deployment.store.delete(f"payments/{over['instance_id']}/texts/{leaf}.json")
    refused = again(world, "carol", over["instance_id"], {"reason": "another"})
    assert rule(refused) == (409, "from_erased")
    assert "/input/reason" in refused.json()["title"]


def test_one_key_is_one_start_from_one_instance(world: Any, over: dict[str, Any]) -> None:
    key = {"headers": {"idempotency-key": "again-and-again"}}
    first = again(world, "carol", over["instance_id"], **key)
    world.until(first.json()["instance_id"], lambda one: one["waiting"] is not None)
    assert again(world, "carol", over["instance_id"], **key).json() == first.json()
    # The same input, and from nowhere: another start.
    story = world.deployment.library.story(over["instance_id"])
    values = {path: story.texts[leaf] for path, leaf in story.commits[0]["context"]}
    given = {
        "order_id": values["/input/order_id"],
        "reason": values["/input/reason"],
        "refund": {name: values[f"/input/refund/{name}"] for name in ("amount", "currency")},
    }
    body = {"workflow": "gift", "input": given}
    refused = world.ask("POST", "/v1/instances", "carol", json=body, **key)
    assert rule(refused) == (409, "idempotency_reused")


@pytest.mark.parametrize(
    ("value", "changes", "gives"),
    [
        ({"b": {"c": 2, "d": 3}}, {"b": {"c": None, "e": 4}}, {"b": {"d": 3, "e": 4}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"b": {"c": None}}, {"a": 1, "b": {}}),
        ({"a": 1}, ["b"], ["b"]),
        ({"a": 1}, {}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_change_is_a_merge_patch(value: Any, changes: Any, gives: Any) -> None:
    assert merged(value, changes) == gives


def test_the_command_wants_one_of_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", "refund", "--from", "ab", "--input", "-"]) == 64
    assert main(["start"]) == 64
    assert main(["start", "refund"]) == 64
    assert "say --input FILE" in capsys.readouterr().err

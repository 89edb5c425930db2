"""Start, look, decide over HTTP, against the real servers."""

from __future__ import annotations

from typing import Any


def test_two_managers_approve(world: Any) -> None:
    view = world.waiting()
    assert view["title"] == "Refund 40.00 EUR to Ana Ruiz"
    first = world.decide(view, "alice", "approve")
    assert first.status_code == 201, first.text
    assert first.json()["status"] == "counted"
    second = world.decide(view, "bob", "approve")
    assert second.status_code == 201, second.text
    assert (second.json()["status"], second.json()["state"]) == ("decided", "APPROVED")
    view = world.until(view["instance_id"], lambda one: one["waiting"] is None)
    assert [one["state"] for one in view["history"]][2:] == [
        "WAITING_FOR_HUMAN", "APPROVED", "RESUMED", "RUNNING"
    ]  # fmt: skip

"""What is told of a gate, when, to whom, and what never is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from receivers import INSTANCE, Place, receiving, signed, webhook

OPENED = "2026-11-23T10:00:02.000Z"
BEFORE_REMIND = "2026-11-23T18:00:00.500Z"
REMINDED = "2026-11-23T18:00:01.004Z"
WIDENED = "2026-11-24T10:00:01.004Z"


def later(instant: str, **more: float) -> str:
    return (datetime.fromisoformat(instant) + timedelta(**more)).astimezone(UTC).isoformat()


def test_an_opened_gate_is_told_once_and_signed(tmp_path: Path) -> None:
    with receiving() as hook:
        place = Place(tmp_path, "approved", 2, webhook(hook.url))
        place.tell(OPENED, lambda: place.states() == {"sent": 1})
        # Another life of the process: what was recorded is not told again.
        place.outbox.close()
        place.commit(3)
        place.tell(later(OPENED, hours=1), lambda: place.states() == {"sent": 2})
    assert hook.kinds == ["gate.opened", "gate.decided"]
    assert all(signed(*one) for one in hook.took)
    said = json.loads(hook.took[0][1])
    assert said["timestamp"] == "2026-11-23T10:00:01.004Z"
    assert said["data"] == {
        "instance_id": INSTANCE,
        "team": "payments",
        "workflow": "refund",
        "gate": "finance",
        "round": "1",
        "title": "Refund 40.00",
        "deciders": ["finance_director", "finance_manager"],
        "deadline": "2026-11-26T10:00:01.004Z",
        "state": "WAITING_FOR_HUMAN",
        "cause": "none",
        "url": f"https://gates.example/instances/{INSTANCE}",
    }


def test_a_reminder_and_a_widening_come_at_their_instants(tmp_path: Path) -> None:
    with receiving() as hook:
        place = Place(tmp_path, "timed_out", 2, webhook(hook.url, more='give_up = "168h"'))
        place.tell(later(OPENED, hours=7), lambda: place.states() == {"sent": 1})
        assert hook.kinds == ["gate.opened"]
        place.tell(REMINDED, lambda: place.states() == {"sent": 2})
        place.tell(WIDENED, lambda: place.states() == {"sent": 3})
        place.commit(3)
        place.tell("2026-11-26T10:05:00.000Z", lambda: place.states() == {"sent": 5})
    assert hook.kinds[:3] == ["gate.opened", "gate.reminded", "gate.widened"]
    assert sorted(hook.kinds[3:]) == ["gate.decided", "instance.ended"]
    decided = next(json.loads(body) for _, body in hook.took if b"gate.decided" in body)
    assert (decided["data"]["state"], decided["data"]["cause"]) == ("REJECTED", "deadline")


def test_a_gate_decided_before_its_reminder_reminds_nobody(tmp_path: Path) -> None:
    with receiving() as hook:
        place = Place(tmp_path, "approved", 99, webhook(hook.url))
        place.tell(later(REMINDED, hours=1), lambda: place.states() == {"sent": 3})
    assert sorted(hook.kinds) == ["gate.decided", "gate.opened", "instance.ended"]
    assert place.notices().over(INSTANCE)


def test_a_reminder_that_the_decision_overtook_is_dropped(tmp_path: Path) -> None:
    with receiving(answers=[503] * 99) as hook:
        place = Place(tmp_path, "timed_out", 2, webhook(hook.url, more='kinds = ["reminded"]'))
        place.tell(later(REMINDED, seconds=1), lambda: bool(hook.took))
        place.commit(3)
        place.tell(later(REMINDED, seconds=9), lambda: place.states() == {"overtaken": 1})


def test_filters(tmp_path: Path) -> None:
    with receiving() as all_of_it, receiving() as ends, receiving() as nobody:
        notify = (
            webhook(all_of_it.url, "a", 'gates = ["finance"]\nworkflows = ["refund"]')
            + webhook(ends.url, "b", 'kinds = ["ended"]\nteams = ["payments"]')
            + webhook(nobody.url, "c", 'teams = ["treasury"]')
            + webhook(nobody.url, "d", 'workflows = ["loan"]')
            + webhook(nobody.url, "e", 'gates = ["release"]')
        )
        place = Place(tmp_path, "approved", 99, notify)
        place.tell(later(OPENED, hours=1), lambda: place.states() == {"sent": 3})
    assert sorted(all_of_it.kinds) == ["gate.decided", "gate.opened"]
    assert ends.kinds == ["instance.ended"]
    assert not nobody.took


def test_what_is_too_old_is_not_told(tmp_path: Path) -> None:
    with receiving() as hook:
        place = Place(tmp_path, "timed_out", 2, webhook(hook.url, more='give_up = "9h"'))
        place.tell(later(REMINDED, hours=2), lambda: place.states() == {"sent": 1})
    assert hook.kinds == ["gate.reminded"]


def test_slack_is_told_in_words_and_reads_nothing_into_a_title(tmp_path: Path) -> None:
    with receiving() as hook:
        (tmp_path / "slack.url").write_text(hook.url)
        notify = '[[notify]]\nname = "s"\nby = "slack"\nurl = "file:slack.url"\n'
        place = Place(tmp_path, "approved", 2, notify)
        place.tell(OPENED, lambda: place.states() == {"sent": 1})
    said: dict[str, Any] = json.loads(hook.took[0][1])
    assert "webhook-signature" not in hook.took[0][0]
    assert said["text"] == "A decision is asked for: Refund 40.00"
    texts = [one["text"] for one in said["blocks"]]
    assert [one["type"] for one in texts] == ["plain_text", "plain_text", "mrkdwn"]
    assert texts[2]["text"] == f"<https://gates.example/instances/{INSTANCE}|Open it>"
    assert "finance director, finance manager" in texts[1]["text"]
    assert "2026-11-26 10:00 UTC" in texts[1]["text"]


@pytest.mark.parametrize("vector", ["approved", "amended", "rejected", "timed_out"])
def test_no_reason_person_or_input_ever_leaves(tmp_path: Path, vector: str) -> None:
    with receiving() as hook:
        place = Place(tmp_path, vector, 99, webhook(hook.url, more='give_up = "168h"'))
        place.tell(
            "2026-11-26T11:00:00.000Z",
            lambda: place.outbox.over(INSTANCE) and "due" not in place.states(),
        )
    whole = b"".join(body for _, body in hook.took).decode()
    kept = [json.loads(one.read_bytes()) for one in (place.here / "texts").iterdir()]
    assert len(hook.took) >= 3
    for _, _, path, value in kept:
        # The title shows the amount.
        if value not in ("40.00", "EUR", "none"):
            assert value not in whole, path
    assert "actor:" not in whole

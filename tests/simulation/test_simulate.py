"""`gantral simulate` and `gantral replay` by their command lines."""

from __future__ import annotations

import json
from pathlib import Path

from simulated import PAYOUT, TOGETHER, Command


def test_the_ends_of_a_small_workflow(tmp_path: Path, command: Command) -> None:
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    status, told = command("simulate", "payout.gantral", "--format", "json")
    assert status == 0
    (found,) = json.loads(told)
    ends = {
        (one["state"], one["cause"], one["line"]): (one["least_ms"], one["most_ms"])
        for one in found["ends"]
        if not one["standing"]
    }
    standing = {
        (one["state"], one["cause"], one["line"]): (one["least_ms"], one["most_ms"])
        for one in found["ends"]
        if one["standing"]
    }
    minute, hour = 60_000, 3_600_000
    late = 2 * hour - 1  # the last moment for a vote
    assert found["whole"]
    assert ends == {
        ("TERMINATED", "terminated_by_spec", 18): (0, 0),
        ("REJECTED", "rejected", 19): (0, late),
        ("REJECTED", "withdrawn", 19): (0, late),
        ("REJECTED", "cancelled", 19): (0, late),
        ("REJECTED", "deadline", 19): (2 * hour, 2 * hour),
        ("TERMINATED", "action_failed", 20): (0, late + minute - 1),
        ("TERMINATED", "lapsed", 20): (hour // 2, late + hour // 2),
    }
    assert standing == {
        ("COMPLETED", "completed", 21): (0, late + minute - 1),
        ("TERMINATED", "cancelled", 0): (0, late + minute - 1),
        ("TERMINATED", "effect_unknown", 20): (0, late + minute),
    }
    assert found["called"] == ["bank.pay"]
    assert found["broken"] == []


def test_branches_children_and_waits(tmp_path: Path, command: Command) -> None:
    (tmp_path / "order.gantral").write_text(TOGETHER, "utf-8")
    status, told = command("simulate", "order.gantral", "order", "--format", "json")
    assert status == 0
    (found,) = json.loads(told)
    assert found["whole"]
    assert {(one["state"], one["cause"], one["site"]) for one in found["ends"]} == {
        ("TERMINATED", "action_failed", "shop.price/1"),
        ("TERMINATED", "action_failed", "shop.stock/1"),
        ("TERMINATED", "terminated_by_spec", "require/1"),
        ("TERMINATED", "cancelled", "none"),
        ("TERMINATED", "cancelled", "wait/1"),
        ("COMPLETED", "completed", "complete/1"),
        ("COMPLETED", "completed", "complete/2"),
        ("COMPLETED", "completed", "complete/3"),
    }
    # At the latest: both branches slow, a yes at the last moment, nothing within the day.
    (late,) = [one for one in found["ends"] if one["site"] == "complete/2"]
    assert late["least_ms"] == 24 * 3_600_000
    assert late["most_ms"] >= 25 * 3_600_000


def test_the_same_spec_gives_the_same_bytes(tmp_path: Path, command: Command) -> None:
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    first = command("simulate", "payout.gantral")
    assert command("simulate", "payout.gantral") == first
    assert "explored whole: yes" in first[1]
    assert first[1].count("  holds   ") == 8


def test_a_limit_is_told(tmp_path: Path, command: Command) -> None:
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    for limit in (("--states", "3"), ("--depth", "2")):
        status, told = command("simulate", "payout.gantral", *limit)
        assert status == 0
        assert "explored whole: no: a limit was reached" in told


def test_a_story_is_stepped_through(tmp_path: Path, command: Command) -> None:
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    command("simulate", "payout.gantral", "--tell-ends")
    (file,) = (tmp_path / "stories").glob("*.REJECTED.deadline.json")
    status, told = command("replay", str(file))
    assert status == 0
    assert told == (
        """\
  1              0s  starter starts payout with {"name": "text", "amount": 10}
                     payout is WAITING_FOR_HUMAN
  2  1h 59m 59.999s  the last moment before what comes next
                     payout is WAITING_FOR_HUMAN
  3              2h  time passes
                     payout is REJECTED (deadline)
"""
    )


def test_an_input_of_ones_own(tmp_path: Path, command: Command) -> None:
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    (tmp_path / "input.json").write_text('{"name": "Ann", "amount": 0}', "utf-8")
    status, told = command("simulate", "payout.gantral", "--input", "input.json")
    assert status == 0
    assert [line.split()[0] for line in told.splitlines() if "payout.gantral:" in line] == [
        "TERMINATED"
    ]


def test_what_is_no_story_is_told_in_words(tmp_path: Path, command: Command) -> None:
    (tmp_path / "story.json").write_text("[]", "utf-8")
    assert command("replay", "story.json")[0] == 1


CHOSEN = """\
role clerk
workflow nap version "1.0.0" {
  team payments
  start by clerk
  input  { name: string }
  output { how: "long" | "short" }
  service shop on queue "shop" {
    read price(name: string) -> { amount: int(min: 0, max: 100) } { timeout 1m }
    notify tell(name: string) { timeout 1m }
  }
  run {
    let found = shop.price(name: input.name)
    var long: bool = false
    if found.amount > 10 { set long = true }
    shop.tell(name: input.name)
    sleep 1h
    sleep 1h
    if long {
      sleep 1h
      complete { how: "long" }
    }
    complete { how: "short" }
  }
}
"""


def test_points_that_something_later_tells_apart_are_two(tmp_path: Path, command: Command) -> None:
    (tmp_path / "nap.gantral").write_text(CHOSEN, "utf-8")
    status, told = command("simulate", "nap.gantral", "--format", "json")
    assert status == 0
    (found,) = json.loads(told)
    minute, hour = 60_000, 3_600_000
    completed = {
        one["site"]: one["least_ms"] // hour for one in found["ends"] if one["cause"] == "completed"
    }
    assert completed == {"complete/1": 3, "complete/2": 2}
    (cancelled,) = [one for one in found["ends"] if one["cause"] == "cancelled"]
    assert cancelled["most_ms"] < 3 * hour + 5 * minute

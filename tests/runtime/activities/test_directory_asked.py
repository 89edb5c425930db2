"""The directory, asked as a gate opens: what it makes of it, and that nobody else can say it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from commit_steps import refused
from gantral.identity.directory import Directory
from gantral.runtime.workers import holders
from gantral.runtime.workers.gate import GateOpener
from temporalio.testing import ActivityEnvironment

PROPOSAL = {
    "order": {"id": "A-1", "customer": "Zoë", "total": {"amount": "90.00", "currency": "EUR"}},
    "refund": {"amount": "40.00", "currency": "EUR"},
    "reason": "broken",
}
MANY = 'a = ["finance_manager"]\nb = ["finance_manager"]\n'


def opened(world: Any, file: Path, text: str | None, **more: Any) -> dict[str, Any]:
    """What opening the gate ``paying`` gives: two managers or a director, never carol."""
    if text is not None:
        file.write_text(text, "utf-8")
    opener = GateOpener(world.actors, None, world.keys["commit"], Directory(file))
    command = {
        **world.of("paying"),
        "workflow_id": "activity_refund",
        "initiator": {"actor": world.actor("carol"), "value": "carol"},
        "opened_at": "2026-11-23T10:00:00.000Z",
        "proposal": PROPOSAL,
        **more,
    }
    found: dict[str, Any] = asyncio.run(ActivityEnvironment().run(opener.open_gate, command))
    return found


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", []),
        ('a = ["finance_manager"]\nb = ["support_agent"]\n', ["a"]),
        # The initiator never counts.
        ('a = ["finance_manager"]\ncarol = ["finance_manager", "finance_director"]\n', ["a"]),
        (MANY, None),
        ('d = ["finance_director"]\n', None),
        # Nobody knows.
        ("a = 7", None),
        ("a = [", None),
        ('"" = ["finance_manager"]\n', None),
        (None, None),
    ],
)
def test_who_is_left_is_told_only_when_too_few(
    world: Any, tmp_path: Path, text: str | None, left: list[str] | None
) -> None:
    said = opened(world, tmp_path / "directory.toml", text)
    wanted = None if left is None else [[world.actor(one), ["finance_manager"]] for one in left]
    assert (said["answer"], said.get("holders")) == ("REQUIRE_HUMAN", wanted)
    assert (said["sealed"] == "none") == (left is None)


def test_whoever_is_kept_apart_for_a_vote_elsewhere_does_not_count(
    world: Any, tmp_path: Path
) -> None:
    file = tmp_path / "directory.toml"
    said = opened(world, file, MANY, voted=[world.actor("b")])
    assert said["holders"] == [[world.actor("a"), ["finance_manager"]]]
    assert "holders" not in opened(world, file, None, voted=[world.actor("z")])


def test_of_more_than_a_record_holds_nothing_is_concluded(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "directory.toml"
    assert "holders" in opened(world, file, 'a = ["finance_manager"]')
    monkeypatch.setattr(holders, "MOST", 0)
    assert "holders" not in opened(world, file, None)


def waiting(world: Any, *left: str, **changes: Any) -> dict[str, Any]:
    """The commit of a gate for which the directory told of these managers alone."""
    rows = sorted([world.actor(one), ["finance_manager"]] for one in left)
    record = {"kind": "directory", "gate": "paying", "round": "1", "holders": rows}
    sealed = world.asked("REQUIRE_HUMAN", **{"gate": "paying", "holders": rows, **changes})
    plain = world.waiting("paying", asked=sealed)
    return {**plain, "records": [*plain["records"], record]}


def rejected(world: Any) -> dict[str, Any]:
    made: dict[str, Any] = world.command(
        ["REJECTED"], {"same": True}, gate="paying", round=1, cause="no_eligible",
        end={"message": "none", "statement": "paying/1", "standing": []},
    )  # fmt: skip
    return made


def test_a_gate_ends_by_it(world: Any) -> None:
    world.put(world.created())
    world.put(waiting(world, "alice"))
    world.put(rejected(world))
    assert world.verdict()[1] == ()


def test_nobody_else_can_say_it(world: Any) -> None:
    world.put(world.created())
    good = waiting(world, "alice")
    assert refused(world, {**good, "asked": "none"}) == "asked"
    assert refused(world, waiting(world, "alice", round=2)) == "asked"
    assert refused(world, waiting(world, "alice", gate="finance")) == "asked"
    other = {**good, "records": [*good["records"][:-1], {**good["records"][-1], "holders": []}]}
    assert refused(world, other) == "asked"
    # Somebody left out: by the record two could decide, so it does not end for want of people.
    world.put(waiting(world, "alice", "bob"))
    assert refused(world, rejected(world)) == "no_eligible"


def test_without_the_record_nobody_is_missing(world: Any) -> None:
    world.put(world.created())
    world.put(world.waiting("paying"))
    assert refused(world, rejected(world)) == "no_eligible"

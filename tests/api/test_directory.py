"""The deployment's directory, against real servers: it says that nobody is there, and takes a yes
away from who is no longer listed (ADR 0182)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.api import looks
from gantral.evidence.export import export_instance
from gantral.evidence.verify import verify_folder


@pytest.fixture
def directory(world: Any) -> Iterator[Path]:
    """The file, which a test may change."""
    file: Path = world.settings.file.parent / "directory.toml"
    before = file.read_text("utf-8")
    yield file
    file.write_text(before, "utf-8")


def rule(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


def leave(directory: Path, *names: str) -> None:
    """Take these people off the list."""
    lines = directory.read_text("utf-8").splitlines()
    directory.write_text("\n".join(one for one in lines if one.split(" ")[0] not in names), "utf-8")


def seen(world: Any, view: dict[str, Any], who: str) -> dict[str, Any]:
    found: dict[str, Any] = world.ask("GET", f"/v1/instances/{view['instance_id']}", who).json()
    return found


def test_a_gate_that_nobody_listed_can_decide_ends_at_once(
    world: Any, directory: Path, tmp_path: Path
) -> None:
    # Frank alone is left, and two managers or a director are wanted, also after the widening.
    leave(directory, "alice", "bob", "dora")
    started = world.start(workflow="gift")
    assert started.status_code == 201
    instance = started.json()["instance_id"]
    over = world.until(instance, lambda view: view["state"] == "REJECTED", who="carol")
    assert (over["cause"], over["history"][-1]["who"]) == ("no_eligible", "none")
    story = world.deployment.library.story(instance)
    (record,) = (one for one in story.commits[1]["records"] if one["kind"] == "directory")
    frank = world.deployment.seal.actor_of(_person(world), "frank")
    assert record["holders"] == [[frank, ["finance_manager"]]]
    export_instance(world.deployment.store, "payments", instance, tmp_path / "out")
    assert verify_folder(tmp_path / "out", world.deployment.trust).findings == ()


def _person(world: Any) -> Any:
    from gantral.identity import person_of

    async def read() -> Any:
        deployment = world.deployment
        token = await deployment.provider.verify(world.token("carol"), deployment.now())
        return person_of(token, deployment.seal.role_map)

    return world.run(read())


def test_one_who_may_is_enough_to_wait_for(world: Any, directory: Path) -> None:
    leave(directory, "alice", "bob", "frank")
    view = world.waiting(workflow="gift")
    story = world.deployment.library.story(view["instance_id"])
    kinds = [one["kind"] for one in story.commits[1]["records"]]
    assert "directory" not in kinds
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"


def test_who_is_no_longer_listed_says_no_yes(world: Any, directory: Path) -> None:
    view = world.waiting(workflow="gift")
    assert world.decide(view, "alice", "approve").json()["status"] == "counted"
    # Between her vote and his, she left.
    leave(directory, "alice")
    refused = world.decide(view, "bob", "approve")
    assert rule(refused) == (409, "roles_changed")
    assert "since these voted: alice" in refused.json()["title"]
    leave(directory, "bob")
    assert rule(world.decide(view, "bob", "approve")) == (403, "vote_role")
    # Her token tells of the role still: a no of hers is heard, a yes is not, and the page says so.
    assert seen(world, view, "bob")["waiting"]["you"]["may"] == "reject"
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"


def test_a_no_is_heard_of_whom_the_token_alone_tells(world: Any, directory: Path) -> None:
    view = world.waiting(workflow="gift")
    leave(directory, "alice")
    assert world.decide(view, "alice", "reject").json()["state"] == "REJECTED"


@pytest.mark.parametrize("text", ['alice = "finance_manager"', "alice = [", "alice = [1]"])
def test_a_directory_that_cannot_be_read_lets_no_yes_through(
    world: Any, directory: Path, text: str
) -> None:
    directory.write_text(text, "utf-8")
    # Nobody knows whether somebody is there: that is no reason to refuse, so it waits.
    view = world.waiting(workflow="gift")
    answer = world.decide(view, "dora", "approve")
    assert rule(answer) == (503, "not_ready")
    assert answer.json()["part"] == "directory"
    (look,) = looks.directory(world.settings)
    assert [fault.rule for fault in look.faults] == ["directory_unreadable"]
    assert seen(world, view, "alice")["waiting"]["you"]["may"] == "reject"
    assert world.decide(view, "alice", "reject").json()["state"] == "REJECTED"


def test_the_doctor_counts_whom_it_lists(world: Any, directory: Path) -> None:
    assert [look.found for look in looks.directory(world.settings)] == ["5 persons listed"]
    directory.unlink()
    (look,) = looks.directory(world.settings)
    assert "can't be read" in look.faults[0].message

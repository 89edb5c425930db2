"""``gantral.commit`` of a decision: which votes count, and which end they allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from commit_steps import asked, refused
from gantral.evidence import SigningKey, seal


def test_votes_are_recounted(world: Any) -> None:
    asked(world)
    alice, bob = world.vote("alice"), world.vote("bob")
    assert refused(world, world.approved([alice], by="alice")) == "recount"
    assert refused(world, world.approved([alice, alice])) == "vote_repeated"
    assert refused(world, world.approved([alice, bob], by="alice")) == "recount"
    assert refused(world, world.approved([alice, bob], cause="rejected")) == "recount"
    assert world.put(world.approved([alice, bob]))


@pytest.mark.parametrize(
    ("person", "changes", "rule"),
    [
        ("carol", {}, "vote_excluded"),
        ("alice", {"role": ["support_agent"]}, "vote_role"),
        ("alice", {"justification_length": "3"}, "vote_reason"),
        ("alice", {"waiting_artifact_hash": "11" * 32}, "vote_shown"),
        ("alice", {"timestamp": "2026-11-22T10:00:00.000Z"}, "vote_opening"),
        ("alice", {"decision_type": "OVERRIDE", "amendment": [["/refund/amount", "41.00"]]},
         "vote_amendment"),
    ],
)  # fmt: skip
def test_a_vote_that_may_not_count_is_refused(
    world: Any, person: str, changes: dict[str, Any], rule: str
) -> None:
    asked(world)
    vote = world.vote(person, **changes)
    assert refused(world, world.approved([vote, world.vote("bob")])) == rule


def test_a_vote_that_a_worker_made_is_refused(world: Any, keys: dict[str, SigningKey]) -> None:
    from gantral.evidence.envelope import unwrap

    asked(world)
    statement = unwrap(world.vote("alice"), "authority-decision").statement
    forged = seal("authority-decision", statement, keys["commit"])
    assert refused(world, world.approved([forged, world.vote("bob")])) == "key_use"


def test_a_vote_that_is_not_in_the_store_is_refused(world: Any) -> None:
    from gantral.evidence.envelope import unwrap

    asked(world)
    alice = world.vote("alice")
    name = unwrap(alice, "authority-decision").hash
    (world.root / "evidence" / world.chain.key("votes", f"{name}.json")).unlink()
    assert refused(world, world.approved([alice, world.vote("bob")])) == "votes"


def test_an_amendment_goes_into_the_context_and_nothing_else_does(world: Any) -> None:
    asked(world)
    change = {"decision_type": "OVERRIDE", "amendment": [["/refund/amount", "25.00"]]}
    votes = [world.vote("alice", **change), world.vote("bob", **change)]
    overridden = {
        **world.approved(votes, cause="amended"),
        "states": ["OVERRIDDEN", "RESUMED", "RUNNING"],
    }
    assert refused(world, overridden) == "amendment"
    wrong = {"amended": {"/refund/amount": "24.00"}}
    assert refused(world, {**overridden, "context": wrong}) == "amendment"
    good = {"amended": {"/refund/amount": "25.00"}}
    receipt = world.put({**overridden, "context": good})
    hashed = dict(receipt["context"])["/refund/amount"]
    assert world.chain.text(hashed, "/refund/amount") == "25.00"
    world.put(
        world.command(
            ["TERMINATED"],
            {"same": True},
            cause="terminated_by_spec",
            end={"message": "none", "statement": "terminate/1", "standing": []},
        )
    )
    assert world.verdict() == ("VALID", ())


def rejected(world: Any, cause: str, votes: list[Any], by: str = "none", **more: Any) -> Any:
    return world.command(
        ["REJECTED"],
        {"same": True},
        gate="paying",
        round=1,
        cause=cause,
        human_actor_id=world.actor(by) if by != "none" else "none",
        decision={"votes": votes} if votes else "none",
        end={"message": "no", "statement": "paying/1", "standing": []},
        **more,
    )


def test_a_rejection_by_a_vote(world: Any) -> None:
    asked(world)
    no = world.vote("alice", "REJECT")
    assert refused(world, rejected(world, "veto", [no], "alice")) == "recount"
    assert refused(world, rejected(world, "rejected", [no], "bob")) == "recount"
    assert refused(world, rejected(world, "deadline", [no])) == "recount"
    world.put(rejected(world, "rejected", [no], "alice"))
    (end,) = world.chain.need(2).records("end")
    assert world.chain.text(end["message"], "/message") == "no"
    assert world.verdict() == ("VALID", ())


def test_a_veto(world: Any) -> None:
    asked(world)
    veto = world.vote("sam", "REJECT", role=["security"])
    world.put(rejected(world, "veto", [veto], "sam"))
    assert world.verdict() == ("VALID", ())


def test_a_withdrawal_by_the_initiator(world: Any) -> None:
    asked(world)
    back = world.vote("carol", "WITHDRAW", role=[])
    world.put(rejected(world, "withdrawn", [back], "carol"))
    assert world.verdict() == ("VALID", ())


def test_the_deadline_is_judged_by_the_commits_time(world: Any) -> None:
    asked(world)
    alice = world.vote("alice")
    assert refused(world, rejected(world, "deadline", [alice])) == "deadline"
    world.put(rejected(world, "deadline", [alice], timestamp="2026-11-26T10:00:01.000Z"))
    assert world.verdict() == ("VALID", ())


def test_a_late_yes_never_wins(world: Any) -> None:
    asked(world)
    late = "2026-11-26T10:00:01.000Z"
    votes = [world.vote("alice"), world.vote("bob", timestamp=late)]
    assert refused(world, world.approved(votes, timestamp=late)).startswith(("vote_", "recount"))


def test_two_instances_do_not_meet(world: Any, new_world: Callable[[], Any]) -> None:
    asked(world)
    other = new_world()
    asked(other)
    votes = [world.vote("alice"), other.vote("bob")]
    assert refused(other, other.approved(votes)) in ("vote_instance", "votes")


def test_a_decision_is_of_the_gate_that_waits(world: Any) -> None:
    asked(world)
    votes = [world.vote("alice"), world.vote("bob")]
    assert refused(world, world.approved(votes, gate="finance")) == "gate"

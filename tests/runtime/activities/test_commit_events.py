"""``gantral.commit`` of waits: what is signed of an event, and what is refused (ADR 0120)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from commit_steps import refused, running
from gantral.evidence import seal
from gantral.evidence.forms import plus
from gantral.evidence.hashes import context_hash, leaf

TEAM = "payments"
NOW = "2026-11-23T10:00:00.000Z"
END = {"message": "none", "statement": "terminate/1", "standing": []}


def later(instant: str, seconds: int) -> str:
    return plus(instant, seconds * 1000)


def opened(world: Any, **changes: Any) -> dict[str, Any]:
    record = {
        "kind": "wait",
        "site": "wait/1",
        "round": "1",
        "events": ["found"],
        "deadline": later(NOW, 3600),
        **changes,
    }
    return dict(world.command([], {"same": True}, records=[record]))


def came(world: Any, who: str = "carol", by: str = "bob", **changes: Any) -> dict[str, Any]:
    """The command of a run that took a genuine event."""
    key = world.keys[changes.pop("key", "decision")]
    texts = [
        ["0" * 32, world.instance_id, "/event/by", world.actor(by)],
        ["1" * 32, world.instance_id, "/event/what", "a key"],
    ]
    identity = ["2" * 32, world.instance_id, f"/identity/{world.actor(who)}", who]
    at = later(NOW, world.number)
    statement = {
        "type": "gantral.dev/event/v1",
        "instance_id": world.instance_id,
        "owning_team_id": TEAM,
        "event": "found",
        "wait_commit_hash": world.last["commit_hash"],
        "human_actor_id": world.actor(who),
        "role": [],
        "context_hash": context_hash([[one[2], leaf(one)] for one in texts]),
        "timestamp": at,
        "assurance": {**world.assurance("none"), "identity": leaf(identity)},
        **changes,
    }
    record = {"kind": "event", "event": seal("event", statement, key)}
    context = {"sent": [*texts, identity], "persons": {"/event/by": by}}
    return dict(world.command([], context, records=[record]))


def waiting(world: Any) -> Any:
    running(world).put(opened(world))
    return world


def test_an_event_is_signed_with_its_texts(world: Any) -> None:
    waiting(world).put(came(world))
    chain = world.chain
    context = chain.need(2).context
    assert chain.text(context["/event/what"], "/event/what") == "a key"
    assert chain.text(context["/event/by"], "/event/by") == world.actor("bob")
    world.put(world.command(["TERMINATED"], {"same": True}, cause="terminated_by_spec", end=END))
    _, findings = world.verdict()
    assert [one.code for one in findings] == []


def test_delivered_again_it_is_the_same_commit(world: Any) -> None:
    command = came(waiting(world))
    first = world.put(command)
    assert dict(world.committer.put(copy.deepcopy(command))) == first


def test_silence_is_signed_at_the_deadline(world: Any) -> None:
    waiting(world)
    record = {"kind": "timeout", "site": "wait/1"}
    early = world.command([], {"same": True}, records=[record], timestamp=later(NOW, 3599))
    assert refused(world, early) == "early_timeout"
    world.put({**early, "timestamp": later(NOW, 3600)})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"key": "effect"}, "key_use"),
        ({"who": "alice"}, "event_sender"),
        ({"who": "alice", "role": ["finance_director"]}, "event_sender"),
        ({"wait_commit_hash": "ab" * 32}, "other_wait"),
        ({"event": "lost"}, "event_other"),
        ({"instance_id": "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"}, "event"),
        ({"context_hash": "ab" * 32}, "event_context"),
        ({"timestamp": later(NOW, 60)}, "event_time"),
    ],
)
def test_what_is_sealed_otherwise_is_refused(
    world: Any, changes: dict[str, Any], rule: str
) -> None:
    assert refused(world, came(waiting(world), **changes)) == rule


def test_whoever_holds_the_role_may_send(world: Any) -> None:
    waiting(world).put(came(world, who="alice", role=["finance_manager"]))


def test_the_run_read_other_persons_than_were_sealed(world: Any) -> None:
    command = came(waiting(world))
    command["context"]["persons"] = {"/event/by": "mallory"}
    assert refused(world, command) == "sent"
    command["context"]["persons"] = {"/event/what": "bob"}
    assert refused(world, command) == "sent"


def test_other_texts_than_were_sealed(world: Any) -> None:
    good = came(waiting(world))

    def rule(change: Any) -> str:
        command = copy.deepcopy(good)
        change(command["context"]["sent"])
        return refused(world, command)

    assert rule(lambda texts: texts[1].__setitem__(3, "another key")) == "event_context"
    assert rule(lambda texts: texts.pop(1)) == "event_context"
    assert rule(lambda texts: texts.append(texts[0])) == "sent"
    assert rule(lambda texts: texts[0].__setitem__(1, "another")) == "sent"
    assert rule(lambda texts: texts.pop()) == "sent"
    assert rule(lambda texts: texts.append(["3" * 32, world.instance_id, "/x", "y"])) == "sent"
    assert rule(lambda texts: texts[0].pop()) == "command"


def test_an_event_and_its_context_go_together(world: Any) -> None:
    command = came(waiting(world))
    assert refused(world, {**command, "context": {"same": True}}) == "context"
    assert refused(world, {**command, "records": []}) == "wait_open"
    record = {"kind": "timeout", "site": "wait/1"}
    assert refused(world, {**command, "records": [record]}) == "context"


def test_nothing_else_is_signed_while_a_wait_is_open(world: Any) -> None:
    waiting(world)
    assert refused(world, world.waiting()) == "wait_open"
    assert refused(world, opened(world, round="2")) == "wait_open"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"events": []}, "wait_events"),
        ({"site": "wait/2"}, "wait_site"),
        ({"round": "2"}, "round"),
        ({"deadline": later(NOW, 3602)}, "wait_deadline"),
    ],
)
def test_a_wait_that_the_program_has_not(world: Any, changes: dict[str, Any], rule: str) -> None:
    assert refused(world, opened(running(world), **changes)) == rule

"""``gantral.commit``: what is signed, what is refused and under which rule's name."""

from __future__ import annotations

from typing import Any

import pytest
from commit_steps import asked, refused, running
from gantral.authority import Cause
from gantral.evidence import SigningKey, seal
from gantral.evidence.envelope import write_envelope
from temporalio.exceptions import ApplicationError


def test_a_whole_walk(world: Any) -> None:
    world.to_grant()
    receipt = world.put(
        world.command(
            ["COMPLETED"],
            {"values": {"/output/receipt_id": "R-1"}, "persons": {}},
            cause="completed",
        )
    )
    assert receipt["sequence"] == 7
    states = [
        artifact["authority_state"]
        for number in range(4)
        for artifact in world.chain.need(number).artifacts
    ]
    assert states == [
        "CREATED",
        "RUNNING",
        "WAITING_FOR_HUMAN",
        "APPROVED",
        "RESUMED",
        "RUNNING",
        "COMPLETED",
    ]
    assert world.chain.text(dict(receipt["context"])["/output/receipt_id"], "/output/receipt_id")
    assert world.store.get(world.chain.key("manifest.json")) == world.program.manifest_bytes
    assert world.verdict() == ("VALID", ())


def test_a_redelivered_command_finds_its_own_commit(world: Any) -> None:
    running(world)
    command = world.waiting()
    first = world.committer.put(command)
    assert world.committer.put(command) == first
    assert len(list(world.store.list(world.chain.key("commits")))) == 2


def test_a_command_whose_answer_was_lost_before_the_put_keeps_its_salts(world: Any) -> None:
    running(world)
    command = world.waiting()

    class LostError(Exception):
        pass

    class Dying:
        """A store whose process dies right before the put of a commit."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        def put(self, key: str, data: bytes) -> None:
            if "/commits/" in key:
                raise LostError
            world.store.put(key, data)

    from dataclasses import replace

    with pytest.raises(ApplicationError):
        replace(world.committer, store=Dying()).put(command)
    texts = set(world.store.list(world.chain.key("texts")))
    world.put(command)
    assert set(world.store.list(world.chain.key("texts"))) == texts


def test_another_command_at_the_same_number_is_a_fork(world: Any) -> None:
    running(world)
    command = world.waiting()
    world.committer.put(command)
    other = {**command, "context": {**command["context"]}}
    other["context"]["values"] = {**command["context"]["values"], "/reason": "another reason, long"}
    assert refused(world, other) == "fork"


def test_drafts_go_with_the_next_commit(world: Any) -> None:
    asked(world)
    assert list(world.drafts.list(world.chain.key()))
    world.put(world.approved([world.vote("alice"), world.vote("bob")]))
    assert not list(world.drafts.list(world.chain.key()))


def test_a_forged_completion_has_no_predecessor(world: Any) -> None:
    """Somebody answered a commit activity by hand: the store does not know that commit."""
    running(world)
    waiting = world.waiting()
    world.last = {
        "commit_hash": "11" * 32,
        "last_artifact": "22" * 32,
        "sequence": 3,
        "first_artifact_hash": "22" * 32,
        "context_hash": "33" * 32,
    }
    world.receipts.append(world.last)
    world.number = 2
    assert waiting["commit"] == 1
    command = world.approved([world.vote("alice"), world.vote("bob")])
    assert refused(world, command) == "predecessor"


@pytest.mark.parametrize("member", ["prev", "last_artifact"])
def test_a_predecessor_with_another_hash_is_refused(world: Any, member: str) -> None:
    running(world)
    assert refused(world, {**world.waiting(), member: "11" * 32}) == "predecessor"


def test_a_commit_that_another_key_signed_is_no_predecessor(
    world: Any, keys: dict[str, SigningKey]
) -> None:
    running(world)
    command = world.waiting()
    forged = seal("commit", dict(world.chain.need(0).statement), keys["effect"])
    (world.root / "evidence" / world.chain.commit_key(0)).write_bytes(write_envelope(forged))
    assert refused(world, command) == "key_use"


def test_a_first_commit_wants_its_submission(world: Any, keys: dict[str, SigningKey]) -> None:
    good = world.created()
    assert refused(world, {**good, "decision": "none"}) == "submission"
    for name, value in {
        "workflow_version_id": "11" * 32,
        "human_actor_id": world.actor("mallory"),
        "instance_id": "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11",
        "context_hash": "22" * 32,
        "environment": "production",
    }.items():
        _, envelope = world.submission(**{name: value})
        assert refused(world, {**good, "decision": {"submission": envelope}}) == "submission"
    _, envelope = world.submission(nobody_asked="for this")
    assert refused(world, {**good, "decision": {"submission": envelope}}) == "form"
    from gantral.evidence.envelope import unwrap

    statement = unwrap(good["decision"]["submission"], "submission").statement
    own = seal("submission", statement, keys["commit"])
    assert refused(world, {**good, "decision": {"submission": own}}) == "key_use"


def test_a_program_that_is_not_here_is_refused(world: Any) -> None:
    assert refused(world, {**world.created(), "program": "11" * 32}) == "program"


def test_texts_of_the_input_must_be_there(world: Any) -> None:
    command = world.created()
    _, hashed = command["context"]["leaves"][0]
    world.store.delete(world.chain.key("texts", f"{hashed}.json"))
    assert refused(world, command) == "missing"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"commit": "1"}, "command"),
        ({"timestamp": "2026-11-23T10:00:00Z"}, "command"),
        ({"states": ["WAITING"]}, "command"),
        ({"extra": 1}, "command"),
        ({"context": {"values": {"/order/id": 1}}}, "form"),
        ({"timestamp": "2026-11-23T09:00:00.000Z"}, "timestamp"),
        ({"states": ["APPROVED", "RESUMED", "RUNNING"]}, "transition"),
        ({"states": ["RESUMED"]}, "group"),
        ({"states": ["COMPLETED"], "cause": "veto"}, "shape"),
    ],
)
def test_a_command_out_of_form_is_refused(world: Any, change: dict[str, Any], rule: str) -> None:
    running(world)
    assert refused(world, {**world.waiting(), **change}) == rule


def test_a_gate_opens_as_the_manifest_says(world: Any) -> None:
    running(world)
    good = world.waiting("finance")

    def changed(kind: str, **members: Any) -> dict[str, Any]:
        records = [
            {**record, **members} if record["kind"] == kind else record
            for record in good["records"]
        ]
        return {**good, "records": records}

    allowed = {"asked": world.asked("ALLOW")}
    assert refused(world, {**changed("policy", answer="ALLOW"), **allowed}) == "policy_record"
    other = {"asked": world.asked("REQUIRE_HUMAN", query="data.other")}
    assert refused(world, {**changed("policy", query="data.other"), **other}) == "policy_record"
    assert refused(world, {**good, "policy_version_id": "sha256:" + "00" * 32}) == "policy_version"
    assert refused(world, changed("deciders", excluded=[])) == "deciders"
    late = [[row[0].replace("2026", "2027"), *row[1:]] for row in good["records"][1]["instants"]]
    assert refused(world, changed("clock", instants=late)) == "clock"
    assert refused(world, {**good, "records": good["records"][1:]}) == "policy_record"
    assert world.put(good)


def test_a_person_in_a_context_is_an_actor_id(world: Any) -> None:
    running(world)
    command = world.waiting("owned")
    receipt = world.put(command)
    assert world.chain.text(dict(receipt["context"])["/owner"], "/owner") == world.actor("olga")


def test_a_person_that_came_as_text_is_refused(world: Any) -> None:
    running(world)
    command = world.waiting("owned")
    command["context"] = {"values": {**command["context"]["values"], "/owner": "olga"}}
    assert refused(world, command) == "authority_ambiguous"


def test_nothing_follows_an_end(world: Any) -> None:
    running(world)
    end = {"message": "none", "statement": "terminate/1", "standing": []}
    last = world.command(
        ["TERMINATED"], {"same": True}, cause=Cause.TERMINATED_BY_SPEC.value, end=end
    )
    assert refused(world, {**last, "end": "none"}) == "end"
    world.put(last)
    assert refused(world, world.waiting()) == "transition"


def test_a_waiver_is_the_programs_to_give(world: Any) -> None:
    running(world)
    record = {
        "kind": "waiver",
        "gate": "finance",
        "round": "1",
        "query": "data.refund.decision",
        "policy_version_id": "sha256:" + "cd" * 32,
        "input_hash": "ab" * 32,
        "answer": "ALLOW",
    }
    context = world.waiting()["context"]

    def waived(**changes: Any) -> dict[str, Any]:
        seal = world.asked(**{"answer": "ALLOW", **changes})
        return dict(world.command([], context, records=[{**record, **changes}], asked=seal))

    assert refused(world, waived(gate="paying")) == "waiver"
    assert refused(world, waived(query="data.other")) == "waiver"
    assert refused(world, waived(answer="DENY")) == "form"
    assert refused(world, waived(round="2")) == "round"
    world.put(waived())


END = {"message": "none", "statement": "terminate/1", "standing": []}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"decision": {"votes": []}}, "decision"),
        ({"end": END}, "end"),
        ({"context": {"same": True}}, "context"),
        ({"context": {"values": {"/order/id": "A-1"}}}, "shape"),
        ({"gate": "nowhere"}, "gate"),
        ({"workflow_id": "other"}, "program"),
        ({"records": [{"kind": "hearsay"}]}, "record"),
        ({"records": [{"kind": "end", **END}]}, "record"),
        (
            {"states": ["TERMINATED"], "cause": "action_failed", "end": END, "records": []},
            "context",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    world: Any, change: dict[str, Any], rule: str
) -> None:
    running(world)
    assert refused(world, {**world.waiting(), **change}) == rule


def test_a_waiver_goes_with_no_artifact(world: Any) -> None:
    running(world)
    command = world.waiting("finance")
    waiver = {**command["records"][0], "kind": "waiver", "answer": "ALLOW"}
    command |= {"records": [*command["records"][1:], waiver], "asked": world.asked("ALLOW")}
    assert refused(world, command) == "waiver"


def test_a_first_commit_has_no_predecessor_and_an_allowed_program(world: Any) -> None:
    from dataclasses import replace

    good = world.created()
    assert refused(world, {**good, "prev": "11" * 32}) == "predecessor"
    assert refused(world, {**good, "context": {"same": True}}) == "context"
    world.committer = replace(world.committer, trust=replace(world.trust, programs={}))
    assert refused(world, good) == "program"


def test_a_use_of_another_instance_is_no_record_here(world: Any, keys: dict[str, Any]) -> None:
    running(world)
    claim = {
        "type": "gantral.dev/use/v1",
        "instance_id": "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11",
        "owning_team_id": "payments",
        "timestamp": "2026-11-23T10:00:00.000Z",
    }
    record = {"kind": "use", "claim": seal("use", claim, keys["effect"])}
    command = world.waiting()
    command["records"] = [*command["records"], record]
    assert refused(world, command) == "use"

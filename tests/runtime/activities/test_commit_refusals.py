"""Commands that a workflow worker without keys, or whoever rewrites history, may send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from gantral.authority import GROUPS, State
from gantral.evidence import SigningKey, seal
from gantral.evidence.forms import instant_ms, instant_text
from gantral.evidence.keys import PublicKey
from gantral.runtime import programs
from gantral.runtime.workers.uses import Book
from temporalio.exceptions import ApplicationError

END = {"message": "none", "statement": "terminate/1", "standing": []}


def refused(world: Any, command: dict[str, Any]) -> str:
    """The rule that refuses it; nothing has become visible."""
    before = list(world.store.list(world.chain.key("commits")))
    with pytest.raises(ApplicationError) as error:
        world.put(command)
    assert error.value.type == "NotCommitted"
    assert list(world.store.list(world.chain.key("commits"))) == before
    return error.value.message.partition(":")[0]


def earlier(instant: str) -> str:
    return instant_text(instant_ms(instant) - 1)


def running(world: Any) -> Any:
    world.put(world.created())
    return world


def ended(world: Any, cause: str = "terminated_by_spec", **more: Any) -> dict[str, Any]:
    members = {"cause": cause, "end": END, **more}
    return dict(world.command(["TERMINATED"], {"same": True}, **members))


@pytest.mark.parametrize("group", sorted(GROUPS, key=str), ids=" ".join)
@pytest.mark.parametrize("at", ["nothing", "RUNNING", "WAITING_FOR_HUMAN", "TERMINATED"])
def test_no_illegal_transition_is_ever_signed(
    world: Any, at: str, group: tuple[State, ...]
) -> None:
    """Every group that may be committed, from every state at which a commit may end."""
    legal = {
        "nothing": {"CREATED"},
        "RUNNING": {"WAITING_FOR_HUMAN", "COMPLETED", "TERMINATED", ""},
        "WAITING_FOR_HUMAN": {"APPROVED", "OVERRIDDEN", "REJECTED"},
        "TERMINATED": set(),
    }
    if at != "nothing":
        running(world)
    if at == "WAITING_FOR_HUMAN":
        world.put(world.waiting())
    if at == "TERMINATED":
        world.put(ended(world))
    first = group[0].value if group else ""
    good = world.created() if first == "CREATED" else world.waiting()
    command = {**good, "states": list(group)}
    if first in ("REJECTED", "TERMINATED"):
        command |= {"end": END, "context": {"same": True}, "records": []}
    rule = refused(world, command) if first not in legal[at] else "legal"
    # Before CREATED there is no initiator either, which is what is missed first.
    assert rule in (
        "legal",
        "transition",
        "group",
        "predecessor",
        "submission",
        "deciders",
        "context",
        "shape",
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"team": "sales"}, "program"),
        ({"context": {"other": {}}}, "command"),
        ({"sequence": 9}, "predecessor"),
        ({"asked": "none"}, "asked"),
        ({"asked": {}}, "envelope"),
        ({"asked": "yes"}, "command"),
        ({"round": 2}, "record"),
        ({"human_actor_id": "actor:" + "0" * 32}, "actor"),
        ({"context": {"amended": {"/nowhere": "x"}}}, "context"),
    ],
)
def test_a_question_that_is_not_as_it_must_be(
    world: Any, change: dict[str, Any], rule: str
) -> None:
    running(world)
    assert refused(world, {**world.waiting("finance"), **change}) == rule


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "DENY"},
        {"answer": "REQUIRE_HUMAN", "instance_id": "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"},
        {"answer": "REQUIRE_HUMAN", "program": "ff" * 32},
        {"answer": "REQUIRE_HUMAN", "team": "sales"},
        {"answer": "REQUIRE_HUMAN", "gate": "paying"},
        {"answer": "REQUIRE_HUMAN", "round": 2},
        {"answer": "REQUIRE_HUMAN", "query": "data.other"},
    ],
)
def test_what_the_policy_said_of_something_else(world: Any, change: dict[str, Any]) -> None:
    running(world)
    command = world.waiting("finance", asked=world.asked(**change))
    assert refused(world, command) == "asked"


def test_what_the_policy_said_of_another_proposal(world: Any) -> None:
    running(world)
    command = world.waiting("finance")
    values = {**command["context"]["values"], "/refund/amount": "90.00"}
    command["context"] = {**command["context"], "values": values}
    assert refused(world, command) == "asked"


def test_what_another_key_sealed_of_the_policy(world: Any) -> None:
    from gantral.evidence.envelope import unwrap

    running(world)
    said = unwrap(world.asked("REQUIRE_HUMAN"), "policy-answer").statement
    own = seal("policy-answer", said, world.keys["effect"])
    assert refused(world, world.waiting("finance", asked=own)) == "key_use"


def test_a_key_that_sealed_what_policy_said_is_good_at_the_time_of_the_commit(world: Any) -> None:
    """Whatever the clock of who asked shows."""
    from gantral.evidence.envelope import unwrap

    running(world)
    command = world.waiting("finance")
    said = unwrap(command["asked"], "policy-answer").statement
    other = SigningKey.generate()
    known = replace(
        world.trust.key(world.keys["commit"].keyid, frozenset({"commit"})),
        public=PublicKey.load(other.public),
        not_after=earlier(command["timestamp"]),
    )
    trust = replace(world.trust, keys={**world.trust.keys, other.keyid: known})
    world.committer = replace(world.committer, trust=trust)
    said = {**said, "timestamp": known.not_after}
    assert refused(world, {**command, "asked": seal("policy-answer", said, other)}) == (
        "key_lifetime"
    )


def test_a_submission_binds_each_of_its_members(world: Any) -> None:
    for name, value in {
        "workflow_version_id": "11" * 32,
        "workflow_id": "other",
        "owning_team_id": "sales",
        "human_actor_id": world.actor("mallory"),
        "instance_id": "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11",
        "environment": "production",
    }.items():
        # The very context, so that this member alone is another one.
        context, envelope = world.submission(**{name: value})
        command = {
            **world.created(),
            "context": {"leaves": context},
            "decision": {"submission": envelope},
        }
        assert refused(world, command) in ("submission", "key_team"), name


def test_a_first_commit_is_about_exactly_the_input(world: Any) -> None:
    inputs = {
        "/input/order_id": "A-1",
        "/input/refund/amount": "40.00",
        "/input/refund/currency": "EUR",
    }
    good = world.created()
    assert refused(world, {**good, "sequence": 1}) == "predecessor"
    assert refused(world, {**good, "last_artifact": "11" * 32}) == "predecessor"
    assert refused(world, {**good, "decision": {"votes": []}}) == "submission"
    context, envelope = world.submission(inputs=inputs)
    short = {**good, "context": {"leaves": context}, "decision": {"submission": envelope}}
    assert refused(world, short) == "shape"
    values = {"values": {**inputs, "/input/reason": "broken"}, "persons": {}}
    assert refused(world, {**good, "context": values}) in ("context", "submission")


def test_another_programs_manifest(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.store.put(world.chain.key("manifest.json"), b"{}")
    assert refused(world, world.created()) == "program"


def test_an_instance_keeps_its_program(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running(world)
    other = replace(world.program, version_id="ff" * 32)
    monkeypatch.setitem(programs._loaded, "ff" * 32, other)
    assert refused(world, {**world.waiting(), "program": "ff" * 32}) == "program"


def test_a_gate_that_names_nobody_is_ambiguous(world: Any) -> None:
    running(world)
    command = world.waiting("owned")
    values = {**command["context"]["values"], "/owner": {}}
    assert refused(world, {**command, "context": {"values": values}}) == "authority_ambiguous"


def test_the_votes_end_with_the_one_that_decides(world: Any) -> None:
    running(world).put(world.waiting())
    votes = [world.vote(person) for person in ("alice", "bob", "dan")]
    assert refused(world, world.approved(votes, by="dan")) == "recount"
    assert refused(world, world.approved(votes)) == "recount"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"cause": "execution_lost"}, "closer_cause"),
        ({"human_actor_id": "actor:" + "0" * 32}, "human_actor"),
        ({"cause": "policy_deny"}, "policy_cause"),
        ({"policy_version_id": "sha256:" + "cd" * 32}, "policy_version"),
    ],
)
def test_an_end_that_blames_somebody_else(world: Any, change: dict[str, Any], rule: str) -> None:
    running(world)
    assert refused(world, ended(world, **change)) == rule


def test_a_program_does_not_complete_past_its_gates(world: Any) -> None:
    """The walk knows the program's order of sites: here start leads on to complete, and no effect
    has run; a second gate after the first is not this program's."""
    world.to_grant("paying")
    assert refused(world, world.waiting("finance")) == "automaton"


def test_an_end_lists_what_stands_by_the_store(world: Any) -> None:
    grant = world.to_grant("finance")
    book = Book(world.chain, world.keys["effect"], grant["artifact"])
    context = world.chain.need(2).context
    paths = {
        "amount.amount": "/refund/amount",
        "amount.currency": "/refund/currency",
        "order": "/order/id",
    }
    book.claim(
        "1",
        {
            "owning_team_id": "payments",
            "instance_id": world.instance_id,
            "operation": "payments.refund",
            "call": "payments.refund/1",
            "queue": "payments",
            "run": "run-1",
            "attempt": "1",
            "timestamp": "2026-11-23T10:00:03.000Z",
            "arguments": [[name, path, context[path]] for name, path in sorted(paths.items())],
        },
    )
    # The run says that nothing stands: its attempt was lost, or somebody lied to it.
    command = ended(world, "action_failed")
    receipt = world.put(command)
    last = world.chain.need(3)
    assert [record["kind"] for record in last.statement["records"]] == ["use", "end"]
    assert last.records("end")[0]["standing"] == ["payments.refund/1"]
    # Delivered again after the outcome came, it is still the commit that was put.
    use = book.use("1")
    assert use is not None
    book.end(use, "not_done", [], "2026-11-23T10:00:04.000Z")
    assert world.committer.put(command) == receipt


def test_two_worlds_share_no_answer(world: Any, new_world: Callable[[], Any]) -> None:
    """An answer sealed for one instance waives nothing in another."""
    other = new_world()
    running(world)
    assert refused(world, world.waiting("finance", asked=other.asked("REQUIRE_HUMAN"))) == "asked"


def test_nobody_may_be_left_unasked_at_a_gate_that_is_asked_in_every_case(world: Any) -> None:
    running(world)
    record = {
        "kind": "unasked",
        "gate": "paying",
        "round": "1",
        "statement": "paying/1",
        "condition": "false",
    }
    context = world.waiting()["context"]
    assert refused(world, world.command([], context, records=[record])) == "unasked"
    # Nor beside an artifact.
    waiting = world.waiting()
    waiting["records"] = [*waiting["records"], record]
    assert refused(world, waiting) == "waiver"

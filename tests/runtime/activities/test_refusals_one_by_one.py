"""Refusals of the commit worker that another check would hide: each is met alone, or told by its
own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gantral.runtime import programs
from gantral.runtime.workers.asked import seal_answer
from temporalio.exceptions import ApplicationError

QUERY = "data.refund.decision"
POLICY = "sha256:" + "cd" * 32
HASH = "ab" * 32


def refused(world: Any, command: dict[str, Any]) -> str:
    """What the refusal says; nothing has become visible."""
    before = list(world.store.list(world.chain.key("commits")))
    with pytest.raises(ApplicationError) as error:
        world.put(command)
    assert error.value.type == "NotCommitted"
    assert list(world.store.list(world.chain.key("commits"))) == before
    return error.value.message


def waiver(world: Any, values: dict[str, Any], persons: dict[str, str]) -> dict[str, Any]:
    """A waiver of ``finance``, sealed by the evidence worker on this very proposal."""
    said: Any = {
        "query": QUERY,
        "policy_version_id": POLICY,
        "input_hash": HASH,
        "answer": "ALLOW",
        "guard": "none",
    }
    of: Any = {
        "team": "payments",
        "instance_id": world.instance_id,
        "program": world.program.version_id,
        "gate": "finance",
        "round": 1,
    }
    leaves = {path: "{}" if value == {} else value for path, value in values.items()}
    leaves |= {path: world.actor(person) for path, person in persons.items()}
    record = {"kind": "waiver", "gate": "finance", "round": "1", **said}
    del record["guard"]
    context = {"values": values, "persons": persons}
    asked = seal_answer(of, said, leaves, world.keys["commit"])
    return dict(world.command([], context, records=[record], asked=asked))


def test_an_instance_keeps_its_program_in_its_own_words(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(world.created())
    other = replace(world.program, version_id="ff" * 32)
    monkeypatch.setitem(programs._loaded, "ff" * 32, other)
    said = refused(world, {**world.waiting(), "program": "ff" * 32})
    assert said == "program: this instance runs under another program"


def test_a_waiver_is_of_the_gates_own_parameters(world: Any) -> None:
    world.put(world.created())
    values = world.waiting("finance")["context"]["values"]
    short = {path: value for path, value in values.items() if path != "/reason"}
    assert refused(world, waiver(world, short, {})).startswith("shape: ")
    # Who stands at a person's place is told by an actor id, in a waiver too.
    named = {**values, "/owner": "olga"}
    assert refused(world, waiver(world, named, {})).startswith("authority_ambiguous: /owner")
    rest = {path: value for path, value in values.items() if path != "/reason"}
    said = refused(world, waiver(world, rest, {"/reason": "olga"}))
    assert said.startswith("authority_ambiguous: /reason")
    world.put(waiver(world, values, {}))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("workflow_id", "other"),
        ("workflow_version_id", "11" * 32),
        ("human_actor_id", "actor:" + "0" * 32),
        ("context_hash", "11" * 32),
        ("environment", "production"),
    ],
)
def test_a_submission_for_something_else_in_its_own_words(
    world: Any, member: str, value: str
) -> None:
    context, envelope = world.submission(**{member: value})
    command = {
        **world.created(),
        "context": {"leaves": context},
        "decision": {"submission": envelope},
    }
    assert refused(world, command) == f"submission: the sealed {member} is another one"


def test_what_is_amended_is_in_the_context(world: Any) -> None:
    world.put(world.created())
    command = {**world.waiting(), "context": {"amended": {"/nowhere": "x"}}}
    said = refused(world, command)
    assert said == "context: /nowhere is not in the context that is amended"


@pytest.mark.parametrize("member", ["instance_id", "owning_team_id"])
def test_a_submission_of_another_instance_in_its_own_words(world: Any, member: str) -> None:
    other = {"instance_id": "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11", "owning_team_id": "sales"}
    context, envelope = world.submission(**{member: other[member]})
    command = {
        **world.created(),
        "context": {"leaves": context},
        "decision": {"submission": envelope},
    }
    said = refused(world, command)
    assert said.startswith("submission: the sealed submission is of another instance")


def test_who_is_named_is_who_stands_there(world: Any) -> None:
    world.put(world.created())
    for name, value in (("named", {"/owner": [world.actor("mallory")]}), ("excluded", [])):
        command = world.waiting("owned")
        for record in command["records"]:
            if record["kind"] == "deciders":
                record[name] = value
        assert refused(world, command) == f"deciders: {name} is not who stands there"


def test_a_gate_that_names_nobody_in_its_own_words(world: Any) -> None:
    world.put(world.created())
    command = world.waiting("owned")
    values = {
        path: value for path, value in command["context"]["values"].items() if path != "/owner"
    }
    command = {**command, "context": {"values": {**values, "/owner": {}}}}
    assert refused(world, command) == "authority_ambiguous: no person stands at /owner"

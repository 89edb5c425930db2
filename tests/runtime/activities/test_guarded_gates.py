"""The evidence worker of a guarded gate: what it asks of a real OPA, and what its key signs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from commit_steps import asked, refused
from gantral.cli.tools.opa import opa as opa_command
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_opa
from gantral.policy import Opa, policy_version_id
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

NOW = "2026-11-23T10:00:00.000Z"
POLICY = "sha256:" + "cd" * 32
REGO = """package refund
decision := {"decision": "ALLOW"} if input.proposal.refund.amount < 25.00
decision := {"decision": "REQUIRE_HUMAN"} if input.proposal.refund.amount >= 25.00
default watch := {"decision": "DENY"}
watch := {"decision": "ALLOW"} if {
  input.proposal.refund.amount <= 40.00
  input.proposal.refund.amount != 13.00
}
watch := {"decision": "MAYBE"} if input.proposal.refund.amount == 50.00
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Opa]]:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "rego").mkdir()
    (folder / "rego" / "refund.rego").write_text(REGO)
    version = policy_version_id({"refund.rego": REGO.encode()})
    bundle = folder / "good.tar.gz"
    command = [opa_command(), "build", "-b", folder / "rego", "-o", bundle, "-r", version]
    subprocess.run(command, check=True, capture_output=True)
    with Processes(tmp_path_factory.mktemp("logs")) as processes:
        yield version, Opa(start_opa(processes, bundle, name="good").url, timeout=20)


def values(amount: str) -> dict[str, Any]:
    total = {"amount": "90.00", "currency": "EUR"}
    return {
        "order": {"id": "A-1", "customer": "Zoë", "total": total},
        "refund": {"amount": amount, "currency": "EUR"},
        "reason": "broken",
    }


def command(world: Any, **more: Any) -> dict[str, Any]:
    return {
        **world.of("watched"),
        "workflow_id": "activity_refund",
        "initiator": {"actor": world.actor("carol"), "value": "carol"},
        **more,
    }


def opened(world: Any, opa: Opa | None, amount: str) -> dict[str, Any]:
    asking = command(world, opened_at=NOW, proposal=values(amount))
    found: dict[str, Any] = asyncio.run(
        ActivityEnvironment().run(world.opener(opa).open_gate, asking)
    )
    return found


def again(world: Any, opa: Opa | None, amount: str, **more: Any) -> dict[str, Any]:
    asking = command(world, decided=values(amount), **more)
    found: dict[str, Any] = asyncio.run(
        ActivityEnvironment().run(world.opener(opa).ask_guard, asking)
    )
    return found


@pytest.mark.parametrize(
    ("amount", "answer", "guard", "policy"),
    [
        ("24.99", "ALLOW", "ALLOW", True),
        ("40.00", "REQUIRE_HUMAN", "ALLOW", True),
        ("40.01", "DENY", "DENY", False),
        # The policy would waive it; the guard's no comes first.
        ("13.00", "DENY", "DENY", False),
        ("50.00", "FAILURE", "FAILURE", False),
    ],
)
def test_before_people(
    world: Any, served: tuple[str, Opa], amount: str, answer: str, guard: str, policy: bool
) -> None:
    said = opened(world, served[1], amount)
    assert said["answer"] == answer
    assert said["guard"]["answer"] == guard
    assert said["guard"]["query"] == "data.refund.watch"
    assert said["cause"] == ("policy_failure" if answer == "FAILURE" else "none")
    assert said["query"] == ("data.refund.decision" if policy else "none")
    versions = {said["guard"]["policy_version_id"], said["policy_version_id"]} - {"none"}
    assert versions == (set() if answer == "FAILURE" else {served[0]})


@pytest.mark.parametrize(
    ("amount", "cause", "answer"),
    [
        ("40.00", "none", "ALLOW"),
        ("40.01", "policy_deny", "DENY"),
        ("50.00", "policy_failure", "FAILURE"),
    ],
)
def test_about_what_was_decided(
    world: Any, served: tuple[str, Opa], amount: str, cause: str, answer: str
) -> None:
    said = again(world, served[1], amount)
    assert (said["cause"], said["guard"]["answer"]) == (cause, answer)


def test_two_revisions_stand_behind_no_transition(
    world: Any, served: tuple[str, Opa], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantral.policy import Answer
    from gantral.runtime.workers import policies

    versions = iter(["sha256:" + "1" * 64, "sha256:" + "2" * 64])

    async def ask(opa: Opa, question: Any) -> Answer:
        return Answer("ALLOW", next(versions))

    monkeypatch.setattr(policies, "ask", ask)
    said = opened(world, served[1], "24.99")
    assert (said["answer"], said["cause"]) == ("FAILURE", "policy_failure")
    assert "two revisions" in said["problem"]


def test_nobody_to_ask_is_a_failure_and_who_asks_must_be_clear(world: Any) -> None:
    assert again(world, None, "40.00")["cause"] == "policy_failure"
    wrong = {"actor": world.actor("alice"), "value": "carol"}
    said = again(world, None, "40.00", initiator=wrong)
    assert (said["cause"], said["guard"], said["sealed"]) == (
        "authority_ambiguous",
        "none",
        "none",
    )
    said = again(world, None, "40.005")
    assert (said["cause"], said["guard"]) == ("authority_ambiguous", "none")
    for more in ({"gate": "paying"}, {"gate": "nowhere"}, {"opened_at": NOW}):
        with pytest.raises(ApplicationError) as error:
            again(world, None, "40.00", **more)
        assert error.value.type == "NotOpened"


def decided(world: Any, amount: str = "40.00", answer: str = "ALLOW", **more: Any) -> Any:
    """The commit of a decision about this amount, of two who agree."""
    asked(world, "watched")
    amended = amount != "40.00"
    kind = "OVERRIDE" if amended else "APPROVE"
    amendment = {"amendment": [["/refund/amount", amount]]} if amended else {}
    votes = [world.vote("alice", kind, **amendment), world.vote("bob", kind, **amendment)]
    base = world.approved(votes, gate="watched", **world.guarded(answer, amount))
    if amended:
        base |= {"states": ["OVERRIDDEN", "RESUMED", "RUNNING"], "cause": "amended"}
        base["context"] = {"amended": {"/refund/amount": amount}}
    return {**base, **more}


def rejected(world: Any, answer: str, cause: str, amount: str = "40.00", **more: Any) -> Any:
    end = {"message": "watched/1: no", "statement": "watched/1", "standing": []}
    no = {"states": ["REJECTED"], "cause": cause, "human_actor_id": "none", "end": end}
    return {**decided(world, amount, answer), **no, "context": {"same": True}, **more}


@pytest.mark.parametrize("amount", ["40.00", "25.00"])
@pytest.mark.parametrize("answer", ["ALLOW", "REQUIRE_HUMAN"])
def test_a_decision_is_signed_with_the_guards_answer(world: Any, amount: str, answer: str) -> None:
    world.put(decided(world, amount, answer))
    commit = world.chain.need(2).statement
    assert commit["records"][0]["answer"] == answer
    assert commit["artifacts"][0]["policy_version_id"] == POLICY
    assert world.verdict() == ("INCONCLUSIVE", world.verdict()[1])  # only its end is missing
    assert [one.code for one in world.verdict()[1]] == ["no_end"]


@pytest.mark.parametrize("amount", ["40.00", "25.00"])
@pytest.mark.parametrize(
    ("answer", "cause"), [("DENY", "policy_deny"), ("FAILURE", "policy_failure")]
)
def test_what_it_denies_ends_valid(world: Any, amount: str, answer: str, cause: str) -> None:
    world.put(rejected(world, answer, cause, amount))
    assert world.verdict() == ("VALID", ())


def test_that_nobody_could_ask_ends_valid(world: Any) -> None:
    nobody = {"policy_version_id": "none", "records": [], "asked": "none"}
    world.put(rejected(world, "DENY", "authority_ambiguous", **nobody))
    assert world.verdict() == ("VALID", ())


def test_a_waiver_of_a_guarded_gate_stands_beside_its_guards_answer(world: Any) -> None:
    world.put(world.created())
    waiting = world.waiting("watched")
    guard, policy = waiting["records"][:2]
    waiver = {**policy, "kind": "waiver", "answer": "ALLOW"}
    said = {name: guard[name] for name in ("query", "policy_version_id", "input_hash", "answer")}
    seal = world.asked("ALLOW", gate="watched", guard=said)
    whole = world.command([], waiting["context"], records=[guard, waiver], asked=seal)
    assert refused(world, {**whole, "records": [waiver]}) == "waiver_alone"
    assert refused(world, {**whole, "records": [guard]}) == "guard_record"
    world.put(whole)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("guard", lambda world: {"records": [], "policy_version_id": "none"}),
        ("guard", lambda world: {"records": world.guarded("ALLOW")["records"] * 2}),
        ("guard", lambda world: world.guarded("DENY")),
        ("guard", lambda world: world.guarded("FAILURE")),
        ("asked", lambda world: {"asked": "none"}),
        # It was asked about another amount, of another round, for another gate.
        ("asked", lambda world: {"asked": world.guarded("ALLOW", "25.00")["asked"]}),
        ("asked", lambda world: {"asked": world.guarded("ALLOW", round=2)["asked"]}),
        ("asked", lambda world: {"asked": world.guarded("ALLOW", gate="finance")["asked"]}),
        # The answer of another question: the one before people, of this very proposal.
        ("asked", lambda world: {"asked": before_people(world)}),
        # It said DENY, and its record says ALLOW.
        ("asked", lambda world: {"asked": world.guarded("DENY")["asked"]}),
    ],
)
def test_no_yes_is_signed_without_it(world: Any, rule: str, change: Any) -> None:
    whole = decided(world)
    assert refused(world, {**whole, **change(world)}) == rule
    world.put(whole)


def before_people(world: Any) -> Any:
    record = world.guarded("ALLOW")["records"][0]
    guard = {name: record[name] for name in ("query", "policy_version_id", "input_hash", "answer")}
    return world.asked("REQUIRE_HUMAN", gate="watched", guard=guard)


@pytest.mark.parametrize(
    "change",
    [
        lambda world: {"human_actor_id": world.actor("alice")},
        lambda world: {"cause": "policy_failure"},
        lambda world: {"cause": "deadline"},
        lambda world: {"records": [], "policy_version_id": "none"},
        lambda world: {"context": {"amended": {"/refund/amount": "40.00"}}},
    ],
)
def test_what_a_guard_ends_is_told_as_it_is(world: Any, change: Any) -> None:
    whole = rejected(world, "DENY", "policy_deny")
    assert refused(world, {**whole, **change(world)}) == "guard"
    world.put(whole)


def test_nobody_else_brings_a_guards_answer(world: Any) -> None:
    asked(world, "paying")
    votes = [world.vote("alice"), world.vote("bob")]
    more = world.guarded("ALLOW", gate="paying")
    assert refused(world, world.approved(votes, gate="paying", **more)) == "guard"
    world.put(world.approved(votes, gate="paying"))

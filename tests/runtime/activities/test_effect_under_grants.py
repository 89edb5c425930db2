"""What a grant lets an effect do: these arguments, in time, as often as the gate gives, no more."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from effect_bank import PAY, Bank, says
from gantral.evidence import SigningKey, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.runtime import programs
from temporalio.exceptions import ApplicationError


@pytest.mark.parametrize(
    "change",
    [
        {"order": "A-2"},
        {"amount": {"amount": "40.01", "currency": "EUR"}},
        {"amount": {"amount": "40.00", "currency": "USD"}},
        {"amount": {"amount": "40.0", "currency": "EUR"}},
        {"more": 1},
    ],
)
def test_a_drifted_argument_is_refused(
    world: Any, bank: Bank, perform: Any, change: dict[str, Any]
) -> None:
    grant = world.to_grant("finance")
    answer = perform("payments.refund", "payments.refund/1", [grant], {**PAY, **change})
    assert says(answer) == ("not_done", "drifted")
    assert not bank.calls
    assert not list(world.store.list(world.chain.key("uses")))


def test_the_amended_value_is_the_approved_one(world: Any, bank: Bank, perform: Any) -> None:
    world.put(world.created())
    world.put(world.waiting("finance"))
    change = {"decision_type": "OVERRIDE", "amendment": [["/refund/amount", "25.00"]]}
    votes = [world.vote("alice", **change), world.vote("bob", **change)]
    command = world.approved(votes, gate="finance", cause="amended")
    command |= {
        "states": ["OVERRIDDEN", "RESUMED", "RUNNING"],
        "context": {"amended": {"/refund/amount": "25.00"}},
    }
    receipt = world.put(command)
    grant = {
        "artifact": receipt["first_artifact_hash"],
        "waiting_commit": 1,
        "decision_commit": 2,
        "gate": "finance",
        "round": 1,
    }
    proposed = perform("payments.refund", "payments.refund/1", [grant])
    assert says(proposed) == ("not_done", "drifted")
    amended = {"order": "A-1", "amount": {"amount": "25.00", "currency": "EUR"}}
    assert says(perform("payments.refund", "payments.refund/1", [grant], amended))[0] == "done"


def test_an_expired_grant_is_refused(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    in_time, late = "2026-11-23T10:30:02.000Z", "2026-11-23T10:30:02.001Z"
    answer = perform("payments.refund", "payments.refund/1", [grant], at=late)
    assert says(answer) == ("not_done", "lapsed")
    assert says(perform("payments.refund", "payments.refund/1", [grant], at=in_time))[0] == "done"


def test_a_late_attempt_after_an_earlier_one_is_unknown_and_not_lapsed(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant])
    late = "2026-11-23T10:30:02.001Z"
    answer = perform("payments.refund", "payments.refund/1", [grant], attempt=2, at=late)
    assert says(answer) == ("unknown", "effect_unknown")
    assert len(bank.calls) == 1


def test_no_more_uses_than_the_gate_gives(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    assert says(perform("payments.refund", "payments.refund/1", [grant]))[0] == "done"
    answer = perform("payments.refund", "payments.refund/2", [grant])
    assert says(answer) == ("not_done", "authority_ambiguous")
    # A gate with two uses: the second call of the same arguments is not another use.
    grant = world.to_grant("paying")
    assert says(perform("payments.pay", "payments.pay/1", [grant]))[0] == "done"
    answer = perform("payments.pay", "payments.pay/2", [grant])
    assert says(answer) == ("not_done", "spent")
    assert len(bank.calls) == 2


def test_all_slots_taken_is_spent(world: Any, bank: Bank, perform: Any) -> None:
    from gantral.runtime.workers.uses import Book

    grant = world.to_grant("paying")
    book = Book(world.chain, world.keys["effect"], grant["artifact"])
    for slot in ("1", "2"):
        assert book.claim(
            slot,
            {
                "owning_team_id": "payments",
                "instance_id": world.instance_id,
                "operation": "payments.pay",
                "call": f"payments.pay/{7 + int(slot)}",
                "queue": "payments",
                "run": "r",
                "attempt": "1",
                "timestamp": "2026-11-23T10:00:03.000Z",
                "arguments": [],
            },
        )
    assert says(perform("payments.pay", "payments.pay/1", [grant])) == ("not_done", "spent")
    assert not bank.calls


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"artifact": "11" * 32}, "context_mismatch"),
        ({"gate": "paying"}, "authority_ambiguous"),
        ({"round": 2}, "authority_ambiguous"),
        ({"decision_commit": 1}, "context_mismatch"),
        ({"decision_commit": 9}, "authority_ambiguous"),
        ({"waiting_commit": 0}, "context_mismatch"),
    ],
)
def test_an_altered_grant_is_refused(
    world: Any, bank: Bank, perform: Any, change: dict[str, Any], cause: str
) -> None:
    grant = {**world.to_grant("finance"), **change}
    answer = perform("payments.refund", "payments.refund/1", [grant])
    assert says(answer) == ("not_done", cause)
    assert not bank.calls


def test_a_grant_of_another_gate_is_refused(world: Any, bank: Bank, perform: Any) -> None:
    world.to_grant("finance")
    paying = world.to_grant("paying")
    answer = perform("payments.refund", "payments.refund/1", [paying])
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert not bank.calls


def test_a_grant_of_another_instance_is_refused(
    world: Any, new_world: Callable[[], Any], bank: Bank, perform: Any
) -> None:
    world.to_grant("finance")
    theirs = new_world().to_grant("finance")
    answer = perform("payments.refund", "payments.refund/1", [theirs])
    assert says(answer) == ("not_done", "context_mismatch")
    assert not bank.calls


def test_a_good_grant_by_another_queue_is_refused(world: Any, bank: Bank, perform: Any) -> None:
    """Whoever schedules activities may not choose who carries it out."""
    grant = world.to_grant("finance")
    answer = perform("payments.refund", "payments.refund/1", [grant], queue="orders")
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert not bank.calls
    assert not answer["claims"]


def test_a_good_grant_for_another_team_is_refused(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    answer = perform("payments.refund", "payments.refund/1", [grant], team="sales")
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert not bank.calls


def test_no_grant_at_all_is_refused(world: Any, bank: Bank, perform: Any) -> None:
    world.to_grant("finance")
    assert says(perform("payments.refund", "payments.refund/1", [])) == (
        "not_done",
        "authority_ambiguous",
    )


def test_a_decision_that_a_worker_made_up_is_refused(
    world: Any, bank: Bank, perform: Any, keys: dict[str, SigningKey]
) -> None:
    """Whoever holds the commit key alone can't approve: the votes are recounted here too."""
    grant = world.to_grant("finance")
    key = world.chain.commit_key(grant["decision_commit"])
    statement = json.loads(canonical(dict(world.chain.need(2).statement)))
    statement["decision"]["votes"] = statement["decision"]["votes"][:1]
    from gantral.evidence.hashes import artifact_hash, decision_hash

    first = statement["artifacts"][0]
    first["decision_hash"] = decision_hash(statement["decision"])
    first["artifact_hash"] = artifact_hash(first)
    path = world.root / "evidence" / key
    path.write_bytes(write_envelope(seal("commit", statement, keys["commit"])))
    forged = {**grant, "artifact": first["artifact_hash"]}
    answer = perform("payments.refund", "payments.refund/1", [forged])
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert not bank.calls


def test_an_altered_text_is_a_mismatch(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    hashed = world.chain.need(2).context["/refund/amount"]
    path = world.root / "evidence" / world.chain.key("texts", f"{hashed}.json")
    path.write_bytes(path.read_bytes().replace(b"40.00", b"90.00"))
    more = {"order": "A-1", "amount": {"amount": "90.00", "currency": "EUR"}}
    answer = perform("payments.refund", "payments.refund/1", [grant], more)
    assert says(answer) == ("not_done", "context_mismatch")


def test_a_waiver_is_a_grant_for_what_is_not_critical(world: Any, bank: Bank, perform: Any) -> None:
    world.put(world.created())
    record = {
        "kind": "waiver",
        "gate": "finance",
        "round": "1",
        "query": "data.refund.decision",
        "policy_version_id": "sha256:" + "cd" * 32,
        "input_hash": "ab" * 32,
        "answer": "ALLOW",
    }
    context = world.waiting("finance")["context"]
    receipt = world.put(world.command([], context, records=[record], asked=world.asked("ALLOW")))
    grant = {
        "waiver": receipt["commit_hash"],
        "waiting_commit": 1,
        "decision_commit": 1,
        "gate": "finance",
        "round": 1,
    }
    assert says(perform("payments.refund", "payments.refund/1", [grant]))[0] == "done"


@pytest.mark.parametrize(("asked", "came"), [({}, "done"), ({"asked": "always"}, "not_done")])
def test_that_nobody_was_asked_serves_no_call_under_an_ask_of_every_case(
    world: Any,
    bank: Bank,
    perform: Any,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, str],
    came: str,
) -> None:
    manifest = copy.deepcopy(dict(world.program.manifest))
    gate = manifest["gates"]["finance"]
    gate["only_if"] = {"finance/2": "input.late"}
    gate["plan"]["payments.refund/1"] |= asked
    next(row for row in manifest["automaton"] if row[0] == "start")[2].append("finance/2:unasked")
    manifest["automaton"].append(["finance/2:unasked", "RUNNING", ["terminated"]])
    world.program = replace(world.program, manifest=manifest)
    monkeypatch.setattr(programs, "get", lambda version_id: world.program)
    world.put(world.created())
    record = {
        "kind": "unasked",
        "gate": "finance",
        "round": "1",
        "statement": "finance/2",
        "condition": "input.late",
    }
    context = world.waiting("finance")["context"]
    receipt = world.put(world.command([], context, records=[record]))
    grant = {
        "unasked": receipt["commit_hash"],
        "waiting_commit": 1,
        "decision_commit": 1,
        "gate": "finance",
        "round": 1,
    }
    assert says(perform("payments.refund", "payments.refund/1", [grant]))[0] == came
    assert bool(bank.calls) == (came == "done")


def test_a_yes_is_no_record_that_nobody_was_asked(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    named = {name: value for name, value in grant.items() if name != "artifact"}
    commit = world.chain.need(grant["decision_commit"]).hash
    answer = perform("payments.refund", "payments.refund/1", [{**named, "unasked": commit}])
    assert says(answer) == ("not_done", "context_mismatch")
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [{**grant, "unasked": commit}])
    assert not bank.calls

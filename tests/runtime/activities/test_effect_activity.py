"""An effect's activity: what it checks, what it claims, what it says afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from gantral.evidence import SigningKey, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.runtime import CallContext, NotDone
from gantral.runtime.workers.implementations import implementations
from temporalio.exceptions import ApplicationError

PAY = {"order": "A-1", "amount": {"amount": "40.00", "currency": "EUR"}}


@dataclass
class Bank:
    """What the service was asked to do; ``then`` says how it ends."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    then: list[Exception | str] = field(default_factory=list)

    def did(self, call: CallContext, name: str, what: Any) -> str:
        self.calls.append((name, call.key, what))
        ending = self.then.pop(0) if self.then else f"R-{len(self.calls)}"
        if isinstance(ending, Exception):
            raise ending
        return ending


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def perform(world: Any, bank: Bank) -> Callable[..., dict[str, Any]]:
    from activity_refund.services import Payments
    from activity_refund.types import Money, PaymentsRefundResult

    class Team(Payments):
        def refund(
            self, call: CallContext, /, *, order: str, amount: Money
        ) -> PaymentsRefundResult:
            # What a careless service returns: nobody looked at it yet.
            return PaymentsRefundResult.model_construct(
                receipt_id=bank.did(call, "refund", (order, amount))
            )

        async def pay(
            self, call: CallContext, /, *, order: str, amount: Money
        ) -> PaymentsRefundResult:
            return PaymentsRefundResult(receipt_id=bank.did(call, "pay", (order, amount)))

        def reverse(self, call: CallContext, /, *, receipt_id: str) -> None:
            bank.did(call, "reverse", receipt_id)

    made = implementations([Team()])

    def run(
        operation: str,
        call: str,
        grants: list[Any],
        arguments: Any = PAY,
        *,
        undo: bool = False,
        effects: Any = None,
        attempt: int = 1,
        temporal_run: str = "run-1",
        at: str | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        one = made["activity_refund", operation]
        offers = {world.program.version_id: (world.program, one)}
        activity = (effects or world.effects).activity("gantral/test", offers, None)
        command = {
            "team": "payments",
            "workflow_id": "activity_refund",
            "instance_id": world.instance_id,
            "program": world.program.version_id,
            "run": temporal_run,
            "call": call,
            "operation": operation,
            "undo": undo,
            "grants": grants,
            "arguments": arguments,
            "lapses": "none",
            **changes,
        }
        environment = world.environment(attempt=attempt, run=temporal_run, at=at)
        answer: dict[str, Any] = asyncio.run(environment.run(activity, command))
        assert json.loads(json.dumps(answer)) == answer
        return answer

    return run


def says(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["status"], answer["cause"]


def test_an_effect_is_done_under_its_grant(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    answer = perform("payments.refund", "payments.refund/1", [grant])
    assert says(answer) == ("done", "none")
    assert answer["result"] == {"receipt_id": "R-1"}
    assert len(bank.calls) == len(answer["claims"]) == len(answer["outcomes"]) == 1
    key = world.chain.key("uses", grant["artifact"], "1.json")
    assert world.store.get(key) == write_envelope(answer["claims"][0])
    ((pointer, hashed),) = answer["results"]
    assert world.chain.text(hashed, pointer) == "R-1"


def test_a_repeat_finds_the_outcome_and_calls_nobody(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    first = perform("payments.refund", "payments.refund/1", [grant])
    for again in ({}, {"attempt": 2}, {"temporal_run": "another run"}):
        assert perform("payments.refund", "payments.refund/1", [grant], **again) == first
    assert len(bank.calls) == 1


def test_the_key_of_a_call_is_the_same_in_every_attempt(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost"), "R-9"]
    with pytest.raises(ApplicationError, match="failed with RuntimeError"):
        perform("payments.refund", "payments.refund/1", [grant])
    answer = perform("payments.refund", "payments.refund/1", [grant], attempt=2)
    assert answer["result"] == {"receipt_id": "R-9"}
    assert len({key for _, key, _ in bank.calls}) == 1
    assert len(list(world.store.list(world.chain.key("uses")))) == 2


def test_a_claim_without_an_outcome_is_unknown_in_another_run(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant])
    answer = perform("payments.refund", "payments.refund/1", [grant], temporal_run="reset")
    assert says(answer) == ("unknown", "effect_unknown")
    assert len(bank.calls) == 1


def test_an_attempt_that_is_not_later_does_not_call_again(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant], attempt=2)
    answer = perform("payments.refund", "payments.refund/1", [grant], attempt=2)
    assert says(answer)[0] == "unknown"
    assert len(bank.calls) == 1


def test_what_is_not_idempotent_is_never_called_twice(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("paying")
    bank.then = [RuntimeError("lost")]
    first = perform("payments.pay", "payments.pay/1", [grant])
    assert says(first) == ("unknown", "effect_unknown")
    assert says(perform("payments.pay", "payments.pay/1", [grant], attempt=2))[0] == "unknown"
    assert len(bank.calls) == 1


def test_the_last_attempt_ends_unknown(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost"), RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant], attempt=5)
    answer = perform("payments.refund", "payments.refund/1", [grant], attempt=6)
    assert says(answer) == ("unknown", "effect_unknown")
    assert "lost" not in answer["problem"]


def test_the_service_says_that_it_did_nothing(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    bank.then = [NotDone("the card is closed")]
    answer = perform("payments.refund", "payments.refund/1", [grant])
    assert (answer["status"], answer["problem"]) == ("not_done", "the card is closed")
    assert len(answer["outcomes"]) == 1


def test_a_result_outside_its_type_leaves_the_effect_unknown(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = ["R" * 21]
    assert says(perform("payments.refund", "payments.refund/1", [grant]))[0] == "unknown"


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


def test_undo_takes_its_own_slot_and_does_not_lapse(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    perform("payments.refund", "payments.refund/1", [grant])
    undo = {"receipt_id": "R-1"}
    late = "2026-12-23T10:00:00.000Z"

    def undone(arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = perform(
            "payments.reverse", "payments.refund/1", [grant], arguments, undo=True, at=late
        )
        return answer

    assert says(undone({"receipt_id": "R-2"})) == ("not_done", "drifted")
    assert says(undone(undo)) == ("done", "none")
    assert says(undone(undo)) == ("done", "none")
    assert [name for name, _, _ in bank.calls] == ["refund", "reverse"]
    assert bank.calls[0][1] != bank.calls[1][1]
    assert world.store.get(world.chain.key("uses", grant["artifact"], "undo", "1.json"))


def test_what_is_not_known_to_be_done_is_not_undone(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    bank.then = ["R" * 21]
    perform("payments.refund", "payments.refund/1", [grant])
    undo = {"receipt_id": "R-1"}
    answer = perform("payments.reverse", "payments.refund/1", [grant], undo, undo=True)
    assert says(answer) == ("not_done", "authority_ambiguous")


def test_an_effect_cannot_pass_for_an_undo(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    undo = {"receipt_id": "R-1"}
    answer = perform("payments.reverse", "payments.refund/1", [grant], undo)
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert not bank.calls


def test_of_two_workers_at_one_slot_one_wins(world: Any, bank: Bank, perform: Any) -> None:
    """The other one read the slot as free, and finds it taken when it claims."""
    grant = world.to_grant("finance")

    class Blind:
        """The uses are not seen at the first look."""

        seen = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        def get(self, key: str) -> bytes | None:
            if key.endswith("/1.json") and self.seen < 3:
                self.seen += 1
                return None
            found: bytes | None = world.store.get(key)
            return found

    bank.then = [RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant])
    blind = replace(world.effects, store=Blind())
    answer = perform("payments.refund", "payments.refund/1", [grant], effects=blind)
    assert says(answer)[0] == "unknown"
    assert len(bank.calls) == 1


def test_an_effect_key_that_is_not_trusted_signs_nothing(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    perform(
        "payments.refund",
        "payments.refund/1",
        [grant],
        effects=replace(world.effects, key=SigningKey.generate()),
    )
    answer = perform("payments.refund", "payments.refund/1", [grant])
    assert says(answer) == ("not_done", "authority_ambiguous")


def test_the_closer_tells_what_the_lost_run_did(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    perform("payments.refund", "payments.refund/1", [grant])
    last = world.chain.need(2)
    told = world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")
    assert told is not None
    closed = world.chain.need(3)
    assert [record["kind"] for record in closed.statement["records"]] == ["use", "outcome", "end"]
    assert closed.records("end")[0]["standing"] == ["payments.refund/1"]
    assert world.verdict() == ("VALID", ())
    # Who was first stays: another closer finds it and leaves it.
    assert world.closer.close(world.chain, last, last.artifacts[-1], "again") is None


def test_the_closer_does_not_list_what_was_undone(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    perform("payments.refund", "payments.refund/1", [grant])
    undo = {"receipt_id": "R-1"}
    perform("payments.reverse", "payments.refund/1", [grant], undo, undo=True)
    last = world.chain.need(2)
    world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")
    assert world.chain.need(3).records("end")[0]["standing"] == []
    assert world.verdict() == ("VALID", ())

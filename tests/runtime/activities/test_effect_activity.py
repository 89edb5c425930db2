"""An effect's activity: what it checks, what it claims, what it says afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from effect_bank import Bank, says
from gantral.evidence import SigningKey
from gantral.evidence.envelope import write_envelope
from gantral.evidence.forms import instant_ms, instant_text
from gantral.runtime import NotDone
from gantral.runtime.workers import closer
from temporalio.exceptions import ApplicationError


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
            if key.endswith("/1.json") and self.seen < 2:
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


def test_a_closer_whose_clock_is_behind_ends_nothing_before_what_it_tells(
    world: Any, bank: Bank, perform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else evidence would hold a claim from its future."""
    grant = world.to_grant("finance")
    last = world.chain.need(2)
    decided = instant_ms(last.statement["timestamp"])
    claimed = instant_text(decided + 600 * 1000)
    perform("payments.refund", "payments.refund/1", [grant], at=claimed)
    monkeypatch.setattr(closer, "_now_ms", lambda: decided - 4 * 24 * 60 * 60 * 1000)
    world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")
    assert world.chain.need(3).statement["timestamp"] >= claimed
    assert world.verdict() == ("VALID", ())


def test_the_closer_does_not_list_what_was_undone(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    perform("payments.refund", "payments.refund/1", [grant])
    undo = {"receipt_id": "R-1"}
    perform("payments.reverse", "payments.refund/1", [grant], undo, undo=True)
    last = world.chain.need(2)
    world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")
    assert world.chain.need(3).records("end")[0]["standing"] == []
    assert world.verdict() == ("VALID", ())


def test_what_has_ended_undoes_nothing_more(world: Any, bank: Bank, perform: Any) -> None:
    grant = world.to_grant("finance")
    perform("payments.refund", "payments.refund/1", [grant])
    last = world.chain.need(2)
    world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")
    undo = {"receipt_id": "R-1"}
    answer = perform("payments.reverse", "payments.refund/1", [grant], undo, undo=True)
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert [name for name, _, _ in bank.calls] == ["refund"]
    # Nor for somebody who says to have run it: it did not complete.
    parents = ["8d0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b33"]
    answer = perform(
        "payments.reverse", "payments.refund/1", [grant], undo, undo=True, parents=parents
    )
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert len(bank.calls) == 1

"""An attempt can reach its worker when its instance is over: nothing is begun then (ADR 0087)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from effect_bank import Bank, says
from gantral.evidence import LocalStore
from temporalio.exceptions import ApplicationError


def close(world: Any) -> None:
    """End the evidence, as the closer does for a run that is terminated."""
    last = world.chain.need(2)
    assert world.closer.close(world.chain, last, last.artifacts[-1], "its run is terminated")


def uses(world: Any) -> list[str]:
    return [key.rpartition("/")[2] for key in world.store.list(world.chain.key("uses"))]


@pytest.mark.parametrize("call", ["payments.refund", "payments.pay"])
def test_nothing_is_claimed_after_the_end(world: Any, bank: Bank, perform: Any, call: str) -> None:
    grant = world.to_grant({"payments.refund": "finance", "payments.pay": "paying"}[call])
    close(world)
    answer = perform(call, f"{call}/1", [grant])
    assert says(answer) == ("not_done", "lapsed")
    assert "over" in answer["problem"]
    assert (bank.calls, uses(world)) == ([], [])
    assert world.verdict() == ("VALID", ())


def test_an_end_that_comes_while_the_claim_is_put_is_seen(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")

    class Slow(LocalStore):
        def put(self, key: str, data: bytes) -> None:
            if "/uses/" in key and not key.endswith(".outcome.json"):
                close(world)
            super().put(key, data)

    slow = replace(world.effects, store=Slow(world.store.root))
    answer = perform("payments.refund", "payments.refund/1", [grant], effects=slow)
    assert says(answer)[0] == "not_done"
    assert bank.calls == []
    assert uses(world) == ["1.json", "1.outcome.json"]
    # Nothing was done, and that is signed; what was too late for a commit is nobody's to add.
    verdict, findings = world.verdict()
    assert (verdict, {one.code for one in findings}) == ("INCONCLUSIVE", {"use_unaccounted"})


def test_what_was_begun_is_not_tried_again_after_the_end(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    bank.then = [RuntimeError("lost")]
    with pytest.raises(ApplicationError):
        perform("payments.refund", "payments.refund/1", [grant])
    close(world)
    answer = perform("payments.refund", "payments.refund/1", [grant], attempt=2)
    assert says(answer) == ("unknown", "effect_unknown")
    assert len(bank.calls) == 1


def test_what_was_done_is_told_and_not_undone_after_the_end(
    world: Any, bank: Bank, perform: Any
) -> None:
    grant = world.to_grant("finance")
    first = perform("payments.refund", "payments.refund/1", [grant])
    close(world)
    assert perform("payments.refund", "payments.refund/1", [grant], attempt=2) == first
    undo = {"receipt_id": "R-1"}
    answer = perform("payments.reverse", "payments.refund/1", [grant], undo, undo=True)
    assert says(answer) == ("not_done", "authority_ambiguous")
    assert len(bank.calls) == 1

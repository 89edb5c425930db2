"""A call under two approvals claims both before its service is called, or the service is not
called: an attempt that was first at one of them only can't say what the other one's claimer did."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from gantral.runtime import CallContext
from gantral.runtime.workers.implementations import implementations
from gantral.runtime.workers.uses import Book

CALL = "payments.refund/1"
PAY = {"order": "A-1", "amount": {"amount": "40.00", "currency": "EUR"}}
UNKNOWN = ("unknown", "effect_unknown")


@dataclass
class Two:
    """One instance with two approvals of the same call, and a worker for it."""

    world: Any
    program: Any
    grants: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)

    def claim(self, which: int) -> None:
        """What an effect worker left under one of the approvals, slot 1."""
        paths = {
            "amount.amount": "/refund/amount",
            "amount.currency": "/refund/currency",
            "order": "/order/id",
        }
        grant = self.grants[which]
        context = self.world.chain.need(grant["decision_commit"]).context
        members = {
            "owning_team_id": "payments",
            "instance_id": self.world.instance_id,
            "operation": "payments.refund",
            "call": CALL,
            "queue": "payments",
            "run": "run-1",
            "attempt": "1",
            "timestamp": "2026-11-23T10:00:05.000Z",
            "arguments": [[name, path, context[path]] for name, path in sorted(paths.items())],
        }
        book = Book(self.world.chain, self.world.keys["effect"], grant["artifact"])
        assert book.claim("1", members)

    def perform(
        self, *, attempt: int = 1, store: Any = None, arguments: Any = PAY
    ) -> tuple[str, str]:
        from activity_refund.services import Payments
        from activity_refund.types import Money, PaymentsRefundResult

        asked = self.asked

        class Team(Payments):
            def refund(
                self, call: CallContext, /, *, order: str, amount: Money
            ) -> PaymentsRefundResult:
                asked.append("refund")
                return PaymentsRefundResult(receipt_id="R-1")

            def pay(
                self, call: CallContext, /, *, order: str, amount: Money
            ) -> PaymentsRefundResult:
                asked.append("pay")
                return PaymentsRefundResult(receipt_id="R-2")

            def reverse(self, call: CallContext, /, *, receipt_id: str) -> None:
                asked.append("reverse")

        made = implementations([Team()])["activity_refund", "payments.refund"]
        effects = replace(self.world.effects, store=store or self.world.store)
        offers = {self.program.version_id: (self.program, made)}
        command = {
            "team": "payments",
            "workflow_id": "activity_refund",
            "instance_id": self.world.instance_id,
            "program": self.program.version_id,
            "run": "run-1",
            "call": CALL,
            "operation": "payments.refund",
            "undo": False,
            "parents": [],
            "grants": self.grants,
            "arguments": arguments,
            "lapses": "none",
        }
        environment = self.world.environment(attempt=attempt, run="run-1")
        activity = effects.activity("gantral/test", offers, None)
        answer = asyncio.run(environment.run(activity, command))
        return answer["status"], answer["cause"]


@pytest.fixture
def two(world: Any) -> Two:
    manifest = copy.deepcopy(dict(world.program.manifest))
    gates = manifest["gates"]
    # The second gate of the program's walk releases the first one's call too.
    gates["paying"]["plan"] = gates["finance"]["plan"]
    gates["paying"]["releases"] = gates["finance"]["releases"]
    grants = [world.to_grant("finance"), world.to_grant("paying")]
    return Two(world, replace(world.program, manifest=manifest), grants)


class Overtaken:
    """A store at which somebody else puts first, right before the first put at a place."""

    def __init__(self, store: Any, place: str, other: Callable[[], None]) -> None:
        self._store, self._place, self._other = store, place, other
        self.overtaken = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> None:
        if self._place in key and not self.overtaken:
            self.overtaken += 1
            self._other()
        self._store.put(key, data)


def test_under_two_approvals_both_are_claimed_and_the_service_is_called_once(two: Two) -> None:
    assert two.perform() == ("done", "none")
    assert two.perform(attempt=2) == ("done", "none")
    assert two.asked == ["refund"]
    keys = list(two.world.store.list(two.world.chain.key("uses")))
    assert len(keys) == 4


@pytest.mark.parametrize("which", [0, 1])
def test_another_attempt_was_first_at_one_of_two_approvals(two: Two, which: int) -> None:
    """Fresh at the other one or not, first in order or not: who was overtaken calls nobody."""
    store = Overtaken(two.world.store, two.grants[which]["artifact"], lambda: two.claim(which))
    assert two.perform(store=store) == UNKNOWN
    assert (store.overtaken, two.asked) == (1, [])


def test_an_attempt_that_was_lost_between_two_claims_is_not_taken_up(two: Two) -> None:
    """It had not claimed the second approval: the next attempt does not act under the first."""
    two.claim(0)
    assert two.perform(attempt=2) == UNKNOWN
    assert two.asked == []


def test_an_attempt_that_was_lost_after_both_claims_is_taken_up(two: Two) -> None:
    two.claim(0)
    two.claim(1)
    assert two.perform(attempt=2) == ("done", "none")
    assert two.asked == ["refund"]


@pytest.mark.parametrize("which", [0, 1])
def test_no_approval_that_the_program_names_may_be_left_out(two: Two, which: int) -> None:
    two.grants = [two.grants[which]]
    assert two.perform() == ("not_done", "authority_ambiguous")
    assert two.asked == []
    assert not list(two.world.store.list(two.world.chain.key("uses")))


@pytest.fixture
def split(two: Two) -> Two:
    """The first gate shows the order, the second one the amount."""
    gates = two.program.manifest["gates"]
    planned = gates["finance"]["plan"][CALL]
    for gate, arguments in {
        "finance": {"order": {"path": "/order/id"}, "amount": {"under": ["paying", "/refund"]}},
        "paying": {"order": {"under": ["finance", "/order/id"]}, "amount": {"path": "/refund"}},
    }.items():
        gates[gate]["plan"] = {CALL: {**planned, "arguments": arguments}}
    return two


@pytest.mark.parametrize(
    "drifted",
    [
        {"order": "A-2"},
        {"amount": {"amount": "40.01", "currency": "EUR"}},
        {"amount": {"amount": "40.00", "currency": "USD"}},
    ],
)
def test_an_argument_is_what_its_own_gate_showed(split: Two, drifted: dict[str, Any]) -> None:
    assert split.perform(arguments={**PAY, **drifted}) == ("not_done", "drifted")
    assert split.asked == []
    assert split.perform() == ("done", "none")


def test_each_claim_names_the_other_gates_yes(split: Two) -> None:
    assert split.perform() == ("done", "none")
    first, second = (one["artifact"] for one in split.grants)
    key = split.world.keys["effect"]
    rows = [Book(split.world.chain, key, name).use("1") for name in (first, second)]
    sources = [{row[0]: row[1] for row in use.claim.statement["arguments"]} for use in rows if use]
    assert sources[0] == {
        "order": "/order/id",
        "amount.amount": f"under:{second}/refund/amount",
        "amount.currency": f"under:{second}/refund/currency",
    }
    assert sources[1] == {
        "order": f"under:{first}/order/id",
        "amount.amount": "/refund/amount",
        "amount.currency": "/refund/currency",
    }


@pytest.mark.parametrize("right", ["41.50", "40.00"])
def test_what_is_computed_of_both_is_computed_again(split: Two, right: str) -> None:
    gates = split.program.manifest["gates"]
    one = {"const": ["decimal", "1.50"]}
    shown = {"path": ["decimal", "/refund/amount"]}
    elsewhere = {"under": ["decimal", "paying:/refund/amount"]}
    for gate, read in (("finance", elsewhere), ("paying", shown)):
        arguments = gates[gate]["plan"][CALL]["arguments"]
        del arguments["amount"]
        arguments["amount.amount"] = {"expr": {"+": [read, one]}}
        arguments["amount.currency"] = {"const": ["string", "EUR"]}
    money = {"amount": right, "currency": "EUR"}
    wanted = ("done", "none") if right == "41.50" else ("not_done", "drifted")
    assert split.perform(arguments={**PAY, "amount": money}) == wanted

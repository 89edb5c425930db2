"""A service that counts what it was asked to do, and an effect's activity in front of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from gantral.runtime import CallContext
from gantral.runtime.workers.implementations import implementations

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
        queue: str = "payments",
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
        environment = world.environment(attempt=attempt, run=temporal_run, at=at, queue=queue)
        answer: dict[str, Any] = asyncio.run(environment.run(activity, command))
        assert json.loads(json.dumps(answer)) == answer
        return answer

    return run


def says(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["status"], answer["cause"]

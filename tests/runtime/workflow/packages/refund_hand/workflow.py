from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from gantral.runtime import Ask, Governed, governed, text

from .services import orders, payments
from .types import FinanceApproval, Input, Money, Order, Output


class FinanceAsk(Ask[FinanceApproval]):
    gate_: ClassVar[str] = "finance"
    approval_: ClassVar[type[FinanceApproval]] = FinanceApproval
    order: Order
    refund: Money
    reason: str

    def title_(self) -> str:
        return f"Refund {text(self.refund.amount)} {self.refund.currency} to {self.order.customer}"

    def title_public_(self) -> str:
        return f"Refund {text(self.refund.amount)} {self.refund.currency} to …"


class gates:  # noqa: N801
    finance = FinanceAsk


@governed(workflow="refund", program="@PROGRAM@", codegen=1)
class Refund(Governed[Input, Output]):
    async def body(self, input: Input) -> Output:
        order = await self.read(orders.fetch(id=input.order_id), call="orders.fetch/1")
        self.require(
            input.refund.currency == order.total.currency,
            "the refund is in another currency",
            at="require/1",
        )
        self.require(
            input.refund.amount <= order.total.amount,
            "the refund exceeds the order",
            at="require/2",
        )
        self.require(input.refund.amount != Decimal("13.00"), "unlucky", at="require/3")
        approved = await self.ask(
            gates.finance(order=order, refund=input.refund, reason=input.reason),
            site="finance/1",
            again=lambda decided: (
                decided.refund.amount <= order.total.amount
                and decided.refund.amount != Decimal("13.00")
                # Has no exact value for 14.00: then the condition does not hold.
                and Decimal(1) / (Decimal("17.00") - decided.refund.amount) != 7
            ),
        )
        done = await self.effect(
            payments.refund(order=approved.order.id, amount=approved.refund),
            call="payments.refund/1",
            under=(approved,),
        )
        return self.complete(Output(receipt_id=done.receipt_id), at="complete/1")

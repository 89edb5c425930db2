from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from gantral.runtime import Approval, DecimalOf, Record, StringOf


class Money(Record):
    amount: Annotated[Decimal, DecimalOf(scale=2, min="0")]
    currency: Literal["EUR", "USD"]


class Order(Record):
    id: str
    customer: str
    total: Money


class Input(Record):
    order_id: Annotated[str, StringOf(max=64)]
    refund: Money
    reason: Annotated[str, StringOf(max=2000)]


class Output(Record):
    receipt_id: str


class PaymentsRefundResult(Record):
    receipt_id: str


class FinanceApproval(Approval):
    order: Order
    refund: Money
    reason: str

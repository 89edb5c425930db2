from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from gantral.runtime import DecimalOf, Record, StringOf


class Money(Record):
    amount: Annotated[Decimal, DecimalOf(scale=2, min="0.00")]
    currency: Literal["EUR", "USD"]


class Order(Record):
    id: str
    customer: str
    total: Money


class PaymentsRefundResult(Record):
    receipt_id: Annotated[str, StringOf(max=20)]

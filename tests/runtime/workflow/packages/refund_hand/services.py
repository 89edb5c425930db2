from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from typing import ClassVar

from gantral.runtime import Call, CallContext, Operation, Service

from .types import Money, Order, PaymentsRefundResult


class OrdersFetch(Call[Order]):
    operation_: ClassVar[Operation] = Operation("orders.fetch")
    result_: ClassVar[type[Order]] = Order
    id: str


class PaymentsRefund(Call[PaymentsRefundResult]):
    operation_: ClassVar[Operation] = Operation("payments.refund")
    result_: ClassVar[type[PaymentsRefundResult]] = PaymentsRefundResult
    order: str
    amount: Money


class PaymentsReverse(Call[None]):
    operation_: ClassVar[Operation] = Operation("payments.reverse")
    result_: ClassVar[None] = None
    receipt_id: str


class orders:  # noqa: N801
    fetch = OrdersFetch


class payments:  # noqa: N801
    refund = PaymentsRefund
    reverse = PaymentsReverse


class Orders(Service, name="orders", package=__package__):
    @abstractmethod
    def fetch(self, call: CallContext, /, *, id: str) -> Order | Awaitable[Order]: ...


class Payments(Service, name="payments", package=__package__):
    @abstractmethod
    def refund(
        self, call: CallContext, /, *, order: str, amount: Money
    ) -> PaymentsRefundResult | Awaitable[PaymentsRefundResult]: ...

    @abstractmethod
    def reverse(self, call: CallContext, /, *, receipt_id: str) -> Awaitable[None] | None: ...

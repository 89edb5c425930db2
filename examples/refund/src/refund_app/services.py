"""The services that refund.gantral names, on the ledger. Gantral asks who may; this only does."""

from __future__ import annotations

from gantral.runtime import ActionFailed, CallContext, Service

from refund_app.gen.refund.services import Orders, Payments
from refund_app.gen.refund.types import Money, Order, PaymentsRefundResult
from refund_app.ledger import Ledger, LedgerError


class LedgerOrders(Orders):
    """Reads orders."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def fetch(self, call: CallContext, /, *, id: str) -> Order:
        try:
            sale = self._ledger.order(id)
        except LedgerError as error:
            raise ActionFailed(str(error), "no") from None
        # The ledger holds any currency as text; what the spec knows is checked on the way in.
        total = Money.from_wire({"amount": str(sale.amount), "currency": sale.currency})
        return Order(id=sale.id, customer=sale.customer, total=total)


class LedgerPayments(Payments):
    """Pays back, once a call: the call's key is the refund's key."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def refund(self, call: CallContext, /, *, order: str, amount: Money) -> PaymentsRefundResult:
        try:
            receipt = self._ledger.refund(call.key, order, amount.amount, amount.currency)
        except LedgerError as error:
            # Refused before anything was written: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return PaymentsRefundResult(receipt_id=receipt)

    def reverse(self, call: CallContext, /, *, receipt_id: str) -> None:
        try:
            self._ledger.reverse(call.key, receipt_id)
        except LedgerError as error:
            raise ActionFailed(str(error), "no") from None


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    ledger = Ledger.at_home()
    return [LedgerOrders(ledger), LedgerPayments(ledger)]

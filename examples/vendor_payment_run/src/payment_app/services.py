"""The services that vendor_payment_run.gantral names, on the treasury. Gantral asks who may."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gantral.runtime import ActionFailed, CallContext, Service

from payment_app.gen.vendor_payment_run import services as spec
from payment_app.gen.vendor_payment_run.types import BankPayResult, Batch, Receipt
from payment_app.treasury import Treasury, TreasuryError


class Ledger(spec.Ledger):
    """Reads batches, and books what came of them."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury

    def batch(self, call: CallContext, /, *, id: str) -> Batch:
        try:
            prepared_by, bills = self._treasury.batch(id)
        except TreasuryError as error:
            raise ActionFailed(str(error), "no") from None
        invoices = [
            {
                "id": bill.id,
                "vendor": bill.vendor,
                "iban": bill.iban,
                "iban_changed": bill.iban_changed,
                "amount": str(bill.amount),
                "due": bill.due,
            }
            for bill in bills
        ]
        # The ledger holds any text; what the spec knows is checked on the way in.
        return Batch.from_wire({"id": id, "prepared_by": list(prepared_by), "invoices": invoices})

    def book(
        self,
        call: CallContext,
        /,
        *,
        batch: str,
        receipts: Sequence[Receipt],
        unsure: Sequence[str],
    ) -> None:
        self._treasury.book(batch, [(one.invoice, one.reference) for one in receipts], unsure)


class Bank(spec.Bank):
    """Sends orders to the bank."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury

    def pay(
        self, call: CallContext, /, *, invoice: str, iban: str, amount: Decimal
    ) -> BankPayResult:
        try:
            reference = self._treasury.pay(call.key, invoice, iban, amount)
        except TreasuryError as error:
            # Refused before anything was paid: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return BankPayResult(reference=reference)


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    treasury = Treasury.at_home()
    return [Ledger(treasury), Bank(treasury)]

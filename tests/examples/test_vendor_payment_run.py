"""The vendor_payment_run example's own parts: its treasury, and the services on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from gantral.runtime import ActionFailed, CallContext
from payment_app.gen.vendor_payment_run.types import Receipt
from payment_app.services import Bank, Ledger
from payment_app.treasury import Treasury, TreasuryError

IBAN = "SE4550000000058398257466"


@pytest.fixture
def treasury(tmp_path: Path) -> Treasury:
    return Treasury(tmp_path / "treasury.sqlite")


def test_a_batch_is_read_exactly(treasury: Treasury) -> None:
    prepared_by, bills = treasury.batch("P-07")
    assert prepared_by == ("nele", "cem")
    assert [(bill.id, bill.amount) for bill in bills] == [
        ("I-701", Decimal("1240.00")),
        ("I-702", Decimal("8800.50")),
    ]
    assert [bill.iban_changed for bill in treasury.batch("P-08")[1]] == [True, False]
    with pytest.raises(TreasuryError, match="no batch P-99"):
        treasury.batch("P-99")


def test_an_order_is_taken_once(treasury: Treasury) -> None:
    before = treasury.balance()
    assert treasury.pay("key-1", "I-701", IBAN, Decimal("1240.00")) == "T-000001"
    with pytest.raises(TreasuryError, match="taken before"):
        treasury.pay("key-1", "I-701", IBAN, Decimal("1240.00"))
    assert treasury.balance() == before - Decimal("1240.00")


@pytest.mark.parametrize(
    ("iban", "amount", "why"),
    [
        ("DE00000000000000000000", "1.00", "is closed"),
        (IBAN, "250000.01", "lacks 0.01"),
    ],
)
def test_a_refused_order_leaves_nothing(
    treasury: Treasury, iban: str, amount: str, why: str
) -> None:
    before = treasury.balance()
    with pytest.raises(TreasuryError, match=why):
        treasury.pay("key-1", "I-701", iban, Decimal(amount))
    assert treasury.balance() == before


def test_orders_at_once_never_overdraw(treasury: Treasury) -> None:
    def pay(number: int) -> bool:
        try:
            treasury.pay(f"key-{number}", "I-701", IBAN, Decimal("60000.00"))
        except TreasuryError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        paid = list(pool.map(pay, range(8)))
    assert paid.count(True) == 4
    assert treasury.balance() == Decimal("10000.00")


def test_what_came_of_a_batch_is_booked(treasury: Treasury) -> None:
    for _ in range(2):
        treasury.book("P-07", [("I-701", "T-000001"), ("I-702", None)], ["I-702"])
    assert treasury.states("P-07") == {"I-701": "paid", "I-702": "unsure"}
    treasury.book("P-08", [("I-801", None)], [])
    assert treasury.states("P-08") == {"I-801": "open", "I-802": "open"}


def test_the_services_say_it_as_the_spec_does(
    treasury: Treasury, call: Callable[[str], CallContext]
) -> None:
    ledger, bank = Ledger(treasury), Bank(treasury)
    batch = ledger.batch(call("a"), id="P-08")
    first, closed = batch.invoices
    paid = bank.pay(call("b"), invoice=first.id, iban=first.iban, amount=first.amount)
    with pytest.raises(ActionFailed, match="is closed") as refused:
        bank.pay(call("c"), invoice=closed.id, iban=closed.iban, amount=closed.amount)
    assert refused.value.happened == "no"
    receipts = [Receipt(invoice=first.id, reference=paid.reference), Receipt(invoice=closed.id)]
    ledger.book(call("d"), batch=batch.id, receipts=receipts, unsure=[])
    assert treasury.states("P-08") == {"I-801": "paid", "I-802": "open"}

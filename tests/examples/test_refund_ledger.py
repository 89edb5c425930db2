"""The refund example's own parts: its ledger, its people, its settings."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from gantral.cli.bundled import example
from gantral.cli.failure import Failure
from gantral.cli.tools.personas import load_personas
from refund_app.ledger import Ledger, LedgerError

REFUND = example("refund")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def test_an_order_is_read_exactly(ledger: Ledger) -> None:
    sale = ledger.order("A-1001")
    assert (sale.customer, sale.amount, sale.currency) == ("Ada Marsh", Decimal("99.90"), "EUR")


def test_a_repeated_call_pays_once(ledger: Ledger) -> None:
    first = ledger.refund("key-1", "A-1001", Decimal("40.00"), "EUR")
    assert ledger.refund("key-1", "A-1001", Decimal("40.00"), "EUR") == first
    assert ledger.refunds() == [(first, "A-1001", "40.00", "EUR", None)]


@pytest.mark.parametrize(
    ("order", "amount", "currency", "why"),
    [
        ("A-9999", "1.00", "EUR", "no order A-9999"),
        ("A-1001", "99.91", "EUR", "exceeds order A-1001"),
        ("A-1001", "1.00", "USD", "exceeds order A-1001"),
    ],
)
def test_a_refused_refund_leaves_nothing(
    ledger: Ledger, order: str, amount: str, currency: str, why: str
) -> None:
    with pytest.raises(LedgerError, match=why):
        ledger.refund("key-1", order, Decimal(amount), currency)
    assert ledger.refunds() == []


def test_refunds_at_once_never_exceed_the_order(ledger: Ledger) -> None:
    def pay(number: int) -> bool:
        try:
            ledger.refund(f"key-{number}", "A-1005", Decimal("20.00"), "EUR")
        except LedgerError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        paid = list(pool.map(pay, range(8)))
    assert paid.count(True) == 3


def test_a_reversal_is_done_once_and_makes_room(ledger: Ledger) -> None:
    receipt = ledger.refund("key-1", "A-1005", Decimal("60.00"), "EUR")
    ledger.reverse("key-2", receipt)
    ledger.reverse("key-3", receipt)
    assert ledger.refunds() == [(receipt, "A-1005", "60.00", "EUR", "key-2")]
    assert ledger.refund("key-4", "A-1005", Decimal("60.00"), "EUR") != receipt
    with pytest.raises(LedgerError, match="no receipt R-9"):
        ledger.reverse("key-5", "R-9")


@pytest.mark.parametrize("text", ["[a", "alice = 1", '[alice]\nsub = "bob"'])
def test_a_wrong_persona_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "personas.toml"
    path.write_text(text)
    with pytest.raises(Failure, match=r"personas\.toml"):
        load_personas(path)


def test_the_project_file_says_where_generated_code_goes() -> None:
    project = tomllib.loads((REFUND / "pyproject.toml").read_text())
    generate = project["tool"]["gantral"]["generate"]
    assert generate == {"to": "src/refund_app/gen", "package": "refund_app.gen"}


def test_an_example_that_is_not_there_is_named() -> None:
    with pytest.raises(Failure, match="no example lottery"):
        example("lottery")

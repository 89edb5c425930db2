"""The loan example's own parts: its bank, and the services on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from gantral.runtime import ActionFailed, CallContext
from lending_app.bank import Bank, BankError
from lending_app.services import Applications, Core

AMOUNT, RATE = Decimal("12000.00"), Decimal("5.40")


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "bank.sqlite")


def test_an_application_is_read_exactly(bank: Bank) -> None:
    assert bank.application("L-32").house == ("Lindenweg 4", Decimal("360000.00"))
    assert bank.application("L-31").house is None
    assert [bank.rate(months) for months in (6, 36, 119, 120)] == [
        Decimal(rate) for rate in ("6.90", "5.40", "5.40", "3.90")
    ]
    with pytest.raises(BankError, match="no application L-99"):
        bank.application("L-99")


def test_a_repeated_call_opens_one_account(bank: Bank) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(
            pool.map(lambda _: bank.open_account("key-1", "L-31", AMOUNT, RATE, 48), range(8))
        )
    assert set(opened) == {"K-1"}
    assert bank.accounts() == [("L-31", "12000.00", "5.40", "open")]
    with pytest.raises(BankError, match="no application L-99"):
        bank.open_account("key-2", "L-99", AMOUNT, RATE, 48)


def test_a_loan_is_paid_out_once_and_no_more_than_it_is(bank: Bank) -> None:
    account = bank.open_account("key-1", "L-31", AMOUNT, RATE, 48)
    with pytest.raises(BankError, match=r"opened for 12000\.00"):
        bank.pay_out(account, AMOUNT + 1)
    assert bank.pay_out(account, AMOUNT) == "P-0001"
    with pytest.raises(BankError, match="is paid out"):
        bank.pay_out(account, AMOUNT)


def test_what_is_paid_out_is_not_closed(bank: Bank) -> None:
    one, two = (bank.open_account(key, "L-31", AMOUNT, RATE, 48) for key in ("a", "b"))
    bank.pay_out(one, AMOUNT)
    with pytest.raises(BankError, match="is paid out"):
        bank.close_account(one)
    bank.close_account(two)
    bank.close_account(two)
    assert [account[3] for account in bank.accounts()] == ["paid out", "closed"]
    with pytest.raises(BankError, match="is closed"):
        bank.pay_out(two, AMOUNT)
    with pytest.raises(BankError, match="no account K-9"):
        bank.close_account("K-9")


def test_the_services_say_it_as_the_spec_does(
    bank: Bank, call: Callable[[str], CallContext]
) -> None:
    applications, core = Applications(bank), Core(bank)
    one, two = (applications.fetch(call("a"), id=known) for known in ("L-31", "L-32"))
    assert one.house is None
    assert two.house is not None
    assert two.house.price == Decimal("360000.00")
    account = core.open_account(
        call("b"), application=one.id, amount=one.amount, rate=RATE, months=one.months
    ).account
    core.pay_out(call("c"), account=account, amount=one.amount)
    with pytest.raises(ActionFailed, match="is paid out") as refused:
        core.close_account(call("d"), account=account)
    assert refused.value.happened == "no"

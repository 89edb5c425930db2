"""The services that loan.gantral names, on the bank's books. Gantral asks who may."""

from __future__ import annotations

from decimal import Decimal

from gantral.runtime import ActionFailed, CallContext, Service

from lending_app.bank import Bank, BankError
from lending_app.gen.loan import services as spec
from lending_app.gen.loan.types import (
    Application,
    ApplicationsRateResult,
    CoreOpenAccountResult,
    CorePayOutResult,
)


class Applications(spec.Applications):
    """Reads applications, and what a loan costs today."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def fetch(self, call: CallContext, /, *, id: str) -> Application:
        try:
            asked = self._bank.application(id)
        except BankError as error:
            raise ActionFailed(str(error), "no") from None
        known: dict[str, object] = {
            "id": asked.id,
            "customer": asked.customer,
            "amount": str(asked.amount),
            "months": asked.months,
            "score": asked.score,
        }
        if asked.house is not None:
            known["house"] = {"address": asked.house[0], "price": str(asked.house[1])}
        # The books hold any text; what the spec knows is checked on the way in.
        return Application.from_wire(known)

    def rate(self, call: CallContext, /, *, amount: Decimal, months: int) -> ApplicationsRateResult:
        return ApplicationsRateResult(rate=self._bank.rate(months))


class Core(spec.Core):
    """Opens accounts, pays out, and closes what was not paid out."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def open_account(
        self, call: CallContext, /, *, application: str, amount: Decimal, rate: Decimal, months: int
    ) -> CoreOpenAccountResult:
        try:
            account = self._bank.open_account(call.key, application, amount, rate, months)
        except BankError as error:
            # Refused before anything was written: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return CoreOpenAccountResult(account=account)

    def close_account(self, call: CallContext, /, *, account: str) -> None:
        try:
            self._bank.close_account(account)
        except BankError as error:
            raise ActionFailed(str(error), "no") from None

    def pay_out(self, call: CallContext, /, *, account: str, amount: Decimal) -> CorePayOutResult:
        try:
            reference = self._bank.pay_out(account, amount)
        except BankError as error:
            raise ActionFailed(str(error), "no") from None
        return CorePayOutResult(reference=reference)


class Letters(spec.Letters):
    """Writes to customers."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def send(self, call: CallContext, /, *, application: str, line: str) -> None:
        self._bank.send(call.key, application, line)


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    bank = Bank.at_home()
    return [Applications(bank), Core(bank), Letters(bank)]

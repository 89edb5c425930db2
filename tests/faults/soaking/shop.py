"""The team's services: orders of any id, and payments with a ledger that keeps every call.

Loaded by the service worker as ``[worker] services``. The ledger is the world's own witness: it
knows nothing of Gantral, and forgets nothing.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from soaking.points import reached

PACKAGES = ("fault_app.refund", "fault_app.hasty", "fault_app.once")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, workflow TEXT NOT NULL,
    key TEXT NOT NULL, operation TEXT NOT NULL, amount TEXT NOT NULL, receipt TEXT NOT NULL
) STRICT;
"""


def ledger() -> Path:
    """The file, as the world's parts find it."""
    return Path(os.environ["FAULTS_LEDGER"])


def open_ledger(path: Path) -> sqlite3.Connection:
    """A connection of its own: calls run in threads and in two workers at once."""
    db = sqlite3.connect(path, timeout=20)
    db.executescript(_SCHEMA)
    return db


def _record(call: Any, amount: str) -> str:
    with closing(open_ledger(ledger())) as db, db:
        db.execute("BEGIN IMMEDIATE")
        query = "SELECT receipt FROM calls WHERE key = ?"
        done = db.execute(query, (call.key,)).fetchone()
        receipt = done[0] if done else "R-" + call.key[:32]
        db.execute(
            "INSERT INTO calls (instance, workflow, key, operation, amount, receipt)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (call.instance_id, call.workflow_id, call.key, call.operation, amount, receipt),
        )
        return str(receipt)


def made(package: str) -> list[Any]:
    """The services of one package."""
    services = import_module(f"{package}.services")
    types = import_module(f"{package}.types")

    class Orders(services.Orders):
        def fetch(self, call: Any, /, *, id: str) -> Any:
            total = types.Money.from_wire({"amount": "2000.00", "currency": "EUR"})
            return types.Order(id=id, customer="Ana Ruiz", total=total)

    class Payments(services.Payments):
        def refund(self, call: Any, /, *, order: str, amount: Any) -> Any:
            reached("before", "call")
            receipt = _record(call, str(amount.amount))
            reached("after", "call")
            return types.PaymentsRefundResult(receipt_id=receipt)

        def reverse(self, call: Any, /, *, receipt_id: str) -> None:
            _record(call, "0.00")

    return [Orders(), Payments()]


def make() -> list[Any]:
    """What ``gantral worker`` asks for."""
    return [service for package in PACKAGES for service in made(package)]

"""Orders and refunds in SQLite: what the workflow reads and what its yes changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    -- The key of the call that made it: a repeated call finds its own refund.
    key TEXT PRIMARY KEY,
    receipt_id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL REFERENCES orders (id),
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    reversed_by TEXT
) STRICT;
"""

_ORDERS = (
    ("A-1001", "Ada Marsh", "99.90", "EUR"),
    ("A-1002", "Bo Lind", "18.50", "EUR"),
    ("A-1003", "Cem Arslan", "1249.00", "EUR"),
    ("A-1004", "Dana Reyes", "420.00", "USD"),
    ("A-1005", "Eli Frost", "60.00", "EUR"),
)


class LedgerError(Exception):
    """The ledger refuses, in words; nothing was changed."""


@dataclass(frozen=True)
class Sale:
    """An order as the ledger holds it."""

    id: str
    customer: str
    amount: Decimal
    currency: str


class Ledger:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?)", _ORDERS)

    @classmethod
    def at_home(cls) -> Ledger:
        """The ledger that ``REFUND_LEDGER`` names, else ``build/ledger.sqlite``."""
        return cls(Path(os.environ.get("REFUND_LEDGER", "build/ledger.sqlite")))

    def order(self, order_id: str) -> Sale:
        """The order of that id. Raises LedgerError: there is none."""
        with self._open() as db:
            return self._order(db, order_id)

    def refund(self, key: str, order_id: str, amount: Decimal, currency: str) -> str:
        """Pay back, once a ``key``; returns the receipt's id.

        Raises:
            LedgerError: there is no such order, more would be paid back than was paid, or in
                another currency.
        """
        with self._open() as db:
            # Before the first read: two workers must not both see room for their refund.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT receipt_id FROM refunds WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return str(done[0])
            sale = self._order(db, order_id)
            query = "SELECT amount FROM refunds WHERE order_id = ? AND reversed_by IS NULL"
            paid = sum((Decimal(row[0]) for row in db.execute(query, (order_id,))), Decimal(0))
            if currency != sale.currency or paid + amount > sale.amount:
                raise LedgerError(f"{amount} {currency} on top of {paid} exceeds order {order_id}")
            count = db.execute("SELECT count(*) FROM refunds").fetchone()[0]
            receipt = f"R-{count + 1:04d}"
            values = (key, receipt, order_id, str(amount), currency)
            db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, NULL)", values)
            return receipt

    def reverse(self, key: str, receipt_id: str) -> None:
        """Take a refund back; a second time changes nothing. Raises LedgerError."""
        with self._open() as db:
            changed = db.execute(
                "UPDATE refunds SET reversed_by = coalesce(reversed_by, ?) WHERE receipt_id = ?",
                (key, receipt_id),
            )
            if changed.rowcount == 0:
                raise LedgerError(f"there is no receipt {receipt_id}")

    def refunds(self) -> list[tuple[str, str, str, str, str | None]]:
        """Every refund: receipt, order, amount, currency, the key that reversed it."""
        query = "SELECT receipt_id, order_id, amount, currency, reversed_by FROM refunds"
        with self._open() as db:
            return list(db.execute(f"{query} ORDER BY receipt_id"))

    def _order(self, db: sqlite3.Connection, order_id: str) -> Sale:
        row = db.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
        if row is None:
            raise LedgerError(f"there is no order {order_id}")
        return Sale(row[0], row[1], Decimal(row[2]), row[3])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db

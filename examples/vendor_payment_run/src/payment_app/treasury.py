"""Batches of invoices and a bank account in SQLite: what the workflow reads and pays."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), balance TEXT NOT NULL)
STRICT;
CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, prepared_by TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS invoices (
    id TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES batches (id),
    vendor TEXT NOT NULL,
    iban TEXT NOT NULL,
    iban_changed INTEGER NOT NULL,
    amount TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    reference TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    number INTEGER PRIMARY KEY,
    -- The key of the call, as the order's own: the bank refuses a second order of one key.
    key TEXT NOT NULL UNIQUE,
    invoice TEXT NOT NULL,
    iban TEXT NOT NULL,
    amount TEXT NOT NULL
) STRICT;
"""

_BATCHES = (("P-07", "nele cem"), ("P-08", "nele"), ("P-09", "nele"))
_INVOICES = (
    ("I-701", "P-07", "Lindqvist Paper", "SE4550000000058398257466", 0, "1240.00", "2026-12-04"),
    ("I-702", "P-07", "Rossi Marmi", "IT60X0542811101000000123456", 0, "8800.50", "2026-12-04"),
    # New bank details: a buyer calls back first.
    ("I-801", "P-08", "Okonkwo Logistics", "GB29NWBK60161331926819", 1, "640.00", "2026-12-01"),
    # An account that the bank has closed.
    ("I-802", "P-08", "Marsh & Daughters", "DE00000000000000000000", 0, "75.20", "2026-12-01"),
    ("I-901", "P-09", "Nordhaus Bau", "DE89370400440532013000", 0, "148000.00", "2026-12-10"),
)
_BALANCE = "250000.00"
_CLOSED = ("DE00000000000000000000",)


class TreasuryError(Exception):
    """The ledger or the bank refuses, in words; nothing was changed."""


@dataclass(frozen=True)
class Bill:
    """An invoice as the ledger holds it."""

    id: str
    vendor: str
    iban: str
    iban_changed: bool
    amount: Decimal
    due: str


class Treasury:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.execute("INSERT OR IGNORE INTO account VALUES (1, ?)", (_BALANCE,))
            db.executemany("INSERT OR IGNORE INTO batches VALUES (?, ?)", _BATCHES)
            columns = "(id, batch, vendor, iban, iban_changed, amount, due)"
            marks = "(?, ?, ?, ?, ?, ?, ?)"
            db.executemany(f"INSERT OR IGNORE INTO invoices {columns} VALUES {marks}", _INVOICES)

    @classmethod
    def at_home(cls) -> Treasury:
        """The treasury that ``PAYMENT_TREASURY`` names, else ``build/treasury.sqlite``."""
        return cls(Path(os.environ.get("PAYMENT_TREASURY", "build/treasury.sqlite")))

    def batch(self, batch_id: str) -> tuple[tuple[str, ...], list[Bill]]:
        """Who prepared the batch, and its invoices. Raises TreasuryError: there is no batch."""
        query = "SELECT id, vendor, iban, iban_changed, amount, due FROM invoices WHERE batch = ?"
        with self._open() as db:
            row = db.execute("SELECT prepared_by FROM batches WHERE id = ?", (batch_id,)).fetchone()
            if row is None:
                raise TreasuryError(f"there is no batch {batch_id}")
            found = db.execute(f"{query} ORDER BY id", (batch_id,)).fetchall()
        bills = [
            Bill(invoice, vendor, iban, bool(changed), Decimal(amount), due)
            for invoice, vendor, iban, changed, amount, due in found
        ]
        return tuple(row[0].split()), bills

    def pay(self, key: str, invoice: str, iban: str, amount: Decimal) -> str:
        """Pay from the account; returns the bank's reference.

        Raises:
            TreasuryError: the account there is closed, the money here does not suffice, or an
                order of that key was taken before.
        """
        with self._open() as db:
            # Before the first read: two orders must not both see the same balance.
            db.execute("BEGIN IMMEDIATE")
            if iban in _CLOSED:
                raise TreasuryError(f"the account {iban} is closed")
            if db.execute("SELECT 1 FROM payments WHERE key = ?", (key,)).fetchone() is not None:
                raise TreasuryError("this order was taken before")
            left = self._balance(db) - amount
            if left < 0:
                raise TreasuryError(f"the account lacks {-left}")
            db.execute("UPDATE account SET balance = ?", (str(left),))
            made = db.execute(
                "INSERT INTO payments (key, invoice, iban, amount) VALUES (?, ?, ?, ?)",
                (key, invoice, iban, str(amount)),
            )
            return f"T-{made.lastrowid:06d}"

    def book(
        self, batch_id: str, receipts: Sequence[tuple[str, str | None]], unsure: Sequence[str]
    ) -> None:
        """Write down how each invoice came out; a second time says the same again."""
        with self._open() as db:
            for invoice, reference in receipts:
                state = "unsure" if invoice in unsure else "paid" if reference else "open"
                db.execute(
                    "UPDATE invoices SET state = ?, reference = ? WHERE id = ? AND batch = ?",
                    (state, reference, invoice, batch_id),
                )

    def balance(self) -> Decimal:
        """What is left on the account."""
        with self._open() as db:
            return self._balance(db)

    def states(self, batch_id: str) -> dict[str, str]:
        """How each invoice of a batch stands: ``open``, ``paid`` or ``unsure``."""
        with self._open() as db:
            query = "SELECT id, state FROM invoices WHERE batch = ?"
            return dict(db.execute(query, (batch_id,)).fetchall())

    def _balance(self, db: sqlite3.Connection) -> Decimal:
        return Decimal(db.execute("SELECT balance FROM account").fetchone()[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db

"""Applications, loan accounts and letters in SQLite: what the workflow reads and changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    amount TEXT NOT NULL,
    months INTEGER NOT NULL,
    score INTEGER NOT NULL,
    address TEXT,
    price TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS accounts (
    number INTEGER PRIMARY KEY,
    -- The key of the call that opened it: a repeated call finds its own account.
    key TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL REFERENCES applications (id),
    amount TEXT NOT NULL,
    rate TEXT NOT NULL,
    months INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open'
) STRICT;
CREATE TABLE IF NOT EXISTS letters (
    key TEXT PRIMARY KEY, application TEXT NOT NULL, line TEXT NOT NULL
) STRICT;
"""

_APPLICATIONS = (
    ("L-31", "Iris Vogel", "12000.00", 48, 712, None, None),
    ("L-32", "Omar Haddad", "320000.00", 300, 655, "Lindenweg 4", "360000.00"),
    ("L-33", "Jo Blum", "9000.00", 24, 240, None, None),
)

# What a year costs from so many months on.
_RATES = ((120, Decimal("3.90")), (36, Decimal("5.40")), (0, Decimal("6.90")))


class BankError(Exception):
    """The bank refuses, in words; nothing was changed."""


@dataclass(frozen=True)
class Asked:
    """An application as it was handed in."""

    id: str
    customer: str
    amount: Decimal
    months: int
    score: int
    house: tuple[str, Decimal] | None


class Bank:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            marks = "(?, ?, ?, ?, ?, ?, ?)"
            db.executemany(f"INSERT OR IGNORE INTO applications VALUES {marks}", _APPLICATIONS)

    @classmethod
    def at_home(cls) -> Bank:
        """The bank that ``LENDING_BANK`` names, else ``build/bank.sqlite``."""
        return cls(Path(os.environ.get("LENDING_BANK", "build/bank.sqlite")))

    def application(self, application: str) -> Asked:
        """The application of that id. Raises BankError: there is none."""
        query = "SELECT * FROM applications WHERE id = ?"
        with self._open() as db:
            row = db.execute(query, (application,)).fetchone()
        if row is None:
            raise BankError(f"there is no application {application}")
        house = None if row[5] is None else (row[5], Decimal(row[6]))
        return Asked(row[0], row[1], Decimal(row[2]), row[3], row[4], house)

    def rate(self, months: int) -> Decimal:
        """Percent a year of a loan over so many months."""
        return next(rate for least, rate in _RATES if months >= least)

    def open_account(
        self, key: str, application: str, amount: Decimal, rate: Decimal, months: int
    ) -> str:
        """Open once a ``key``; returns the account. Raises BankError: no such application."""
        with self._open() as db:
            # Before the first read: two workers must not both open under one key.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT number FROM accounts WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return _account(done[0])
            known = "SELECT 1 FROM applications WHERE id = ?"
            if db.execute(known, (application,)).fetchone() is None:
                raise BankError(f"there is no application {application}")
            made = db.execute(
                "INSERT INTO accounts (key, application, amount, rate, months)"
                " VALUES (?, ?, ?, ?, ?)",
                (key, application, str(amount), str(rate), months),
            )
            return _account(made.lastrowid)

    def pay_out(self, account: str, amount: Decimal) -> str:
        """Pay the loan to the customer; returns a reference.

        Raises:
            BankError: there is no such account, it is not open, or it was opened for less.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            number, state, opened = self._account(db, account)
            if state != "open":
                raise BankError(f"{account} is {state}")
            if amount > opened:
                raise BankError(f"{account} was opened for {opened}")
            db.execute("UPDATE accounts SET state = 'paid out' WHERE number = ?", (number,))
            return f"P-{number:04d}"

    def close_account(self, account: str) -> None:
        """Close what was not paid out; a second time changes nothing. Raises BankError."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            number, state, _ = self._account(db, account)
            if state == "paid out":
                raise BankError(f"{account} is paid out")
            db.execute("UPDATE accounts SET state = 'closed' WHERE number = ?", (number,))

    def send(self, key: str, application: str, line: str) -> None:
        """Write a letter, once a ``key``."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO letters VALUES (?, ?, ?)", (key, application, line))

    def accounts(self) -> list[tuple[str, str, str, str]]:
        """Every account: application, amount, rate, state."""
        query = "SELECT application, amount, rate, state FROM accounts ORDER BY number"
        with self._open() as db:
            return list(db.execute(query))

    def _account(self, db: sqlite3.Connection, account: str) -> tuple[int, str, Decimal]:
        query = "SELECT number, state, amount FROM accounts WHERE 'K-' || number = ?"
        row = db.execute(query, (account,)).fetchone()
        if row is None:
            raise BankError(f"there is no account {account}")
        return row[0], row[1], Decimal(row[2])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db


def _account(number: int | None) -> str:
    return f"K-{number}"

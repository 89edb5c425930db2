"""Who manages whom, and who has which rights, in SQLite: what a yes changes, and takes back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS people (name TEXT PRIMARY KEY, manager TEXT) STRICT;
CREATE TABLE IF NOT EXISTS systems (name TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS grants (
    -- The key of the call that made it: a repeated call finds its own grant.
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES people (name),
    system TEXT NOT NULL REFERENCES systems (name),
    level TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
"""

_PEOPLE = (
    ("erik", "mina"),
    ("mina", "sofia"),
    ("sofia", None),
    ("tomas", "sofia"),
    ("ines", "sofia"),
)
_SYSTEMS = (("billing",), ("ledger",), ("search",))


class RightsError(Exception):
    """The directory refuses, in words; nothing was changed."""


class Rights:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO people VALUES (?, ?)", _PEOPLE)
            db.executemany("INSERT OR IGNORE INTO systems VALUES (?)", _SYSTEMS)

    @classmethod
    def at_home(cls) -> Rights:
        """The file that ``ACCESS_RIGHTS`` names, else ``build/rights.sqlite``."""
        return cls(Path(os.environ.get("ACCESS_RIGHTS", "build/rights.sqlite")))

    def manager_of(self, person: str) -> str:
        """The person's manager. Raises RightsError: nobody knows the person, or manages them."""
        with self._open() as db:
            row = db.execute("SELECT manager FROM people WHERE name = ?", (person,)).fetchone()
        if row is None:
            raise RightsError(f"nobody here is {person}")
        if row[0] is None:
            raise RightsError(f"nobody manages {person}")
        return str(row[0])

    def grant(self, key: str, person: str, system: str, level: str) -> str:
        """Grant once a ``key``; returns the grant's id. Raises RightsError."""
        with self._open() as db:
            # Before the first read: two workers must not both number their grant.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT id FROM grants WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return str(done[0])
            if db.execute("SELECT 1 FROM people WHERE name = ?", (person,)).fetchone() is None:
                raise RightsError(f"nobody here is {person}")
            if db.execute("SELECT 1 FROM systems WHERE name = ?", (system,)).fetchone() is None:
                raise RightsError(f"there is no system {system}")
            count = db.execute("SELECT count(*) FROM grants").fetchone()[0]
            made = f"G-{count + 1:04d}"
            values = (key, made, person, system, level)
            db.execute("INSERT INTO grants VALUES (?, ?, ?, ?, ?, 0)", values)
            return made

    def revoke(self, grant: str) -> None:
        """Take a grant back; a second time changes nothing. Raises RightsError."""
        with self._open() as db:
            if db.execute("UPDATE grants SET revoked = 1 WHERE id = ?", (grant,)).rowcount == 0:
                raise RightsError(f"there is no grant {grant}")

    def grants(self) -> list[tuple[str, str, str, str, int]]:
        """Every grant: id, person, system, level, whether it was revoked."""
        query = "SELECT id, person, system, level, revoked FROM grants ORDER BY id"
        with self._open() as db:
            return list(db.execute(query))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=10)
        try:
            with db:
                yield db
        finally:
            db.close()

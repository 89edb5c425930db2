"""Tables and exports in SQLite: what the workflow reads and what its yes changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tables (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, rows INTEGER NOT NULL, about TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS exports (
    -- The key of the call that made it: a repeated call finds its own export.
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    table_name TEXT NOT NULL REFERENCES tables (name),
    rows INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL)
STRICT;
"""

_TABLES = (
    ("customers", "olga", 50000, "people"),
    ("parcels", "olga", 900000, "nobody"),
    ("sick_notes", "olga", 1200, "health"),
)


class WarehouseError(Exception):
    """The warehouse refuses, in words; nothing was changed."""


@dataclass(frozen=True)
class Known:
    """A table as the catalog knows it."""

    name: str
    owner: str
    rows: int
    about: str


class Warehouse:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO tables VALUES (?, ?, ?, ?)", _TABLES)

    @classmethod
    def at_home(cls) -> Warehouse:
        """The warehouse that ``EXPORT_WAREHOUSE`` names, else ``build/warehouse.sqlite``."""
        return cls(Path(os.environ.get("EXPORT_WAREHOUSE", "build/warehouse.sqlite")))

    def table(self, name: str) -> Known:
        """The table of that name. Raises WarehouseError: there is none."""
        with self._open() as db:
            row = db.execute("SELECT * FROM tables WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise WarehouseError(f"there is no table {name}")
        return Known(*row)

    def export(self, key: str, table: str, rows: int, recipient: str) -> str:
        """Export once a ``key``; returns the export's id. Raises WarehouseError."""
        if rows > self.table(table).rows:
            raise WarehouseError(f"{table} has fewer than {rows} rows")
        with self._open() as db:
            # Before the first read: two workers must not both number their export.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT id FROM exports WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return str(done[0])
            count = db.execute("SELECT count(*) FROM exports").fetchone()[0]
            made = f"X-{count + 1:04d}"
            values = (key, made, table, rows, recipient)
            db.execute("INSERT INTO exports VALUES (?, ?, ?, ?, ?, 0)", values)
            return made

    def withdraw(self, export: str) -> None:
        """Take an export back; a second time changes nothing. Raises WarehouseError."""
        with self._open() as db:
            if db.execute("UPDATE exports SET withdrawn = 1 WHERE id = ?", (export,)).rowcount == 0:
                raise WarehouseError(f"there is no export {export}")

    def note(self, key: str, request: str, text: str) -> None:
        """Write a line to a request's page, once a ``key``."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", (key, request, text))

    def exports(self) -> list[tuple[str, str, int, str, int]]:
        """Every export: id, table, rows, recipient, whether it was withdrawn."""
        query = "SELECT id, table_name, rows, recipient, withdrawn FROM exports ORDER BY id"
        with self._open() as db:
            return list(db.execute(query))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db

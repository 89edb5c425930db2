"""Charts, who has them open, and cases of privacy in SQLite: what the workflow opens and closes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS patients (id TEXT PRIMARY KEY, name TEXT NOT NULL, chart TEXT NOT NULL)
STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    number INTEGER PRIMARY KEY,
    -- The key of the call that opened it: a repeated call finds its own session.
    key TEXT NOT NULL UNIQUE,
    patient TEXT NOT NULL REFERENCES patients (id),
    reader TEXT NOT NULL,
    until TEXT NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS looks (session INTEGER NOT NULL, at TEXT NOT NULL, part TEXT NOT NULL)
STRICT;
CREATE TABLE IF NOT EXISTS cases (
    session TEXT PRIMARY KEY, patient TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open'
) STRICT;
"""

_PATIENTS = (
    ("4711", "Nils Bauer", "penicillin: anaphylaxis"),
    ("4712", "Ruth Adler", "warfarin 5 mg"),
)


class ClinicError(Exception):
    """The clinic's systems refuse, in words; nothing was changed."""


class Clinic:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO patients VALUES (?, ?, ?)", _PATIENTS)

    @classmethod
    def at_home(cls) -> Clinic:
        """The clinic that ``CHART_CLINIC`` names, else ``build/clinic.sqlite``."""
        return cls(Path(os.environ.get("CHART_CLINIC", "build/clinic.sqlite")))

    def open(
        self, key: str, patient: str, reader: str, time: timedelta, now: datetime | None = None
    ) -> str:
        """Open a chart to one reader, once a ``key``; returns the session.

        Raises:
            ClinicError: there is no such patient.
        """
        until = (now or datetime.now(UTC)) + time
        with self._open() as db:
            # Before the first read: two workers must not both open under one key.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT number FROM sessions WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return _session(done[0])
            known = "SELECT 1 FROM patients WHERE id = ?"
            if db.execute(known, (patient,)).fetchone() is None:
                raise ClinicError(f"there is no patient {patient}")
            made = db.execute(
                "INSERT INTO sessions (key, patient, reader, until) VALUES (?, ?, ?, ?)",
                (key, patient, reader, until.isoformat()),
            )
            return _session(made.lastrowid)

    def close(self, session: str) -> None:
        """Close a chart; a second time changes nothing. Raises ClinicError: no such session."""
        with self._open() as db:
            number = self._session(db, session)[0]
            db.execute("UPDATE sessions SET closed = 1 WHERE number = ?", (number,))

    def look(self, session: str, reader: str, part: str, now: datetime | None = None) -> str:
        """What a reader's screen calls: a part of the chart, and a line about the look.

        Raises:
            ClinicError: the chart is not open to this reader now.
        """
        at = now or datetime.now(UTC)
        with self._open() as db:
            number, patient, opened_to, until, closed = self._session(db, session)
            if closed or reader != opened_to or at > datetime.fromisoformat(until):
                raise ClinicError(f"the chart of {patient} is not open to {reader}")
            db.execute("INSERT INTO looks VALUES (?, ?, ?)", (number, at.isoformat(), part))
            query = "SELECT chart FROM patients WHERE id = ?"
            return str(db.execute(query, (patient,)).fetchone()[0])

    def looks(self, session: str) -> list[tuple[datetime, str]]:
        """Every look at the chart: when, and at which part. Raises ClinicError."""
        with self._open() as db:
            number = self._session(db, session)[0]
            query = "SELECT at, part FROM looks WHERE session = ? ORDER BY at"
            found = db.execute(query, (number,)).fetchall()
        return [(datetime.fromisoformat(at), part) for at, part in found]

    def open_case(self, session: str, patient: str) -> None:
        """Open a case of privacy; a second time changes nothing."""
        with self._open() as db:
            query = "INSERT OR IGNORE INTO cases (session, patient) VALUES (?, ?)"
            db.execute(query, (session, patient))

    def close_case(self, session: str) -> None:
        """Close it; a second time changes nothing."""
        with self._open() as db:
            db.execute("UPDATE cases SET state = 'closed' WHERE session = ?", (session,))

    def cases(self) -> dict[str, str]:
        """How each case stands, by its session."""
        with self._open() as db:
            return dict(db.execute("SELECT session, state FROM cases").fetchall())

    def _session(self, db: sqlite3.Connection, session: str) -> tuple[int, str, str, str, bool]:
        query = "SELECT number, patient, reader, until, closed FROM sessions"
        row = db.execute(f"{query} WHERE 'S-' || number = ?", (session,)).fetchone()
        if row is None:
            raise ClinicError(f"there is no session {session}")
        return row[0], row[1], row[2], row[3], bool(row[4])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db


def _session(number: int | None) -> str:
    return f"S-{number}"

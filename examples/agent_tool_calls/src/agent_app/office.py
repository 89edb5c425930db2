"""The office that the assistant works in: notes and mails in SQLite, reached by three tools."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    -- The key of the call that wrote it: a repeated call changes nothing.
    key TEXT PRIMARY KEY, text TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mails (key TEXT PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL)
STRICT;
"""

_NOTES = (
    ("first", "dinner is at eight on the terrace"),
    ("second", "the guests are reached at guests@hotel.example"),
)


class OfficeError(Exception):
    """A tool refuses, in words; nothing was changed."""


class Office:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO notes VALUES (?, ?)", _NOTES)

    @classmethod
    def at_home(cls) -> Office:
        """The office that ``AGENT_OFFICE`` names, else ``build/office.sqlite``."""
        return cls(Path(os.environ.get("AGENT_OFFICE", "build/office.sqlite")))

    def run(self, key: str, tool: str, arguments: Any) -> dict[str, Any]:
        """Run a tool, once a ``key``; returns what it found or did.

        Raises:
            OfficeError: there is no such tool, or it can't work with these arguments.
        """
        given = arguments if isinstance(arguments, Mapping) else {}
        match tool:
            case "search_notes":
                return {"found": self.found(_text(given, "words"))}
            case "write_note":
                return self._write("notes", (key, _text(given, "text")))
            case "send_mail":
                return self._write("mails", (key, _text(given, "to"), _text(given, "text")))
            case _:
                raise OfficeError(f"there is no tool {tool}")

    def found(self, words: str) -> list[str]:
        """The notes with these words in them."""
        with self._open() as db:
            query = "SELECT text FROM notes WHERE instr(text, ?) ORDER BY rowid"
            return [text for (text,) in db.execute(query, (words,))]

    def mails(self) -> list[tuple[str, str]]:
        """Who was written to, and what."""
        with self._open() as db:
            return db.execute("SELECT recipient, text FROM mails ORDER BY rowid").fetchall()

    def _write(self, table: str, row: tuple[str, ...]) -> dict[str, Any]:
        places = ", ".join("?" * len(row))
        with self._open() as db:
            db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)
        return {"done": True}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise OfficeError(f"the tool wants {name}, a text")
    return value

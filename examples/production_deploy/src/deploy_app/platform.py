"""Builds, what runs where, and a chat, in SQLite: what the workflow reads and changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS builds (
    id TEXT PRIMARY KEY,
    commit_id TEXT NOT NULL,
    image TEXT NOT NULL UNIQUE,
    authors TEXT NOT NULL,
    -- How often somebody still looks before the tests have ended, and how they end.
    looks INTEGER NOT NULL,
    tests TEXT NOT NULL,
    -- What it does once it is shipped.
    errors_per_minute INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS releases (
    number INTEGER PRIMARY KEY,
    -- The key of the call that made it: a repeated call finds its own release.
    key TEXT NOT NULL UNIQUE,
    environment TEXT NOT NULL,
    image TEXT NOT NULL REFERENCES builds (image),
    looks INTEGER NOT NULL DEFAULT 1,
    rolled_back INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS posts (key TEXT PRIMARY KEY, channel TEXT NOT NULL, text TEXT NOT NULL)
STRICT;
"""


def _image(digit: str) -> str:
    return "registry.example/shop@sha256:" + digit * 64


_BUILDS = (
    ("B-101", "1" * 40, _image("1"), "ines jan", 1, "passed", 2),
    ("B-102", "2" * 40, _image("2"), "ines", 1, "failed", 0),
    ("B-103", "3" * 40, _image("3"), "jan", 0, "passed", 180),
)

# From here on a release makes things worse.
_WORSE = 50


class PlatformError(Exception):
    """The platform refuses, in words; nothing was changed."""


@dataclass(frozen=True)
class Built:
    """A build, as the tests have come with it."""

    id: str
    commit: str
    image: str
    authors: tuple[str, ...]
    tests: str


class Platform:
    """The file, opened anew for each call: workers run calls in threads of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.executemany("INSERT OR IGNORE INTO builds VALUES (?, ?, ?, ?, ?, ?, ?)", _BUILDS)

    @classmethod
    def at_home(cls) -> Platform:
        """The platform that ``DEPLOY_PLATFORM`` names, else ``build/platform.sqlite``."""
        return cls(Path(os.environ.get("DEPLOY_PLATFORM", "build/platform.sqlite")))

    def build(self, build_id: str) -> Built:
        """The build of that id; looking at it is also what brings its tests on.

        Raises:
            PlatformError: there is no such build.
        """
        with self._open() as db:
            db.execute("UPDATE builds SET looks = looks - 1 WHERE id = ?", (build_id,))
            row = db.execute("SELECT * FROM builds WHERE id = ?", (build_id,)).fetchone()
        if row is None:
            raise PlatformError(f"there is no build {build_id}")
        tests = "running" if row[4] >= 0 else row[5]
        return Built(row[0], row[1], row[2], tuple(row[3].split()), tests)

    def roll_out(self, key: str, image: str, environment: str) -> str:
        """Ship once a ``key``; returns the release's name. Raises PlatformError: unknown image."""
        with self._open() as db:
            # Before the first read: two workers must not both ship under one key.
            db.execute("BEGIN IMMEDIATE")
            done = db.execute("SELECT number FROM releases WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return _name(done[0])
            if db.execute("SELECT 1 FROM builds WHERE image = ?", (image,)).fetchone() is None:
                raise PlatformError(f"there is no image {image}")
            made = db.execute(
                "INSERT INTO releases (key, environment, image) VALUES (?, ?, ?)",
                (key, environment, image),
            )
            return _name(made.lastrowid)

    def roll_back(self, release: str) -> None:
        """Take a release out; a second time changes nothing. Raises PlatformError."""
        with self._open() as db:
            number = self._release(db, release)[0]
            db.execute("UPDATE releases SET rolled_back = 1 WHERE number = ?", (number,))

    def health(self, release: str) -> tuple[str, int]:
        """The release's state and its errors a minute. Raises PlatformError."""
        with self._open() as db:
            number, image, looks = self._release(db, release)
            db.execute("UPDATE releases SET looks = looks - 1 WHERE number = ?", (number,))
            query = "SELECT errors_per_minute FROM builds WHERE image = ?"
            errors = int(db.execute(query, (image,)).fetchone()[0])
        if looks > 0:
            return "settling", errors
        return ("degraded" if errors >= _WORSE else "healthy"), errors

    def running(self, environment: str) -> str | None:
        """The image that runs there: that of the last release that was not taken out."""
        query = "SELECT image FROM releases WHERE environment = ? AND NOT rolled_back"
        with self._open() as db:
            row = db.execute(f"{query} ORDER BY number DESC", (environment,)).fetchone()
        return None if row is None else str(row[0])

    def post(self, key: str, channel: str, text: str) -> None:
        """Write a line to a channel, once a ``key``."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO posts VALUES (?, ?, ?)", (key, channel, text))

    def _release(self, db: sqlite3.Connection, release: str) -> tuple[int, str, int]:
        query = "SELECT number, image, looks FROM releases WHERE 'v' || number = ?"
        row = db.execute(query, (release,)).fetchone()
        if row is None:
            raise PlatformError(f"there is no release {release}")
        return row[0], row[1], row[2]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            yield db


def _name(number: int | None) -> str:
    return f"v{number}"

"""The outbox: what was seen of the evidence, and which notices are on their way.

One SQLite file, and the only thing that notices write. What was seen and the notices that follow
from it are written in one transaction, so a crash loses none; that a notice was sent is written
after the target took it, so a crash in between sends it again, with the same id.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from gantral.api.notices.facts import NONE, Fact

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS watched (
  instance TEXT PRIMARY KEY, team TEXT NOT NULL, commits INTEGER NOT NULL, again TEXT NOT NULL,
  ended INTEGER NOT NULL, looked REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS notices (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, fact TEXT NOT NULL, instance TEXT NOT NULL,
  kind TEXT NOT NULL, gate TEXT NOT NULL, round TEXT NOT NULL, until REAL NOT NULL,
  due REAL NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL, changed REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS commented (instance TEXT PRIMARY KEY, seen INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS waiting ON notices (target, state, due);
"""
# Longer than any give_up: what is derived anew after that is too old to be sent.
_KEPT_SECONDS: Final = 30 * 24 * 3600.0


class OutboxError(Exception):
    """The outbox can't be read or written."""


@dataclass(frozen=True)
class Watched:
    """An instance that is not over: how many commits and comments were seen, and when the clock
    tells more."""

    instance: str
    team: str
    commits: int
    again: str
    comments: int = 0


@dataclass(frozen=True)
class Notice:
    """A fact on its way to a target. ``until``: seconds since 1970 after which it is given up."""

    id: str
    target: str
    fact: Fact
    until: float
    attempts: int = 0


def notice_id(target: str, fact: Fact) -> str:
    """The id by which a receiver knows a repeated notice: of what it tells, and to whom."""
    parts = [fact.instance, fact.gate, fact.round, fact.kind, fact.instant, target]
    if fact.wait != NONE:
        # Two waits may begin in one millisecond.
        parts.append(fact.wait)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"notice_{digest[:32]}"


class Outbox:
    """Safe to use from many threads; the file is opened, and made, on first use.

    Every method raises OutboxError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def watch(self, instance: str, team: str, now: float) -> None:
        """Begin to watch an instance; one that was watched before stays as it is."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO watched VALUES (?, ?, 0, ?, 0, ?)",
                (instance, team, NONE, now),
            )

    def watched(self) -> list[Watched]:
        """Every instance that is not over."""
        with self._writing() as db:
            rows = db.execute(
                "SELECT instance, team, commits, again, COALESCE(seen, 0) FROM watched"
                " LEFT JOIN commented USING (instance) WHERE NOT ended"
            )
            return [Watched(*row) for row in rows]

    def known(self) -> set[str]:
        """Every instance that was ever watched and is not forgotten."""
        with self._writing() as db:
            return {row[0] for row in db.execute("SELECT instance FROM watched")}

    def over(self, instance: str) -> bool:
        """Whether the end of an instance was seen."""
        with self._writing() as db:
            row = db.execute("SELECT ended FROM watched WHERE instance = ?", (instance,)).fetchone()
            return row is not None and bool(row[0])

    def learn(
        self, seen: Watched, ended: bool, closed: Sequence[Fact], notices: Sequence[Notice],
        now: float,
    ) -> None:  # fmt: skip
        """What was seen of an instance, and the notices that follow; those already there stay.
        Calls to a gate that is ``closed`` by now and were not sent yet are dropped."""
        with self._writing() as db:
            db.execute(
                "UPDATE watched SET commits = ?, again = ?, ended = ?, looked = ?"
                " WHERE instance = ?",
                (seen.commits, seen.again, ended, now, seen.instance),
            )
            db.execute(
                "INSERT OR REPLACE INTO commented VALUES (?, ?)", (seen.instance, seen.comments)
            )
            db.executemany(
                "INSERT OR IGNORE INTO notices VALUES (?,?,?,?,?,?,?,?,?,0,'due',?)",
                [
                    (one.id, one.target, json.dumps(asdict(one.fact)), one.fact.instance,
                     one.fact.kind, one.fact.gate, one.fact.round, one.until, now, now)
                    for one in notices
                ],
            )  # fmt: skip
            db.executemany(
                "UPDATE notices SET state = 'overtaken', changed = ? WHERE state = 'due'"
                " AND instance = ? AND gate = ? AND round = ? AND kind IN"
                " ('reminded', 'widened', 'commented')",
                [(now, one.instance, one.gate, one.round) for one in closed],
            )

    def due(self, target: str, now: float) -> list[Notice]:
        """What is to be sent to a target now, the oldest first."""
        with self._writing() as db:
            rows = db.execute(
                "SELECT id, target, fact, until, attempts FROM notices"
                " WHERE target = ? AND state = 'due' AND due <= ? ORDER BY due LIMIT 100",
                (target, now),
            )
            return [Notice(row[0], row[1], _fact(row[2]), row[3], row[4]) for row in rows]

    def settle(self, notice: Notice, state: str, now: float) -> None:
        """That a notice was ``sent`` or ``given_up``."""
        with self._writing() as db:
            db.execute(
                "UPDATE notices SET state = ?, changed = ? WHERE id = ?", (state, now, notice.id)
            )

    def postpone(self, notice: Notice, due: float, now: float) -> None:
        """An attempt failed; the next one is at ``due``."""
        with self._writing() as db:
            db.execute(
                "UPDATE notices SET due = ?, attempts = attempts + 1, changed = ? WHERE id = ?",
                (due, now, notice.id),
            )

    def tally(self) -> dict[tuple[str, str], int]:
        """(target, state) -> how many notices."""
        with self._writing() as db:
            rows = db.execute("SELECT target, state, COUNT(*) FROM notices GROUP BY 1, 2")
            return {(target, state): number for target, state, number in rows}

    def prune(self, now: float) -> None:
        """Forget what was settled, and which instances ended, long ago."""
        with self._writing() as db:
            before = (now - _KEPT_SECONDS,)
            db.execute("DELETE FROM notices WHERE until < ? AND changed < ?", before * 2)
            db.execute("DELETE FROM watched WHERE ended AND looked < ?", before)
            db.execute("DELETE FROM commented WHERE instance NOT IN (SELECT instance FROM watched)")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    db = sqlite3.connect(self.path, timeout=5, check_same_thread=False)
                    db.executescript(_TABLES)
                    self._connection = db
                with self._connection:
                    yield self._connection
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                raise OutboxError(f"{self.path}: {error}") from None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def _fact(text: str) -> Fact:
    value = json.loads(text)
    lists = {name: tuple(one) for name, one in value.items() if isinstance(one, list)}
    return Fact(**{**value, **lists})

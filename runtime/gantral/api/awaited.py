"""The waits of one instance as its commits tell of them: open and answered (ADR 0120, 0157)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.evidence.envelope import unwrap
from gantral.evidence.waits import KINDS


@dataclass(frozen=True)
class Awaiting:
    """A wait that is open. ``hash`` is its commit's: an event names it."""

    site: str
    events: Sequence[str]
    opened: str
    deadline: str
    hash: str


@dataclass(frozen=True)
class Sent:
    """An event that was taken, at which wait, and the commit that tells of it."""

    site: str
    envelope: Mapping[str, Any]
    statement: Mapping[str, Any]
    commit: Mapping[str, Any]


def open_waits(commits: Sequence[Mapping[str, Any]], hashes: Sequence[str]) -> tuple[Awaiting, ...]:
    """The waits that are open, in the order of opening. ``hashes`` are the commits'. Whatever is no
    record of a wait closes all, so this looks no further back than that."""
    start = len(commits)
    while start and any(one["kind"] in KINDS for one in commits[start - 1]["records"]):
        start -= 1
    return tuple(_told(commits[start:], hashes[start:])[0].values())


def sent(commits: Sequence[Mapping[str, Any]], hashes: Sequence[str]) -> list[Sent]:
    """The events that were taken, in order."""
    return _told(commits, hashes)[1]


def _told(
    commits: Sequence[Mapping[str, Any]], hashes: Sequence[str]
) -> tuple[dict[str, Awaiting], list[Sent]]:
    opened: dict[str, Awaiting] = {}
    taken: list[Sent] = []
    for commit, name in zip(commits, hashes, strict=True):
        for record in commit["records"]:
            match record["kind"]:
                case "wait":
                    at, deadline = commit["timestamp"], record["deadline"]
                    opened[name] = Awaiting(record["site"], record["events"], at, deadline, name)
                case "event":
                    statement = unwrap(record["event"], "event").statement
                    if (wait := opened.pop(statement["wait_commit_hash"], None)) is not None:
                        taken.append(Sent(wait.site, record["event"], statement, commit))
                case "timeout":
                    over = [key for key, one in opened.items() if one.site == record["site"]]
                    for key in over:
                        del opened[key]
                case _:
                    opened.clear()
    return opened, taken

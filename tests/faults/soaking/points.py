"""Points that a part of the deployment reaches, and what the world does to it there.

A part says where it is (``reached``): before or after a put of a commit, a vote, a claim, a call of
the service. One fault at a time is armed, as a file; the first part that reaches its point takes
the file, so a fault strikes once, and either dies there by SIGKILL or holds still until the world
has done to another part what it wants done at this moment. The state of the disk lies in a file as
well.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_HELD: float = 60.0  # seconds: nobody who was forgotten holds still for ever


@dataclass(frozen=True)
class Point:
    """A moment in a part's life: ``before`` or ``after`` what is named, the ``nth`` time from 1."""

    part: str
    moment: str
    what: str
    nth: int = 1


def _folder() -> Path:
    return Path(os.environ["FAULTS_CONTROL"])


def part_name() -> str:
    """Which part of the deployment this process is."""
    return os.environ.get("FAULTS_PART", "none")


_seen: dict[str, int] = {}


def reached(moment: str, what: str) -> None:
    """Say that this part is there. May not return, or return late."""
    armed = _folder() / "armed"
    try:
        wanted = json.loads(armed.read_bytes())
    except (OSError, ValueError):
        return
    if (wanted["part"], wanted["moment"], wanted["what"]) != (part_name(), moment, what):
        return
    _seen[wanted["id"]] = _seen.get(wanted["id"], 0) + 1
    if _seen[wanted["id"]] < wanted["nth"]:
        return
    with contextlib.suppress(FileNotFoundError):
        # Of two threads that are there at once one takes it.
        armed.rename(_folder() / "struck")
        if wanted["act"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        ends = time.monotonic() + _HELD
        while not (_folder() / f"go-{wanted['id']}").exists() and time.monotonic() < ends:
            time.sleep(0.01)


def named(key: str) -> str:
    """What a key of a store is, in the words of a point."""
    parts = key.split("/")
    if parts[-1].startswith("start"):
        return "draft"
    if parts[2] == "commits":
        return f"commit {int(parts[3].removesuffix('.json'))}"
    if parts[2] == "uses":
        return "outcome" if key.endswith(".outcome.json") else "claim"
    if parts[2] == "votes":
        return "refusal" if key.endswith(".refusal.json") else "vote"
    return {"texts": "text", "manifest.json": "manifest"}.get(parts[2], "salts")


def disk() -> list[str]:
    """How the disk is now: ``full``, ``readonly``, ``slow SECONDS``, or well."""
    try:
        return (_folder() / "disk").read_text().split()
    except OSError:
        return []

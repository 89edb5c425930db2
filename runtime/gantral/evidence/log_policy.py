"""Which checkpoints of a log count: its keys, its witnesses and their quorum (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gantral.evidence.errors import EvidenceError
from gantral.evidence.notes import LOG, WITNESS, NoteKey

MOST_LINES = 200
_TEXT = re.compile(r"[\t\n -~]*\Z")
_COUNT = re.compile(r"[1-9][0-9]{0,3}\Z")


@dataclass(frozen=True)
class LogPolicy:
    """A policy of one log. ``logs`` are its keys, all of one name, the origin. ``groups``: name ->
    how many of which members. ``quorum`` names a witness or a group, or is ``none``."""

    logs: tuple[NoteKey, ...]
    witnesses: Mapping[str, NoteKey]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.logs[0].name

    def reached(self, cosigned: Mapping[str, int]) -> int | None:
        """The earliest second by which enough witnesses had cosigned, of those by name; None when
        they are too few. With no quorum there is no such time either."""
        for second in sorted(set(cosigned.values())):
            there = {name for name, at in cosigned.items() if at <= second}
            if self._met(self.quorum, there):
                return second
        return None

    def _met(self, name: str, there: set[str]) -> bool:
        if name not in self.groups:
            return name in there
        wanted, members = self.groups[name]
        return sum(self._met(member, there) for member in members) >= wanted


def read_policy(text: str) -> LogPolicy:
    """Read a policy, in ASCII. Its URLs are passed over: nothing here opens one.

    Raises:
        EvidenceError: ``log_policy``, naming the line.
    """
    lines = text.split("\n")
    if not _TEXT.match(text) or len(lines) > MOST_LINES:
        raise EvidenceError("log_policy", "ASCII in at most 200 lines is wanted")
    logs: list[NoteKey] = []
    witnesses: dict[str, NoteKey] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    held: set[str] = set()
    quorum: str | None = None
    for number, line in enumerate(lines, 1):
        match line.split():
            case []:
                continue
            case [word, *_] if word.startswith("#"):
                continue
            case ["log", vkey] | ["log", vkey, _]:
                logs.append(_key(vkey, LOG, number))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                _new(name, witnesses, groups, number)
                witnesses[name] = _key(vkey, WITNESS, number)
            case ["group", name, count, *members] if members:
                _new(name, witnesses, groups, number)
                for member in members:
                    if member in held or not (member in witnesses or member in groups):
                        raise _no(number, f"{member:.40} is not defined above, or a member already")
                    held.add(member)
                groups[name] = (_count(count, len(members), number), tuple(members))
            case ["quorum", name] if quorum is None:
                if name != "none" and name not in witnesses and name not in groups:
                    raise _no(number, f"{name:.40} is not defined above")
                quorum = name
            case _:
                raise _no(number, f"not understood: {line:.60}")
    if quorum is None:
        raise EvidenceError("log_policy", "there is no quorum line")
    if len({key.name for key in logs}) != 1:
        raise EvidenceError("log_policy", "it must name one log, by its origin")
    policy = LogPolicy(tuple(logs), witnesses, groups, quorum)
    raw = [key.raw for key in (*logs, *witnesses.values())]
    if len(set(raw)) != len(raw):
        raise EvidenceError("log_policy", "one key stands twice")
    return policy


def _key(vkey: str, kind: int, number: int) -> NoteKey:
    try:
        return NoteKey.read(vkey, kind)
    except EvidenceError as error:
        raise _no(number, error.message) from None


def _new(name: str, witnesses: Mapping[str, object], groups: Mapping[str, object], at: int) -> None:
    if name == "none" or name in witnesses or name in groups:
        raise _no(at, f"{name:.40} is taken")


def _count(count: str, members: int, number: int) -> int:
    if count == "any":
        return 1
    if count == "all":
        return members
    if not _COUNT.match(count) or int(count) > members:
        raise _no(number, f"{count:.40} of {members}")
    return int(count)


def _no(number: int, why: str) -> EvidenceError:
    return EvidenceError("log_policy", f"line {number}: {why}")

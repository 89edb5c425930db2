"""Waits for events in a chain: opened, answered by a sealed event, or over (ADR 0120).

A wait is no authority: no artifact tells of it. Its three records each stand alone in a commit of
no artifacts. The first fixes, before anything can be sent, what is waited for and until when; a
later one says which event came, sealed by whoever verified its sender, or that none did. Branches
may wait at once, where the program has them beside each other (ADR 0157).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.context import covers
from gantral.evidence.envelope import Sealed
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import context_hash

EVENT_TYPE = "gantral.dev/event/v1"
# Where the data of an event stands in the context of its commit.
PREFIX = "/event"
KINDS = frozenset({"wait", "event", "timeout"})

Statement = Mapping[str, Any]
OpenEvent = Callable[[Any], Sealed]


@dataclass(frozen=True)
class OpenWait:
    """A wait that is open: ``hash`` is its commit's, ``deadline`` the first instant too late."""

    site: str
    events: tuple[str, ...]
    opened: str
    deadline: str
    hash: str


def check_sender(event: Mapping[str, Any], said: Statement, initiator: str) -> str:
    """Why this sender may not send the event, or "". ``event`` is the manifest's."""
    if "initiator" in event["from"] and said["human_actor_id"] == initiator != "none":
        return ""
    if set(said["role"]) & (set(event["from"]) - {"initiator"}):
        return ""
    return "it is sent by " + " or ".join(event["from"])


@dataclass
class Waits:
    """The waits of one chain so far. ``max_skew`` is in milliseconds."""

    max_skew: int
    open: dict[str, OpenWait] = field(default_factory=dict)  # by site, in the order of opening
    rounds: dict[str, int] = field(default_factory=dict)

    def judge(
        self,
        manifest: Mapping[str, Any],
        statement: Statement,
        commit_hash: str,
        initiator: str,
        open_event: OpenEvent,
    ) -> bool:
        """Judge a commit of no artifacts that holds a record of a wait. True when the context is
        that of an event; else it must be what came before.

        Raises:
            EvidenceError: the first broken rule.
        """
        (record, *others) = statement["records"]
        if others:
            errors.refuse("wait_alone", "the record of a wait stands alone in its commit")
        if record["kind"] == "wait":
            self._opened(manifest, statement, record, commit_hash)
            return False
        if not self.open:
            raise EvidenceError("no_wait", f"a record of kind {record['kind']} while nothing waits")
        if record["kind"] == "timeout":
            wait = self._answered(lambda one: one.site == record["site"])
            if statement["timestamp"] < wait.deadline:
                errors.refuse("early_timeout", "the time of the wait was not over")
            return False
        said = open_event(record["event"]).statement
        wait = self._answered(lambda one: one.hash == said["wait_commit_hash"])
        self._came(manifest, wait, statement, said, initiator)
        return True

    def _answered(self, answers: Callable[[OpenWait], bool]) -> OpenWait:
        """The open wait that a record answers, which is then open no more."""
        found = next((one for one in self.open.values() if answers(one)), None)
        if found is None:
            errors.refuse("other_wait", "it answers another wait than those that are open")
            found = next(iter(self.open.values()))
        del self.open[found.site]
        return found

    def ended(self, first: str) -> None:
        """What may follow an open wait but its own records: the end of the run.

        Raises:
            EvidenceError: ``wait_open``.
        """
        if self.open and first != "TERMINATED":
            errors.refuse("wait_open", f"{first or 'a record'} while {min(self.open)} is open")
        self.open.clear()

    def _opened(
        self, manifest: Mapping[str, Any], statement: Statement, record: Any, commit_hash: str
    ) -> None:
        site = record["site"]
        planned = manifest.get("waits", {}).get(site)
        if planned is None:
            raise EvidenceError("wait_site", f"the program has no {site[:40]}")
        if alone := self.open.keys() - set(planned.get("beside", ())):
            errors.refuse("wait_open", f"{site} opens while {min(alone)} is open")
        if record["events"] != planned["events"]:
            errors.refuse("wait_events", f"{site} is for other events")
        self.rounds[site] = self.rounds.get(site, 0) + 1
        if record["round"] != str(self.rounds[site]):
            errors.refuse("round", f"round {record['round']} of {site} is not the next one")
        opened, deadline = statement["timestamp"], record["deadline"]
        if not forms.is_instant(deadline) or deadline < opened:
            errors.refuse("wait_deadline", f"the deadline of {site} is before it opens")
        if deadline > forms.plus(opened, forms.duration_ms(planned["within"])):
            errors.refuse("wait_deadline", f"{site} waits longer than the program lets it")
        self.open[site] = OpenWait(site, tuple(record["events"]), opened, deadline, commit_hash)

    def _came(
        self,
        manifest: Mapping[str, Any],
        wait: OpenWait,
        statement: Statement,
        said: Statement,
        initiator: str,
    ) -> None:
        if said["event"] not in wait.events:
            errors.refuse("event_other", f"{wait.site} does not wait for {said['event']}")
        event = manifest["events"][said["event"]]
        if why := check_sender(event, said, initiator):
            errors.refuse("event_sender", f"{said['event']}: {why}")
        if statement["timestamp"] >= wait.deadline:
            errors.refuse("event_late", "the event was taken when the time of the wait was over")
        sent, taken = (forms.instant_ms(one["timestamp"]) for one in (said, statement))
        if not forms.instant_ms(wait.opened) - self.max_skew <= sent <= taken + self.max_skew:
            errors.refuse("event_time", "the event was not sent between the wait and its commit")
        if context_hash(statement["context"]) != said["context_hash"]:
            errors.refuse("event_context", "the context is not what was sent")
        pointers = [pair[0] for pair in statement["context"]]
        if wrong := covers(event["data"], pointers, PREFIX):
            errors.refuse("event_data", f"the context is not the event's data: {wrong}")

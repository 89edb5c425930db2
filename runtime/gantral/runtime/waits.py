"""Waits for events (LANGUAGE section 7, ADR 0120): each opened, answered, closed in evidence. One
at a time, but in branches of a `parallel` (ADR 0157).

Deterministic: an event is claimed by an accepted update alone, and time is workflow time. Seals are
judged in the validator only, which does not run again in a replay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from gantral.authority import Cause
from gantral.evidence import EvidenceError
from gantral.evidence.envelope import Sealed, judge, unwrap
from gantral.evidence.hashes import context_hash, leaf
from gantral.evidence.records import EVENT
from gantral.evidence.waits import PREFIX, check_sender
from gantral.runtime import forms
from gantral.runtime.calls import Event
from gantral.runtime.commands import Person
from gantral.runtime.ends import Ending, Terminated, not_committed
from gantral.runtime.machine import Machine, Transition, now, whole
from gantral.runtime.parallel import Stopped
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.values import problem
from gantral.runtime.votes import REPEATS, refuse
from gantral.runtime.waiting import Notes, until
from pydantic import ValidationError

# The data of an event with its texts; an update near Temporal's own bound wedges the run.
LARGEST_EVENT: Final = 256 * 1024
_MEMBERS = {"event", "data", "texts"}
_KIND = "event"


@dataclass
class OpenWait:
    """A wait whose record is committed."""

    site: str
    hash: str
    opened: str
    deadline: datetime
    events: Mapping[str, type[Event]]
    # Set by the handler of the first valid event before it awaits: everything after it is late.
    taken: Taken | None = None
    settled: bool = field(default=False)  # what came is committed


@dataclass(frozen=True)
class Taken:
    """An event that was taken, and when (workflow time)."""

    envelope: dict[str, Any]
    hash: str
    data: Event
    texts: list[list[str]]
    at: datetime


class Waits:
    """The waits of one instance."""

    def __init__(self, machine: Machine, program: ProgramInfo, notes: Notes) -> None:
        self.initiator: Person = {"actor": "none", "value": ""}
        self._machine = machine
        self._program = program
        self._notes = notes
        self._rounds: dict[str, int] = {}
        self._open: dict[str, OpenWait] = {}  # by the hash of its commit, in the order of opening
        self._taken: dict[str, OpenWait] = {}  # hash of the sealed event -> where it was taken
        self._repeats = 0

    def carry(self) -> dict[str, Any]:
        """Rounds, for a new history. An event that was taken is in the store, where the API finds
        it."""
        return {"rounds": self._rounds}

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on counting. Raises KeyError, TypeError or ValueError if it is none."""
        self._rounds = {site: whole(count) for site, count in carried["rounds"].items()}

    async def wait(
        self,
        events: tuple[type[Event], ...],
        within: timedelta,
        site: str,
        stopped: Callable[[], bool],
    ) -> Event | None:
        """Wait for the first of these events; None when none came in time.

        ``stopped``: whether another branch has failed, which ends the wait.

        Raises:
            Terminated: somebody cancelled, or the time is longer than the program says.
            Stopped: another branch has failed.
        """
        planned = self._program.manifest["waits"][site]
        if within > forms.read_duration(planned["within"]):
            why = f"{site}: it would wait longer than {planned['within']}"
            raise Terminated(Ending(Cause.ACTION_FAILED, why, site))
        opened = now()
        # A time below nothing is no time at all.
        deadline = max(opened, forms.to_millisecond(opened + within))
        self._rounds[site] = self._rounds.get(site, 0) + 1
        committed = await self._machine.commit(
            Transition(
                (),
                {"same": True},
                records=(
                    {
                        "kind": "wait",
                        "site": site,
                        "round": str(self._rounds[site]),
                        "events": planned["events"],
                        "deadline": forms.write_instant(deadline),
                    },
                ),
                at=opened,
            )
        )
        wait = OpenWait(
            site=site,
            hash=committed.receipt["commit_hash"],
            opened=forms.write_instant(opened),
            deadline=deadline,
            events={one.event_: one for one in events},
        )
        self._open[wait.hash] = wait
        self._show()
        try:
            came = await self._outcome(wait, stopped)
        except (Terminated, Stopped):
            self._close(wait)
            raise
        self._close(wait)
        return came

    def _close(self, wait: OpenWait) -> None:
        self._open.pop(wait.hash, None)
        self._show()

    def _show(self) -> None:
        self._machine.show_wait(next((one.site for one in self._open.values()), "none"))

    async def _outcome(self, wait: OpenWait, stopped: Callable[[], bool]) -> Event | None:
        await until(
            lambda: wait.taken is not None or self._notes.cancelled or stopped(),
            wait.deadline,
        )
        taken = wait.taken
        if taken is None:
            # From here on nothing is taken any more, also while the next commit is on its way.
            del self._open[wait.hash]
            if self._notes.cancelled:
                raise Terminated(Ending(Cause.CANCELLED, "cancelled on request", wait.site))
            if stopped():
                raise Stopped
            await self._machine.commit(
                Transition((), {"same": True}, records=({"kind": "timeout", "site": wait.site},))
            )
            return None
        await self._machine.commit(
            Transition(
                (),
                {"sent": taken.texts, "persons": taken.data.persons(PREFIX)},
                records=({"kind": "event", "event": taken.envelope},),
                at=taken.at,
            )
        )
        wait.settled = True
        return taken.data

    def validate(self, delivery: dict[str, Any]) -> None:
        """Refuse an event that may not be taken; the update then leaves no trace in history.

        Raises:
            ApplicationError: its type names the rule.
        """
        sealed = read(delivery)
        if sealed.hash in self._taken:
            # Each answer is an event, and a run takes 2,000.
            if self._repeats >= REPEATS:
                raise refuse("repeated", "this event was taken before")
            return
        said = sealed.statement
        wait = self._open.get(said["wait_commit_hash"])
        if wait is None or wait.taken is not None or self._notes.broken or self._notes.cancelled:
            raise refuse("no_wait", "the instance does not wait for it")
        if now() >= wait.deadline:
            raise refuse("late", "the time of the wait is over")
        if said["event"] not in wait.events:
            raise refuse("no_wait", f"{wait.site} does not wait for {said['event'][:63]}")
        identity = self._machine.identity
        if (said["instance_id"], said["owning_team_id"]) != (identity.instance_id, identity.team):
            raise refuse("instance", "it was sent to another instance")
        self._check_seal(sealed)
        event = self._program.manifest["events"][said["event"]]
        if why := check_sender(event, said, self.initiator["actor"]):
            raise refuse("sender", why)
        _check_data(delivery, said, _data(wait.events[said["event"]], delivery["data"]))

    async def take(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """Take an event that was accepted; answers when that is committed."""
        sealed = read(delivery)
        wait = self._taken.get(sealed.hash)
        if wait is not None:
            self._repeats += 1
        else:
            # validate found it in this very moment
            wait = self._open[sealed.statement["wait_commit_hash"]]
            data = _data(wait.events[sealed.statement["event"]], delivery["data"])
            self._taken[sealed.hash] = wait
            wait.taken = Taken(delivery["event"], sealed.hash, data, delivery["texts"], now())
        found = wait
        await until(lambda: found.settled or bool(self._notes.broken))
        if not found.settled:
            raise not_committed(self._notes.broken)
        return {"status": "taken", "site": found.site}

    def shown(self) -> dict[str, Any]:
        """The open waits for whoever looks, in the order of opening."""
        return {
            "waits": [
                {
                    "wait": one.site,
                    "events": sorted(one.events),
                    "until": forms.write_instant(one.deadline),
                    "wait_commit_hash": opened,
                }
                for opened, one in self._open.items()
            ]
        }

    def _check_seal(self, sealed: Sealed) -> None:
        trust = self._program.trust
        if trust is None:
            return
        try:
            at = str(sealed.statement["timestamp"])
            judge(sealed, trust, frozenset({"decision"}), self._program.team, at)
        except EvidenceError as error:
            raise refuse(error.code, error.message) from None


def read(delivery: Mapping[str, Any]) -> Sealed:
    """The sealed event of a delivery, its signature not yet judged.

    Raises:
        ApplicationError: ``delivery`` or the evidence rule that it breaks.
    """
    if not isinstance(delivery, dict) or delivery.keys() != _MEMBERS:
        raise refuse("delivery", f"it has exactly {', '.join(sorted(_MEMBERS))}")
    if len(json.dumps(delivery)) > LARGEST_EVENT:
        raise refuse("delivery", f"it is larger than {LARGEST_EVENT} bytes")
    try:
        sealed = unwrap(delivery["event"], _KIND)
        EVENT.require(sealed.statement)
    except EvidenceError as error:
        raise refuse(error.code, error.message) from None
    return sealed


def _data(event: type[Event], data: Any) -> Event:
    try:
        return event.from_wire(data)
    except ValidationError as error:
        raise refuse("data", problem(error)) from None


def _check_data(delivery: Mapping[str, Any], said: Mapping[str, Any], data: Event) -> None:
    """The data must be what was sealed. A person's leaf holds an actor id, which only the evidence
    worker can make: it compares those."""
    texts = delivery["texts"]
    if not isinstance(texts, list) or not all(
        isinstance(one, list) and len(one) == 4 and all(isinstance(part, str) for part in one)
        for one in texts
    ):
        raise refuse("delivery", "texts are lists of four")
    sent = {one[2]: one for one in texts if _within(one[2])}
    context = sorted([pointer, leaf(one)] for pointer, one in sent.items())
    if context_hash(context) != said["context_hash"]:
        raise refuse("data", "its texts are not what was sealed")
    identity = said["assurance"]["identity"]
    if [leaf(one) for one in texts if not _within(one[2])] != [identity]:
        raise refuse("data", "beside its data it has exactly the sender's identity")
    persons = data.persons(PREFIX)
    values = data.leaves(PREFIX)
    if sent.keys() != values.keys() | persons.keys():
        raise refuse("data", "its texts are of other fields")
    for pointer, value in values.items():
        written = "{}" if value == {} else "[]" if value == [] else value
        if sent[pointer][3] != written:
            raise refuse("data", f"{pointer} is not what was sealed")


def _within(pointer: str) -> bool:
    return pointer == PREFIX or pointer.startswith(f"{PREFIX}/")

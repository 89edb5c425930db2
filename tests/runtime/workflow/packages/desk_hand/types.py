from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from gantral.runtime import Approval, Event, ListOf, Person, PersonOf, Record


class Input(Record):
    owner: Annotated[Person, PersonOf()]
    what: str
    script: Annotated[tuple[str, ...], ListOf(max=20)]


class Output(Record):
    log: Annotated[tuple[str, ...], ListOf(max=20)]


class KeyState(Record):
    state: Literal["free", "taken"]


class Serial(Record):
    serial: str


class AccessApproval(Approval):
    owner: Annotated[Person, PersonOf()]
    what: str


class BroughtData(Record):
    what: str
    by: Annotated[Person, PersonOf()]
    note: str | None = None


class NothingData(Record):
    """Nothing."""


class BroughtEvent(BroughtData, Event):
    event_: ClassVar[str] = "brought"


class StopEvent(NothingData, Event):
    event_: ClassVar[str] = "stop"

from __future__ import annotations

from typing import Annotated, Literal

from gantral.runtime import Approval, ListOf, Person, PersonOf, Record


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

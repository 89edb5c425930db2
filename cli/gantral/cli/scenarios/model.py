"""A scenario: what is given, who decides what and when, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from gantral.cli.scenarios.nodes import Place


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: ``roles`` and ``assurances`` as the deployment would map them; ``login``
    is how long before the act they signed in."""

    name: str
    roles: tuple[str, ...]
    assurances: tuple[str, ...]
    login: timedelta


@dataclass(frozen=True)
class Start:
    """Who starts, with what input. ``refused``: the rule that must refuse it, or ""."""

    by: Actor
    input: Any
    refused: str


@dataclass(frozen=True)
class Answer:
    """What an operation answers when it is called the next time: a result, or a failure.

    ``failure`` is "" or not_done or unknown. ``result`` holds spec-named wire values.
    """

    result: Any
    failure: Literal["", "not_done", "unknown"]
    reason: str


@dataclass(frozen=True)
class Decision:
    """One act at an open gate. ``at``: since the gate opened. ``values``: pointer -> value.

    ``refused``: the rule that must refuse it, or "" when it must be counted. ``gate``: "" for
    whichever is open.
    """

    place: Place
    gate: str
    at: timedelta
    by: Actor
    vote: Literal["approve", "amend", "reject", "retract", "withdraw"]
    values: Mapping[str, Any]
    reason: str
    refused: str


@dataclass(frozen=True)
class Sending:
    """An event that somebody sends. ``at``: since the wait opened. ``refused`` as of a decision."""

    place: Place
    event: str
    at: timedelta
    by: Actor
    data: Any
    refused: str


@dataclass(frozen=True)
class Cancel:
    """An operator's request to cancel the run of a workflow, one of three ways: ``at`` so long
    after a gate or a wait opened (``gate``: after that one); ``during`` the first call of an
    operation; ``before`` a gate is open, while it is being opened. The others are None or ""."""

    place: Place
    workflow: str
    at: timedelta | None
    gate: str
    during: str
    before: str

    @property
    def told(self) -> str:
        """In words."""
        return f"an operator asks {self.workflow} to cancel"


@dataclass(frozen=True)
class Expected:
    """What must come of it; None is not compared."""

    transitions: tuple[str, ...] | None
    effects: tuple[tuple[str, Any], ...] | None
    end: str | None
    cause: str | None
    output: Any
    children: tuple[tuple[str, str], ...] | None = None
    """Each child it ran: the workflow, and the state it ended in."""


@dataclass(frozen=True)
class Scenario:
    """One file. ``given``: operation -> answers in order. ``policy``: gate -> words in order.
    ``beside``: effects of it may happen at once, so their order is not compared."""

    file: str
    workflow: str
    about: str
    start: Start
    given: Mapping[str, tuple[Answer, ...]]
    policy: Mapping[str, tuple[str, ...]]
    decisions: tuple[Decision | Sending | Cancel, ...]
    expected: Expected
    beside: bool = False

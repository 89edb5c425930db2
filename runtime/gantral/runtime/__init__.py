"""What generated code, services and workers stand on. `README.md` says what flows in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gantral.runtime import expressions
from gantral.runtime.calls import (
    ActionFailed,
    Approval,
    Ask,
    Call,
    CallContext,
    Decision,
    Failure,
    NotDone,
    Operation,
    Service,
)
from gantral.runtime.execution import Governed, governed
from gantral.runtime.values import (
    DateOf,
    DecimalOf,
    DurationOf,
    InstantOf,
    IntOf,
    ListOf,
    Person,
    PersonOf,
    Record,
    StringOf,
    text,
)

__all__ = [
    "ActionFailed",
    "Approval",
    "Ask",
    "Call",
    "CallContext",
    "DateOf",
    "DecimalOf",
    "Decision",
    "DurationOf",
    "Failure",
    "Governed",
    "InstantOf",
    "IntOf",
    "ListOf",
    "NotDone",
    "Operation",
    "Person",
    "PersonOf",
    "Record",
    "Service",
    "StringOf",
    "activities",
    "expressions",
    "governed",
    "text",
]


def activities(*services: Service, settings: str = "gantral.toml") -> list[Callable[..., Any]]:
    """The Temporal activities of these services, for a team's own worker (DESIGN section 10):
    ``Worker(client, task_queue="payments", activities=[*theirs, *activities(Payments(db))])``.

    ``settings`` names the deployment's settings file: effects read commits from its store and sign
    with its effect key. Call it in the worker's event loop's process, once.

    Raises:
        SettingsError: the settings or the services can't work, with the remedy.
    """
    # Not at import: generated workflow code imports this module and needs no keys or stores.
    from gantral.runtime.workers.assembly import team_activities

    return team_activities(services, settings)

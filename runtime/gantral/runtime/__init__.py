"""What generated code, services and workers stand on. `README.md` says what flows in and out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gantral.runtime import expressions
from gantral.runtime.calls import (
    ActionFailed,
    Approval,
    Ask,
    Call,
    CallContext,
    Child,
    ChildCompleted,
    ChildRejected,
    ChildTerminated,
    Decision,
    Event,
    Failure,
    NotDone,
    Operation,
    Service,
)
from gantral.runtime.defining import governed
from gantral.runtime.documents import Document
from gantral.runtime.execution import Governed
from gantral.runtime.kinds import (
    DateOf,
    DecimalOf,
    DurationOf,
    InstantOf,
    IntOf,
    Json,
    JsonOf,
    ListOf,
    Person,
    PersonOf,
    StringOf,
)
from gantral.runtime.returned import Returned
from gantral.runtime.values import Record, text
from gantral.runtime.zones import Zone

if TYPE_CHECKING:
    from gantral.runtime.client import Client, Instance

__all__ = [
    "ActionFailed",
    "Approval",
    "Ask",
    "Call",
    "CallContext",
    "Child",
    "ChildCompleted",
    "ChildRejected",
    "ChildTerminated",
    "Client",
    "DateOf",
    "DecimalOf",
    "Decision",
    "Document",
    "DurationOf",
    "Event",
    "Failure",
    "Governed",
    "Instance",
    "InstantOf",
    "IntOf",
    "Json",
    "JsonOf",
    "ListOf",
    "NotDone",
    "Operation",
    "Person",
    "PersonOf",
    "Record",
    "Returned",
    "Service",
    "StringOf",
    "Zone",
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


# What a workflow never needs and would pay for.
_LATER = {
    "Client": ("gantral.runtime.client", "Client"),
    "Instance": ("gantral.runtime.client", "Instance"),
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, member = _LATER[name]
    return getattr(import_module(module), member)

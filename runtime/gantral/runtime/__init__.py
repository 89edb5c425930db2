"""What generated code, services and workers stand on. `README.md` says what flows in and out."""

from __future__ import annotations

from gantral.runtime import expressions
from gantral.runtime.calls import (
    ActionFailed,
    Approval,
    Ask,
    Call,
    CallContext,
    Decision,
    Failure,
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
    "Operation",
    "Person",
    "PersonOf",
    "Record",
    "Service",
    "StringOf",
    "expressions",
    "governed",
    "text",
]

"""Where a run stands, and what of its values may still change its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import FrameType, FunctionType
from typing import Any, Final

from gantral.evidence.planned import statement_of
from gantral.runtime.calls import ActionFailed, Approval
from gantral.runtime.parallel import Begun, Branches
from gantral.runtime.statements import Statements
from gantral.runtime.values import Record
from gantral.simulation.exploring.relevant import ASKED, CALLED, LENGTH, Body
from gantral.simulation.run import Run

_SCALARS: Final = (str, bool, int, Decimal, date, datetime, timedelta)
_DECISION: Final = frozenset({"decision_", "grant_", "proposed_"})


@dataclass(frozen=True)
class Stands:
    """``place``: None where what its values are is not all of it (branches at once). ``shown``:
    where it stands, and its values as far as they count. ``calls``, ``asks``: the effects that it
    may still call, and the gates that it may still ask; None: any. ``undoable``: of what stands,
    what may still be undone."""

    place: object
    shown: object
    calls: frozenset[str] | None = None
    asks: frozenset[str] | None = None
    voted: Mapping[str, Sequence[str]] | None = None
    undoable: Sequence[str] = ()


@dataclass(frozen=True)
class Counts:
    """``names``: of fields that conditions may still read; ``whole``: of them those of records and
    lists that may be read as they are."""

    names: frozenset[str]
    whole: frozenset[str]


def stands(run: Run, bodies: Mapping[str, Body | None], counts: Counts) -> Stands:
    """Where a run stands, with what of its values counts."""
    body = failing = ending = None
    voted: Mapping[str, Sequence[str]] = {}
    undoable: Sequence[str] = ()
    for frame in run.frames():
        code, held = frame.f_code.co_name, frame.f_locals
        if not isinstance(held.get("self"), Statements):
            continue
        voted = held["self"]._gates._voted
        undoable = held["self"]._actions.undoable
        if code == "_terminated":
            ending = held["ending"]
        elif code == "on_failure":
            failing = frame
        elif code == "body":
            body = frame
    if ending is not None:
        end = (ending.cause.value, statement_of(ending.statement))
        told = None if failing is None else _within(failing, bodies.get("on_failure"), counts)
        place, shown = (None, None) if told is None else (told.place, told.shown)
        none: frozenset[str] = frozenset()
        found = Stands(("ends", end, place), ("ends", end, shown), none, none)
    elif body is None:
        found = Stands(None, "no body")
    else:
        found = _within(body, bodies.get("body"), counts)
    return replace(found, voted=voted, undoable=undoable)


def _within(frame: FrameType, body: Body | None, read: Counts) -> Stands:
    held = frame.f_locals
    step = None if body is None else body.at(frame.f_lineno)
    if step is None:
        skipped = (FunctionType, Branches, Statements)
        every = [
            (name, projected(value, read, full=name in read.whole))
            for name, value in sorted(held.items())
            if not isinstance(value, skipped)
        ]
        return Stands(None, (frame.f_lasti, every))
    counts = [repr(held.get(name)) for name in step.counts]
    shown: list[tuple[str, object]] = [
        (name, projected(held[name], read, full=name in read.whole))
        for name in sorted(step.names)
        if name in held and name != "self"
    ]
    shown += [
        (one, _length(held[name]))
        for one in sorted(step.names)
        if one.startswith(LENGTH) and (name := one.removeprefix(LENGTH)) in held
    ]
    calls = {one.removeprefix(CALLED) for one in step.names if one.startswith(CALLED)}
    asks = {one.removeprefix(ASKED) for one in step.names if one.startswith(ASKED)}
    return Stands(
        (frame.f_code.co_name, frame.f_lasti, *counts),
        (frame.f_code.co_name, frame.f_lasti, counts, shown),
        frozenset(calls),
        frozenset(asks),
    )


def _length(value: Any) -> object:
    return len(value) if isinstance(value, (tuple, list)) else repr(value)


def projected(value: Any, read: Counts, *, full: bool) -> object:
    """What of a value counts: of records the fields with these names, of a list how many there are
    and which are equal. Of what is not known here, all that can be told of it."""
    if value is None or isinstance(value, _SCALARS):
        return (type(value).__name__, str(value))
    if isinstance(value, (tuple, list)):
        return [(value.index(one), projected(one, read, full=full)) for one in value]
    if isinstance(value, Begun):
        return projected(value._values, read, full=full)
    if isinstance(value, ActionFailed):
        return ("ActionFailed", value.happened, value.cause if "cause" in read.names else "")
    if isinstance(value, Record):
        found: list[object] = [
            (name, projected(one, read, full=full or name in read.whole))
            for name in type(value).model_fields
            if _counts(one := getattr(value, name), name, read, full=full)
        ]
        if isinstance(value, Approval) and value._granted is not None:
            found.append(("waived", value.decision_.waived))
            if read.names & {*_DECISION, "deciders"}:
                found += [str(value.decision_), projected(value.proposed_, read, full=True)]
        return (type(value).__name__, found)
    if is_dataclass(value) and not isinstance(value, type):
        parts = [(one.name, getattr(value, one.name)) for one in fields(value)]
        return (
            type(value).__name__,
            [
                (name, projected(one, read, full=full or name in read.whole))
                for name, one in parts
                if _counts(one, name, read, full=full)
            ],
        )
    return (type(value).__name__, repr(value))


def _counts(value: object, name: str, read: Counts, *, full: bool) -> bool:
    return full or name in read.names or not (value is None or isinstance(value, _SCALARS))

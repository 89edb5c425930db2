"""Replays a recorded history against a program, bodies included.

Temporal's own replay compares the types and the order of commands; what an activity is given may
change unseen. Here each activity's arguments are compared as well (shared notes on determinism:
of 300 changed bodies plain replay passes all).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gantral.runtime import programs
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.sealing import Sealer, Unsealed
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

_COMMIT = "gantral.commit"


class HistoryError(Exception):
    """This is no history of a governed workflow; the message says why."""


@dataclass(frozen=True)
class Scheduled:
    """An activity that a history holds: its type, its arguments, the event that scheduled it."""

    activity: str
    arguments: list[Any]
    event: int


@dataclass(frozen=True)
class Recorded:
    """What a history tells of itself. ``program`` is the workflow_version_id that ran it."""

    history: WorkflowHistory
    workflow: str
    instance: str
    team: str
    program: str
    activities: tuple[Scheduled, ...]


def read_history(data: bytes) -> Recorded:
    """A history as Temporal's command line writes it (``workflow show --output json``).

    Raises:
        HistoryError: it is none, or its payloads are not plain JSON.
    """
    try:
        tree = json.loads(data)
        started = tree["events"][0]["workflowExecutionStartedEventAttributes"]
        # The parser wants an id for what it reads; the run's own is in its first commit.
        activities = tuple(_scheduled(WorkflowHistory.from_json("", tree)))
        name = str(started["workflowType"]["name"])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise HistoryError(f"this is no history of a run ({type(error).__name__})") from None
    committed = [one.arguments for one in activities if one.activity == _COMMIT]
    if not committed:
        raise HistoryError("this run committed nothing: it was refused, or is not governed")
    try:
        instance, program = committed[0][0]["instance_id"], committed[0][0]["program"]
        team = committed[0][0]["team"]
        history = WorkflowHistory.from_json(instance, tree)
    except (KeyError, IndexError, TypeError) as error:
        raise HistoryError(f"its first commit has not its form ({type(error).__name__})") from None
    return Recorded(history, name, str(instance), str(team), str(program), activities)


def _scheduled(history: WorkflowHistory) -> list[Scheduled]:
    found = []
    for event in history.events:
        attributes = event.activity_task_scheduled_event_attributes
        if attributes.activity_type.name:
            bodies = [json.loads(payload.data) for payload in attributes.input.payloads]
            found.append(Scheduled(attributes.activity_type.name, bodies, event.event_id))
    return found


async def difference(recorded: Recorded, program: ProgramInfo) -> str | None:
    """The first way in which the program would not do what the history holds; None: there is none.
    Not for use inside a workflow; one replay at a time.

    Raises:
        NoKey: ``program.keys`` do not hold the instance's key, so nobody can tell.
    """
    sealer = program.sealer(recorded.instance)
    left = list(recorded.activities)
    found: list[str] = []

    class Compare(WorkflowOutboundInterceptor):
        def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
            if not found:
                found.extend(_compared(sealer, left, input))
            return self.next.start_activity(input)

    class Inbound(WorkflowInboundInterceptor):
        def init(self, outbound: WorkflowOutboundInterceptor) -> None:
            super().init(Compare(outbound))

    class Comparing(Interceptor):
        def workflow_interceptor_class(
            self, input: WorkflowInterceptorClassInput
        ) -> type[WorkflowInboundInterceptor]:
            return Inbound

    replayer = Replayer(
        workflows=[program.workflow_class],
        workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
        interceptors=[Comparing()],
    )
    result = await replayer.replay_workflow(recorded.history, raise_on_replay_failure=False)
    if found:
        return found[0]
    if result.replay_failure is not None:
        return str(result.replay_failure)
    if left:
        return f"event {left[0].event}: {left[0].activity} is not called any more"
    return None


def _compared(sealer: Sealer, left: list[Scheduled], input: StartActivityInput) -> list[str]:
    if not left:
        return [f"after the last event: {input.activity} is called"]
    expected = left.pop(0)
    if input.activity != expected.activity:
        return [f"event {expected.event}: {input.activity} is called, not {expected.activity}"]
    made = json.loads(json.dumps(list(input.args)))
    if made != expected.arguments:
        try:
            both = (
                _opened(sealer, input.activity, expected.arguments),
                _opened(sealer, input.activity, made),
            )
        except Unsealed:
            both = (expected.arguments, made)
        where, old, new = _first_other(*both)
        return [f"event {expected.event}: {expected.activity} is given {new} at {where}, not {old}"]
    return []


def _opened(sealer: Sealer, activity: str, arguments: list[Any]) -> list[Any]:
    """The arguments as they were before they were sealed. Raises Unsealed."""
    return [sealer.open(activity, one) for one in arguments]


def _first_other(old: Any, new: Any, place: str = "") -> tuple[str, str, str]:
    """The first place, as a JSON pointer, at which two JSON values differ, and both there."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        pairs = [(key, old[key], new[key]) for key in sorted(old)]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [(str(at), *both) for at, both in enumerate(zip(old, new, strict=True))]
    else:
        return place or "/", f"{json.dumps(old)[:80]}", f"{json.dumps(new)[:80]}"
    key, one, other = next(pair for pair in pairs if pair[1] != pair[2])
    return _first_other(one, other, f"{place}/{key}")

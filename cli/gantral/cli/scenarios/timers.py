"""When the next thing happens to instances that only wait for time: the first of their timers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gantral.cli.scenarios.driver import Timer
from temporalio.client import Client

# What opens and what closes each thing that an instance may wait for, by the history's own names,
# and the member of the closing event that names the opening one.
_OPENS = {
    "timer_started_event_attributes",
    "activity_task_scheduled_event_attributes",
    "workflow_task_scheduled_event_attributes",
}
_CLOSES = {
    "timer_fired_event_attributes": "started_event_id",
    "timer_canceled_event_attributes": "started_event_id",
    **{
        f"{what}_task_{how}_event_attributes": "scheduled_event_id"
        for what, ends in (
            ("activity", ("completed", "failed", "timed_out", "canceled")),
            ("workflow", ("completed", "failed", "timed_out")),
        )
        for how in ends
    },
}
_BEGUN = "workflow_task_started_event_attributes"
_CHILD = "start_child_workflow_execution_initiated_event_attributes"


async def first_timer(client: Client, instances: Sequence[str]) -> Timer | None:
    """The first timer of these instances; None while one of them has anything else to do, one has
    a child that is not among them, or none has a timer."""
    timers: list[Timer] = []
    for instance in instances:
        waiting: dict[int, Any] = {}
        asked: dict[int, datetime] = {}  # event -> the time that the task saw which set it
        now = datetime.min
        async for event in client.get_workflow_handle(instance).fetch_history_events():
            kind = event.WhichOneof("attributes")
            if kind in _OPENS:
                waiting[event.event_id] = event
            elif kind == _CHILD and getattr(event, kind).workflow_id not in instances:
                return None
            elif kind in _CLOSES:
                waiting.pop(getattr(getattr(event, kind), _CLOSES[kind]), None)
            if kind == _BEGUN:
                now = _time(event)
            asked[event.event_id] = now
        for event in waiting.values():
            if event.WhichOneof("attributes") != "timer_started_event_attributes":
                return None
            wait: timedelta = (
                event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            )
            timers.append(Timer(asked[event.event_id] + wait, _time(event) + wait))
    return min(timers, key=lambda timer: timer.fires, default=None)


def _time(event: Any) -> datetime:
    at: datetime = event.event_time.ToDatetime(tzinfo=UTC)
    return at

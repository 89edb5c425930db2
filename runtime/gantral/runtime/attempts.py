"""What became of the attempts of an activity, and how many there may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gantral.runtime import forms
from gantral.runtime.channel import Unanswered
from gantral.runtime.commands import NOT_BEGUN
from temporalio.exceptions import ApplicationError, TimeoutError, TimeoutType


class Failed(Exception):  # noqa: N818 - what the answer was, not a fault
    """An attempt, or all of them, that came to nothing."""

    def __init__(self, why: str, *, started: bool, queued: bool = False) -> None:
        self.why = why
        self.started = started  # whether it may have happened
        self.queued = queued  # nobody took it from the queue in time
        super().__init__(why)


def failed(silence: Unanswered, attempts: int) -> Failed:
    """What it means that an activity gave no answer."""
    cause = None if silence.error is None else silence.error.cause
    if isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START:
        # The server keeps the failure of an earlier attempt as the cause of the time-out.
        started = attempts > 1 and cause.cause is not None
        return Failed("no worker took it in time", started=started, queued=True)
    if isinstance(cause, TimeoutError):
        return Failed("no answer in time", started=True)
    if isinstance(cause, ApplicationError) and cause.type == NOT_BEGUN:
        return Failed(silence.why, started=attempts > 1)
    return Failed(silence.why, started=True)


def retries(operation: Mapping[str, Any], *, default: int) -> int:
    """How often an operation may be attempted, ``default`` being for one that says nothing."""
    retry = operation["retry"]
    return 1 + (default if retry == "none" else int(retry["count"]))


def duration(text: str | None, default: timedelta) -> timedelta:
    """A duration of the manifest, or the default."""
    return default if text is None or text == "none" else forms.read_duration(text)

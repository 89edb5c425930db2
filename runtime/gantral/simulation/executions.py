"""What Temporal in memory knows of each workflow: its run, and what of it waits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from gantral.simulation.run import Run
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Status = Literal["running", "completed", "failed", "cancelled"]


@dataclass(frozen=True)
class Activity:
    """An activity that waits for its answer. Durations are None where there is no limit.

    ``attempts``: how many it may have (0: any number). ``again``: the pause before a second.
    """

    workflow_id: str
    seq: int
    name: str
    id: str
    queue: str
    argument: Any
    scheduled: int
    start_to_close: timedelta | None
    schedule_to_start: timedelta | None
    schedule_to_close: timedelta | None
    attempts: int
    again: timedelta
    slowest: timedelta
    attempt: int = 1

    @property
    def since(self) -> datetime:
        """When it was scheduled."""
        return EPOCH + timedelta(microseconds=self.scheduled // 1000)

    def next_attempt(self, error: ApplicationError, now: datetime) -> datetime | None:
        """When Temporal tries it again, after an attempt that failed now; None: it has failed."""
        again = now + self.pause()
        limit = self.schedule_to_close
        last = bool(self.attempts) and self.attempt >= self.attempts
        late = limit is not None and again > self.since + limit
        return None if error.non_retryable or last or late else again

    def pause(self) -> timedelta:
        """How long it waits after this attempt for the next one."""
        # As often doubled as it can matter: no pause is longer than some weeks.
        doubled: timedelta = self.again * 2 ** min(self.attempt - 1, 30)
        return min(doubled, self.slowest)


@dataclass(frozen=True)
class Timer:
    """A timer that runs. ``due``: ns since 1970."""

    workflow_id: str
    seq: int
    due: int

    @property
    def at(self) -> datetime:
        """The first instant at which it has fired: never before it is due, else who lets time pass
        to this would wait for ever."""
        return EPOCH + timedelta(microseconds=-(-self.due // 1000))


@dataclass
class Update:
    """An update that was sent. ``refused`` is its rule and message; ``result`` is None until it is
    answered; ``failed`` says why it was not, though accepted."""

    accepted: bool = False
    refused: tuple[str, str] | None = None
    result: Any = None
    failed: str = ""


@dataclass
class Execution:
    """One workflow id: its run, and what of it waits. ``result`` is opened, ``ended`` what history
    has of it."""

    run: Run
    status: Status = "running"
    result: Any = None
    ended: Payload | None = None
    failure: str = ""
    activities: dict[int, Activity] = field(default_factory=dict)
    timers: dict[int, Timer] = field(default_factory=dict)
    children: dict[int, str] = field(default_factory=dict)  # seq -> workflow id
    parent: tuple[str, int] | None = None
    left_open: tuple[str, ...] = ()  # what was under way when it was closed
    memo: dict[str, Any] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)

    def fork(self) -> Execution:
        """An execution of its own that stands where this one stands."""
        return replace(
            self,
            run=self.run.fork(),
            activities=dict(self.activities),
            timers=dict(self.timers),
            children=dict(self.children),
            memo=dict(self.memo),
            updates={id: replace(one) for id, one in self.updates.items()},
        )

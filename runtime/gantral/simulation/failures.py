"""What Temporal tells a run of an activity, or of a child, that came to no result."""

from __future__ import annotations

from typing import Any

from gantral.runtime.workers.sealed import told
from gantral.simulation.envelopes import close, is_ours
from gantral.simulation.executions import Activity, Execution
from gantral.simulation.run import CONVERTER
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    RetryState,
    TimeoutError,
    TimeoutType,
)


def raised(error: Exception) -> ApplicationError:
    """What a worker tells Temporal of what an activity's body raised."""
    if isinstance(error, ApplicationError):
        return error
    return ApplicationError(str(error), type=type(error).__name__)


def refused(activity: Activity, error: ApplicationError) -> Failure:
    """It failed for good."""
    if is_ours(activity.name):
        error = told(error, (closed(activity, "failure", error.message),))
    return _of(activity, error, RetryState.NON_RETRYABLE_FAILURE)


def lost(activity: Activity) -> Failure:
    """No attempt was ever answered."""
    return _of(activity, _late(TimeoutType.START_TO_CLOSE), RetryState.MAXIMUM_ATTEMPTS_REACHED)


def left(activity: Activity) -> Failure:
    """Nobody took it from its queue in time. After an attempt that was lost the server names that
    as the cause."""
    error = _late(TimeoutType.SCHEDULE_TO_START)
    if activity.attempt > 1:
        error.__cause__ = _late(TimeoutType.START_TO_CLOSE)
    return _of(activity, error, RetryState.TIMEOUT)


def of_child(workflow_id: str, execution: Execution, failure: Failure | None) -> Failure:
    """A child ended without a result: it failed so, or (None) was cancelled."""
    error = ChildWorkflowError(
        "Child Workflow execution failed",
        namespace="",
        workflow_id=workflow_id,
        run_id=execution.run.began.run_id,
        workflow_type=str(execution.run.began.definition.name),
        initiated_event_id=0,
        started_event_id=0,
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = (
        CancelledError("cancelled")
        if failure is None
        else CONVERTER.failure_converter.from_failure(failure, CONVERTER.payload_converter)
    )
    return _written(error)


def closed(activity: Activity, what: str, value: Any) -> str:
    """The answer or the failure of an activity of ours, sealed for its run."""
    return close(activity.workflow_id, activity.name, what, value, activity.argument)


def _late(kind: TimeoutType) -> TimeoutError:
    words = "StartToClose" if kind == TimeoutType.START_TO_CLOSE else "ScheduleToStart"
    return TimeoutError(f"activity {words} timeout", type=kind, last_heartbeat_details=[])


def _of(activity: Activity, cause: BaseException, state: RetryState) -> Failure:
    error = ActivityError(
        "Activity task failed",
        scheduled_event_id=0,
        started_event_id=0,
        identity="simulation",
        activity_type=activity.name,
        activity_id=activity.id,
        retry_state=state,
    )
    error.__cause__ = cause
    return _written(error)


def _written(error: BaseException) -> Failure:
    failure = Failure()
    CONVERTER.failure_converter.to_failure(error, CONVERTER.payload_converter, failure)
    return failure

"""Temporal in memory and in virtual time: what runs, what waits for an answer, what time it is.

Nothing happens here by itself. Whoever holds a ``Server`` lets time pass, answers activities, sends
updates and requests to cancel, in the order that they choose.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gantral.simulation import failures
from gantral.simulation.envelopes import end_sealer, is_ours, sealer, why
from gantral.simulation.executions import EPOCH, Activity, Execution, Status, Timer, Update
from gantral.simulation.run import Began, Run, payload, value_of
from gantral.simulation.watching import Watch
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.child_workflow.child_workflow_pb2 import (
    START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS as _THERE,
)
from temporalio.bridge.proto.workflow_activation import WorkflowActivationJob
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.exceptions import ApplicationError

Definitions = Callable[[str], "workflow._Definition"]


class Server:
    """The executions, and the one clock. ``definition`` finds a workflow by its type's name;
    ``watch`` sees the lines that workflows run."""

    def __init__(self, definition: Definitions, now: datetime, watch: Watch | None = None) -> None:
        self._definition = definition
        self._watch = watch
        self.ns = _ns(now)
        self.executions: dict[str, Execution] = {}
        self._jobs: deque[tuple[str, WorkflowActivationJob]] = deque()
        self._begun = 0

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return EPOCH + timedelta(microseconds=self.ns // 1000)

    def fork(self) -> Server:
        """A server of its own that stands where this one stands; nothing may be under way."""
        assert not self._jobs
        server = Server(self._definition, self.now, self._watch)
        server.ns = self.ns
        server._begun = self._begun
        server.executions = {name: one.fork() for name, one in self.executions.items()}
        return server

    def let_go(self) -> None:
        """Free what the executions hold."""
        for one in self.executions.values():
            one.run.let_go()

    # What waits.

    @property
    def activities(self) -> list[Activity]:
        """All that wait for an answer, in the order in which they were scheduled."""
        return [one for run in self.executions.values() for one in run.activities.values()]

    @property
    def timers(self) -> list[Timer]:
        """All that run, the next first."""
        found = [one for run in self.executions.values() for one in run.timers.values()]
        return sorted(found, key=lambda one: one.due)

    # What somebody outside does.

    def start(self, name: str, workflow_id: str, queue: str, argument: Any) -> bool:
        """Start a workflow; False when one of this id was started before."""
        sealed = sealer(workflow_id).close("start", argument)
        return self._start(name, workflow_id, queue, payload(sealed), None)

    def update(self, workflow_id: str, name: str, id: str, argument: Any) -> Update:
        """Send an update; what is known of it, which may grow. A refused one leaves no trace."""
        execution = self.executions[workflow_id]
        if (known := execution.updates.get(id)) is not None:
            return known
        update = Update()
        if execution.status != "running":
            update.refused = ("instance_ended", "the instance is over")
            return update
        execution.updates[id] = update
        job = WorkflowActivationJob()
        job.do_update.id = job.do_update.protocol_instance_id = id
        job.do_update.name = name
        job.do_update.input.append(payload(sealer(workflow_id).close(name, argument)))
        job.do_update.meta.update_id = id
        job.do_update.run_validator = True
        self._tell(workflow_id, job)
        if update.refused is not None:
            del execution.updates[id]
        return update

    def query(self, workflow_id: str, name: str) -> Any:
        """The answer of a query."""
        job = WorkflowActivationJob()
        job.query_workflow.query_id = name
        job.query_workflow.query_type = name
        (command,) = self.executions[workflow_id].run.activate(self.ns, job)
        answer = command.respond_to_query
        if answer.HasField("failed"):
            raise RuntimeError(f"query {name}: {answer.failed.message}")
        return value_of(answer.succeeded.response)

    def cancel(self, workflow_id: str) -> None:
        """Ask a workflow to cancel."""
        if self.executions[workflow_id].status == "running":
            job = WorkflowActivationJob()
            job.cancel_workflow.reason = "asked"
            self._tell(workflow_id, job)

    def answer(self, activity: Activity, result: Any) -> None:
        """What an activity gave."""
        job = self._resolved(activity)
        given = failures.closed(activity, "answer", result) if is_ours(activity.name) else result
        job.resolve_activity.result.completed.result.CopyFrom(payload(given))
        self._tell(activity.workflow_id, job)

    def refuse(self, activity: Activity, error: ApplicationError) -> None:
        """An activity failed for good."""
        self._fail(activity, failures.refused(activity, error))

    def lose(self, activity: Activity) -> None:
        """No attempt of an activity was ever answered: its time is up."""
        self._fail(activity, failures.lost(activity))

    def leave(self, activity: Activity) -> None:
        """Nobody took an activity from its queue in time."""
        self._fail(activity, failures.left(activity))

    def again(self, activity: Activity) -> Activity:
        """The next attempt of an activity, whose last one got no answer."""
        execution = self.executions[activity.workflow_id]
        found = replace(execution.activities[activity.seq], attempt=activity.attempt + 1)
        execution.activities[activity.seq] = found
        return found

    def pass_to(self, instant: datetime) -> None:
        """Let time pass to an instant; what is due on the way fires, each at its time."""
        end = _ns(instant)
        while self.timers and (first := self.timers[0]).due <= end:
            self.ns = max(self.ns, first.due)
            del self.executions[first.workflow_id].timers[first.seq]
            job = WorkflowActivationJob()
            job.fire_timer.seq = first.seq
            self._tell(first.workflow_id, job)
        self.ns = max(self.ns, end)

    # How it works.

    def _start(
        self,
        name: str,
        workflow_id: str,
        queue: str,
        argument: Payload,
        parent: tuple[str, int] | None,
        continued: str | None = None,
    ) -> bool:
        before = self.executions.get(workflow_id)
        if before is not None and continued is None:
            return False
        self._begun += 1
        began = Began(
            self._definition(name),
            workflow_id,
            f"run-{self._begun}",
            queue,
            argument,
            self.ns,
            continued=continued,
            parent=None if parent is None else parent[0],
        )
        execution = Execution(Run(began, self._watch), parent=parent)
        if before is not None:
            before.run.let_go()
            execution.memo = before.memo
        self.executions[workflow_id] = execution
        job = WorkflowActivationJob()
        init = job.initialize_workflow
        init.workflow_type, init.workflow_id = name, workflow_id
        init.arguments.append(argument)
        init.first_execution_run_id = began.run_id
        init.attempt = 1
        self._tell(workflow_id, job)
        return True

    def _resolved(self, activity: Activity) -> WorkflowActivationJob:
        del self.executions[activity.workflow_id].activities[activity.seq]
        job = WorkflowActivationJob()
        job.resolve_activity.seq = activity.seq
        return job

    def _fail(self, activity: Activity, failure: Failure) -> None:
        job = self._resolved(activity)
        job.resolve_activity.result.failed.failure.CopyFrom(failure)
        self._tell(activity.workflow_id, job)

    def _tell(self, workflow_id: str, job: WorkflowActivationJob) -> None:
        """Hand over a job, and all that it sets off here at this moment."""
        self._jobs.append((workflow_id, job))
        if len(self._jobs) > 1:
            return  # somebody further out works through them
        while self._jobs:
            target, next_job = self._jobs[0]
            execution = self.executions[target]
            if execution.status == "running":
                for command in execution.run.activate(self.ns, next_job):
                    self._command(target, execution, command)
            self._jobs.popleft()

    def _command(self, target: str, execution: Execution, command: WorkflowCommand) -> None:
        which = command.WhichOneof("variant")
        if which == "schedule_activity":
            self._schedule(target, execution, command)
        elif which == "start_timer":
            asked = command.start_timer
            due = self.ns + asked.start_to_fire_timeout.ToNanoseconds()
            execution.timers[asked.seq] = Timer(target, asked.seq, due)
        elif which == "cancel_timer":
            execution.timers.pop(command.cancel_timer.seq, None)
        elif which == "update_response":
            _answered(target, execution, command)
        elif which == "modify_workflow_properties":
            fields = command.modify_workflow_properties.upserted_memo.fields
            execution.memo.update({name: value_of(one) for name, one in fields.items()})
        elif which == "start_child_workflow_execution":
            self._child(target, execution, command)
        elif which == "cancel_child_workflow_execution":
            child = execution.children.get(
                command.cancel_child_workflow_execution.child_workflow_seq
            )
            if child is not None:
                self.cancel(child)
        elif which == "complete_workflow_execution":
            execution.ended = command.complete_workflow_execution.result
            parent = None if execution.parent is None else execution.parent[0]
            end = value_of(execution.ended)
            execution.result = end_sealer(target, parent).open("end", end)
            self._close(target, execution, "completed")
        elif which == "fail_workflow_execution":
            failure = command.fail_workflow_execution.failure
            execution.failure = why(target, failure)
            self._close(target, execution, "failed", failure)
        elif which == "cancel_workflow_execution":
            self._close(target, execution, "cancelled")
        elif which == "continue_as_new_workflow_execution":
            began = execution.run.began
            anew = command.continue_as_new_workflow_execution
            self._start(
                str(began.definition.name),
                target,
                began.task_queue,
                anew.arguments[0],
                execution.parent,
                continued=began.run_id,
            )
        elif which != "upsert_workflow_search_attributes":
            raise NotImplementedError(f"a governed workflow gives no command {which}")

    def _schedule(self, target: str, execution: Execution, command: WorkflowCommand) -> None:
        asked = command.schedule_activity
        retry = asked.retry_policy
        argument = value_of(asked.arguments[0])
        if is_ours(asked.activity_type):
            argument = sealer(target).open(asked.activity_type, argument)
        execution.activities[asked.seq] = Activity(
            workflow_id=target,
            seq=asked.seq,
            name=asked.activity_type,
            id=asked.activity_id,
            queue=asked.task_queue,
            argument=argument,
            scheduled=self.ns,
            start_to_close=_limit(command, "start_to_close_timeout"),
            schedule_to_start=_limit(command, "schedule_to_start_timeout"),
            schedule_to_close=_limit(command, "schedule_to_close_timeout"),
            attempts=retry.maximum_attempts,
            again=retry.initial_interval.ToTimedelta(),
            slowest=retry.maximum_interval.ToTimedelta() or retry.initial_interval.ToTimedelta(),
        )

    def _child(self, target: str, execution: Execution, command: WorkflowCommand) -> None:
        asked = command.start_child_workflow_execution
        job = WorkflowActivationJob()
        begun = job.resolve_child_workflow_execution_start
        begun.seq = asked.seq
        there = asked.workflow_id in self.executions
        if there:
            begun.failed.workflow_id = asked.workflow_id
            begun.failed.workflow_type = asked.workflow_type
            begun.failed.cause = _THERE
        else:
            execution.children[asked.seq] = asked.workflow_id
            begun.succeeded.run_id = f"run-{self._begun + 1}"
        self._jobs.append((target, job))
        if not there:
            self._start(
                asked.workflow_type,
                asked.workflow_id,
                asked.task_queue,
                asked.input[0],
                (target, asked.seq),
            )

    def _close(
        self, target: str, execution: Execution, status: Status, failure: Failure | None = None
    ) -> None:
        execution.status = status
        execution.left_open = tuple(one.name for one in execution.activities.values())
        execution.activities.clear()
        execution.timers.clear()
        for update in execution.updates.values():
            if update.result is None and not update.failed:
                update.failed = "the execution is closed"
        for child in execution.children.values():
            self.cancel(child)
        execution.children.clear()
        if execution.parent is not None:
            self._ended(target, execution, failure)

    def _ended(self, target: str, execution: Execution, failure: Failure | None) -> None:
        assert execution.parent is not None
        parent, seq = execution.parent
        job = WorkflowActivationJob()
        ended = job.resolve_child_workflow_execution
        ended.seq = seq
        if execution.ended is not None:
            ended.result.completed.result.CopyFrom(execution.ended)
        else:
            ended.result.failed.failure.CopyFrom(failures.of_child(target, execution, failure))
        self.executions[parent].children.pop(seq, None)
        if self.executions[parent].status == "running":
            self._jobs.append((parent, job))


def _answered(workflow_id: str, execution: Execution, command: WorkflowCommand) -> None:
    response = command.update_response
    update = execution.updates[response.protocol_instance_id]
    which = response.WhichOneof("response")
    if which == "accepted":
        update.accepted = True
    elif which == "completed":
        update.result = value_of(response.completed)
    elif update.accepted:
        update.failed = why(workflow_id, response.rejected)
    else:
        rule = response.rejected.application_failure_info.type or "refused"
        update.refused = (rule, response.rejected.message.removeprefix(f"{rule}: "))


def _limit(command: WorkflowCommand, name: str) -> timedelta | None:
    asked = command.schedule_activity
    if not asked.HasField(name):  # type: ignore[arg-type]
        return None
    found: timedelta = getattr(asked, name).ToTimedelta()
    return found or None


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000

"""Children of a run, as Temporal's own children (LANGUAGE section 7).

A child begins with its parent's chain: the evidence worker seals its submission, the parent commits
that, and only then it is started. Closing the parent asks it to cancel, so it ends by its own code.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from gantral.authority import Cause, State
from gantral.evidence.planned import child_at
from gantral.runtime import forms
from gantral.runtime.calls import Child, ChildCompleted, ChildRejected, ChildTerminated
from gantral.runtime.channel import Unanswered
from gantral.runtime.commands import (
    EVIDENCE_QUEUE,
    START_CHILD,
    ChildCommand,
    ChildStart,
    Person,
    workflow_queue,
)
from gantral.runtime.effects import Actions
from gantral.runtime.ends import Ending, RunEnd, Terminated, not_committed, refused
from gantral.runtime.machine import Machine, Transition, now
from gantral.runtime.programs import ProgramError, ProgramInfo
from gantral.runtime.sealing import Unsealed
from gantral.runtime.values import Record, problem
from gantral.runtime.waiting import Notes, until
from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

OutputT = TypeVar("OutputT", bound=Record)

# As a commit: a lost worker is replaced, an answer is final.
_ATTEMPT = timedelta(seconds=10)
_QUEUED = timedelta(days=1)
_REDELIVERY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0)
# The cause of a child that its own key does not let begin (LANGUAGE section 2).
ALREADY_DONE = "already_done"
_ENDS = (State.COMPLETED, State.REJECTED, State.TERMINATED)


class Children:
    """The children of one instance."""

    def __init__(
        self,
        machine: Machine,
        program: ProgramInfo,
        notes: Notes,
        initiator: Person,
        actions: Actions,
    ) -> None:
        self._machine = machine
        self._actions = actions
        self._program = program
        self._notes = notes
        self._initiator = initiator

    async def run(
        self, arguments: Child[OutputT], call: str
    ) -> ChildCompleted[OutputT] | ChildRejected | ChildTerminated:
        """Run a child and say how it ended.

        Raises:
            Terminated: it is lost, or gave what is outside its type.
            ApplicationError: of type NotCommitted; nothing has started.
        """
        planned = child_at(self._program.manifest, call)
        if planned is None:
            raise refused(f"no child is run at {call}")
        started = await self._sealed(arguments, call)
        start, submission = started["start"], started["submission"]
        if start is None or submission is None:
            # Its key is not free. Nothing began, so there is nothing that evidence could tell.
            return ChildTerminated(ALREADY_DONE)
        await self._machine.commit(
            Transition(
                (),
                {"same": True},
                records=({"kind": "child", "call": call, "submission": submission},),
            )
        )
        end = await self._end(started["instance_id"], start, planned["workflow_id"], call)
        self._machine.note(
            [
                {
                    "kind": "child_end",
                    "call": call,
                    "state": end["state"],
                    "cause": end["cause"],
                    "gate": end["gate"],
                    "artifact_hash": end["artifact"],
                }
            ]
        )
        if end["state"] == State.COMPLETED:
            # From here on what it did is this run's to undo.
            try:
                self._actions.adopt(end["left"], call)
            except (AttributeError, KeyError, TypeError, ValueError, ProgramError) as error:
                raise _lost(call, f"what it left can't be read: {error}") from None
        return _outcome(arguments, call, end)

    async def _sealed(self, arguments: Child[Any], call: str) -> ChildStart:
        identity = self._machine.identity
        command: ChildCommand = {
            "team": identity.team,
            "workflow_id": identity.workflow_id,
            "instance_id": identity.instance_id,
            "program": identity.program,
            "call": call,
            "timestamp": forms.write_instant(now()),
            "initiator": self._initiator,
            "input": arguments.to_wire(),
        }
        try:
            started: ChildStart = await self._machine.channel.ask(
                START_CHILD,
                command,
                task_queue=EVIDENCE_QUEUE,
                start_to_close_timeout=_ATTEMPT,
                schedule_to_close_timeout=_QUEUED,
                retry_policy=_REDELIVERY,
                summary=call,
            )
        except Unanswered as silence:
            raise not_committed(silence.why, silence.rule) from silence
        if type(started) is not dict or started.keys() != ChildStart.__required_keys__:
            raise not_committed("the answer is no start of a child")
        return started

    async def _end(
        self, instance_id: str, start: dict[str, Any], workflow_id: str, call: str
    ) -> RunEnd:
        try:
            handle = await workflow.start_child_workflow(
                workflow_id,
                start,
                id=instance_id,
                task_queue=workflow_queue(self._machine.identity.team),
                parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
            await until(lambda: handle.done() or self._notes.cancelled)
            if not handle.done():
                # It ends by its own code: at a gate it is rejected, else terminated.
                handle.cancel()
            end = self._machine.channel.end_of_child(instance_id, await handle)
        except Unsealed as error:
            raise _lost(call, str(error)) from None
        except (ChildWorkflowError, WorkflowAlreadyStartedError) as error:
            why = str(getattr(error, "cause", None) or error)
            raise _lost(call, why) from error
        if end.keys() != RunEnd.__required_keys__:
            raise _lost(call, "its answer is no end")
        return end  # type: ignore[return-value]


def _outcome(
    arguments: Child[OutputT], call: str, end: RunEnd
) -> ChildCompleted[OutputT] | ChildRejected | ChildTerminated:
    if end["state"] == State.REJECTED:
        return ChildRejected(end["gate"], end["cause"], end["message"])
    if end["state"] == State.TERMINATED:
        return ChildTerminated(end["cause"])
    try:
        output: Any = arguments.output_.from_wire(end["output"])
    except ValidationError as error:
        raise _lost(call, f"what it gave is outside its type: {problem(error)}") from None
    return ChildCompleted(output)


def _lost(call: str, why: str) -> Terminated:
    message = f"{call}: how it ended is not known: {why}"
    return Terminated(Ending(Cause.ACTION_FAILED, message, call))

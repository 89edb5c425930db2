"""One execution of a workflow, driven by hand: activations in, commands out.

What turns its crank is the SDK's own workflow instance, as in a worker and in its replayer. Every
activation is kept, so an execution can be forked: the copy is played again from what is kept when
somebody steps it, and must then do the same again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, Final, TypeVar

from gantral.simulation.apart import apart
from gantral.simulation.watching import Watch
from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.bridge.proto.workflow_activation import WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.converter import DataConverter
from temporalio.worker._workflow_instance import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
)

NAMESPACE: Final = "simulation"
CONVERTER: Final = DataConverter.default
_T = TypeVar("_T")
# An activation is a workflow task: scheduled, started, completed.
_EVENTS_OF_A_TASK = 3


class WrongCode(Exception):  # noqa: N818 - what is the matter with the workflow
    """The workflow's code failed a task, or did something else when it was played again: in a
    deployment the run would be stuck. The message says where."""


@dataclass(frozen=True)
class Began:
    """With what an execution began."""

    definition: workflow._Definition
    workflow_id: str
    run_id: str
    task_queue: str
    argument: Payload
    at: int  # ns since 1970
    continued: str | None = None  # the run id of the history before
    parent: str | None = None  # the workflow id of the parent


@dataclass(frozen=True)
class _Step:
    """One activation and what it gave."""

    at: int
    job: WorkflowActivationJob
    commands: Sequence[WorkflowCommand]


class Run:
    """One execution. ``fork`` copies it; ``activate`` steps it; ``let_go`` frees what it holds.
    ``watch`` sees the lines that it runs."""

    def __init__(self, began: Began, watch: Watch | None = None) -> None:
        self.began = began
        self._watch = watch
        self.length = 0  # events, about as many as a server would count
        self._steps: list[_Step] = []
        self._live: WorkflowInstance | None = None

    @property
    def steps(self) -> int:
        """How many activations it had."""
        return len(self._steps)

    def fork(self) -> Run:
        """An execution that had the same history, of its own from here on."""
        run = Run(self.began, self._watch)
        run.length = self.length
        run._steps = list(self._steps)
        return run

    def activate(self, at: int, job: WorkflowActivationJob) -> Sequence[WorkflowCommand]:
        """Hand one job to the workflow at a time (ns); what it commands. A refused update, and a
        query, leave no trace.

        Raises:
            WrongCode.
        """
        live = self._instance()
        commands = self._activate(live, at, job, replaying=False)
        if job.HasField("query_workflow"):
            return commands
        if job.HasField("do_update"):
            if any(one.update_response.HasField("rejected") for one in commands):
                return commands
            kept = WorkflowActivationJob()
            kept.CopyFrom(job)
            kept.do_update.run_validator = False
            job = kept
        self._keep(_Step(at, job, commands))
        return commands

    def frames(self) -> Iterator[FrameType]:
        """Where its code stands: the frames of each of its tasks, the outermost first."""
        for task in self._instance()._tasks:  # type: ignore[attr-defined]
            stands: Any = task.get_coro()
            while (frame := getattr(stands, "cr_frame", None)) is not None:
                yield frame
                stands = stands.cr_await

    def replay(self, definition: workflow._Definition | None = None) -> None:
        """Play it again from its history, on its own code or on this.

        Raises:
            WrongCode: it does something else.
        """
        if definition is None:
            self.let_go()
            self._instance()
            return
        other = self.fork()
        other.began = replace(self.began, definition=definition)
        try:
            other._instance()
        finally:
            other.let_go()

    def let_go(self) -> None:
        """Free the coroutines it holds; it can be stepped again, by its history."""
        live, self._live = self._live, None
        if live is not None:
            job = WorkflowActivationJob()
            job.remove_from_cache.SetInParent()
            _apart(lambda: live.activate(_activation(self.began, 0, [job], 0, replaying=True)))

    def _keep(self, step: _Step) -> None:
        self._steps.append(step)
        self.length += _EVENTS_OF_A_TASK + 1 + len(step.commands)

    def _instance(self) -> WorkflowInstance:
        if self._live is None:
            began = self.began
            live = self._live = _apart(lambda: _create(began))
            for step in self._steps:
                commands = self._activate(live, step.at, step.job, replaying=True)
                if commands != step.commands:
                    raise WrongCode(
                        f"{began.definition.name} does something else when it is played again from"
                        " its history: its code is not deterministic"
                    )
        return self._live

    def _activate(
        self, live: WorkflowInstance, at: int, job: WorkflowActivationJob, *, replaying: bool
    ) -> Sequence[WorkflowCommand]:
        made = _activation(self.began, at, [job], self.length, replaying=replaying)
        watch = self._watch
        # What is played again was seen.
        if watch is None or replaying:
            completion = _apart(lambda: live.activate(made))
        else:
            completion = _apart(lambda: watch.over(lambda: live.activate(made)))
        if completion.HasField("failed"):
            failure = completion.failed.failure
            raise WrongCode(f"{self.began.definition.name} fails its task: {failure.message}")
        return list(completion.successful.commands)


def payload(value: Any) -> Payload:
    """A value as Temporal carries it."""
    return CONVERTER.payload_converter.to_payload(value)


def value_of(held: Payload) -> Any:
    """What a payload carries, as plain JSON."""
    return CONVERTER.payload_converter.from_payload(held)


def _create(began: Began) -> WorkflowInstance:
    at = datetime.fromtimestamp(began.at / 1e9, UTC)
    parent = None
    if began.parent is not None:
        parent = workflow.ParentInfo(NAMESPACE, run_id="", workflow_id=began.parent)
    info = workflow.Info(
        attempt=1,
        continued_run_id=began.continued,
        cron_schedule=None,
        execution_timeout=None,
        first_execution_run_id=began.run_id,
        headers={},
        namespace=NAMESPACE,
        original_execution_run_id=began.run_id,
        parent=parent,
        root=None,
        priority=Priority.default,
        raw_memo={},
        retry_policy=None,
        run_id=began.run_id,
        run_timeout=None,
        search_attributes={},
        start_time=at,
        workflow_start_time=at,
        task_queue=began.task_queue,
        task_timeout=timedelta(seconds=10),
        typed_search_attributes=TypedSearchAttributes.empty,
        workflow_id=began.workflow_id,
        workflow_type=str(began.definition.name),
    )
    return UnsandboxedWorkflowRunner().create_instance(
        WorkflowInstanceDetails(
            payload_converter_factory=lambda: CONVERTER.payload_converter,
            failure_converter_class=CONVERTER.failure_converter_class,
            interceptor_classes=[],
            defn=began.definition,
            info=info,
            randomness_seed=0,
            extern_functions={},
            disable_eager_activity_execution=True,
            worker_level_failure_exception_types=[],
            patch_activation_callback=None,
            last_completion_result=Payloads(),
            last_failure=None,
            default_workflow_logic_flags=frozenset(),
        )
    )


def _activation(
    began: Began,
    at: int,
    jobs: Sequence[WorkflowActivationJob],
    length: int,
    *,
    replaying: bool,
) -> WorkflowActivation:
    made = WorkflowActivation(
        run_id=began.run_id, is_replaying=replaying, history_length=length, jobs=jobs
    )
    made.timestamp.FromNanoseconds(at)
    return made


class _Nowhere:
    """Stands for the event loop of a worker, which an instance asks for when it is made."""


_NOWHERE: Final[Any] = _Nowhere()


def _apart(step: Callable[[], _T]) -> _T:
    """Run a step of a workflow, which is an event loop of its own."""
    return apart(lambda: _alone(step))


def _alone(step: Callable[[], _T]) -> _T:
    asyncio._set_running_loop(_NOWHERE)
    try:
        return step()
    finally:
        asyncio._set_running_loop(None)

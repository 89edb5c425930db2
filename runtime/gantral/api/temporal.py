"""Everything that ``serve`` asks of Temporal, each with a time limit.

A limit that strikes is not a refusal: what was asked may still happen. It is answered 504
"unknown, ask again", and asking again with the same id is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gantral.api.problems import Problem, unknown
from gantral.runtime.commands import workflow_queue
from gantral.runtime.workers import deployments
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    PinnedVersioningOverride,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkerDeploymentVersion,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

_STATE: Final = SearchAttributeKey.for_keyword("GantralState")
_GATE: Final = SearchAttributeKey.for_keyword("GantralGate")
_TEAM: Final = SearchAttributeKey.for_keyword("GantralTeam")
_WORKFLOW: Final = SearchAttributeKey.for_keyword("GantralWorkflow")
_SUBMISSION: Final = "submission"
_DECISION: Final = "whether your decision was counted"
_EVENT: Final = "whether the event was taken"
_SILENT: Final = frozenset(
    {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNAVAILABLE}
)


@dataclass(frozen=True)
class Row:
    """One instance as the visibility store lists it. It lags a little; the evidence rules."""

    instance_id: str
    workflow: str
    team: str
    state: str
    gate: str
    title: str
    deadline: str
    started: str
    running: bool


@dataclass(frozen=True)
class Rejected:
    """A workflow's validator said no: its rule and message."""

    rule: str
    message: str


@dataclass(frozen=True)
class Run:
    """A run as Temporal knows it. ``submission``: the hash of what began it, "none" of a child."""

    run_id: str
    closed: bool
    submission: str


class Gateway:
    """A connected client. ``limit``: how long one answer may take. ``builds``: team -> the build
    that its instances are started on; a team that is not there has none (docs/rollout.md)."""

    def __init__(
        self,
        client: Client,
        limit: timedelta = timedelta(seconds=10),
        builds: Mapping[str, WorkerDeploymentVersion] | None = None,
    ) -> None:
        self._client = client
        self.limit = limit
        self._builds = builds or {}
        self._polled: set[WorkerDeploymentVersion] = set()

    async def start(
        self,
        instance_id: str,
        workflow: str,
        team: str,
        command: Mapping[str, Any],
        submission: str,
        *,
        again: bool = False,
    ) -> bool:
        """Start an instance by its sealed command; False when its id is that of a run of another
        start. A run of this one, which somebody who found its draft began, is as good as begun.

        Args:
            submission: the hash of the command's submission.
            again: start also when a run of this id failed, of which nothing was committed.

        Raises:
            Problem: 503 build_not_running, before anything is started; 504.
        """
        build = self._builds.get(team)
        if build is not None:
            await self._require(build)
        try:
            await self._client.start_workflow(
                workflow,
                command,
                id=instance_id,
                task_queue=workflow_queue(team),
                memo={_SUBMISSION: submission},
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
                if again
                else WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(_STATE, "CREATED"),
                        SearchAttributePair(_TEAM, team),
                        SearchAttributePair(_WORKFLOW, workflow),
                    ]
                ),
                # The submission is for this very program, and this build is what runs it, whichever
                # build is current. What another build refused could never be started again.
                versioning_override=None if build is None else PinnedVersioningOverride(build),
                rpc_timeout=self.limit,
            )
        except WorkflowAlreadyStartedError:
            run = await self.run(instance_id)
            return run is not None and run.submission == submission
        except RPCError as error:
            raise _problem(error, "whether the instance was started") from None
        return True

    async def _require(self, build: WorkerDeploymentVersion) -> None:
        """A start on a build that nobody ever worked for would wait for it, unseen."""
        if build in self._polled:
            return
        try:
            info = await deployments.described(self._client, build.deployment_name)
        except RPCError as error:
            raise _problem(error, "which builds run") from None
        known = () if info is None else info.version_summaries
        if all(one.deployment_version.build_id != build.build_id for one in known):
            raise Problem(
                503,
                "build_not_running",
                f"no worker of build {build.build_id} has polled yet: nothing was started",
                "start gantral worker from the packages and the lock file that serve has",
            )
        self._polled.add(build)

    async def decide(
        self, instance_id: str, update_id: str, delivery: Mapping[str, Any]
    ) -> Mapping[str, Any] | Rejected:
        """Deliver a sealed vote; returns how it was counted, or the validator's refusal.

        Raises:
            Problem: 504; or 409 when the instance is over.
        """
        return await self._update("decide", instance_id, update_id, delivery, _DECISION)

    async def send(
        self, instance_id: str, update_id: str, delivery: Mapping[str, Any]
    ) -> Mapping[str, Any] | Rejected:
        """Deliver a sealed event; returns where it was taken, or the validator's refusal.

        Raises:
            Problem: 504.
        """
        return await self._update("event", instance_id, update_id, delivery, _EVENT)

    async def _update(
        self, name: str, instance_id: str, update_id: str, delivery: Mapping[str, Any], what: str
    ) -> Mapping[str, Any] | Rejected:
        handle = self._client.get_workflow_handle(instance_id)
        try:
            answer: Mapping[str, Any] = await handle.execute_update(
                name, delivery, id=update_id, result_type=dict, rpc_timeout=self.limit
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError):
                rule = cause.type or "refused"
                return Rejected(rule, cause.message.removeprefix(f"{rule}: "))
            return Rejected("refused", str(cause))
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise unknown(what) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Rejected("instance_ended", "the instance is over")
            raise _problem(error, what) from None
        return answer

    async def run(self, instance_id: str) -> Run | None:
        """The last run of an instance; None when Temporal knows none.

        Raises:
            Problem: 504.
        """
        try:
            found = await self._client.get_workflow_handle(instance_id).describe(
                rpc_timeout=self.limit
            )
            memo = await found.memo()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise _problem(error, "how the instance stands") from None
        going_on = found.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
        return Run(
            str(found.run_id),
            closed=found.close_time is not None and not going_on,
            submission=str(memo.get(_SUBMISSION, "none")),
        )

    async def rows(self, query: str, most: int) -> list[Row]:
        """Instances that a visibility query finds, the youngest first, ``most`` at the most.

        Raises:
            Problem: 504.
        """
        found: list[Row] = []
        try:
            listing = self._client.list_workflows(query, limit=most, rpc_timeout=self.limit)
            async for one in listing:
                attributes = one.typed_search_attributes
                team = attributes.get(_TEAM)
                if team is None:
                    # Not ours: the namespace may be shared with ordinary workflows.
                    continue
                memo = await one.memo()
                found.append(
                    Row(
                        instance_id=one.id,
                        workflow=attributes.get(_WORKFLOW) or one.workflow_type,
                        team=team,
                        state=attributes.get(_STATE) or "CREATED",
                        gate=attributes.get(_GATE) or "none",
                        title=str(memo.get("title", "")),
                        deadline=str(memo.get("deadline", "none")),
                        started=one.start_time.isoformat(timespec="milliseconds"),
                        running=one.close_time is None,
                    )
                )
        except RPCError as error:
            raise _problem(error, "which instances there are") from None
        return found


def _problem(error: RPCError, what: str) -> Problem:
    if error.status in _SILENT:
        return unknown(what)
    return Problem(
        502,
        "temporal_refused",
        f"Temporal refused: {error.message[:200]}",
        "this is for whoever runs the deployment",
    )

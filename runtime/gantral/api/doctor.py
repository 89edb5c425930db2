"""``gantral doctor``: every part that a deployment needs, looked at once, running or not.

What a settings file does not have is left out: the file of one worker need not name what only
``serve`` needs. Nothing in Temporal is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gantral.api import looks
from gantral.api.looks import Fault, Look
from gantral.api.notices.targets import targets
from gantral.api.sealing import stamp
from gantral.api.words import duration
from gantral.evidence import TrustFile, forms
from gantral.evidence.calendar import ticks
from gantral.runtime.commands import EVIDENCE_QUEUE, workflow_queue
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings, SettingsError
from gantral.runtime.workers import deployments
from gantral.runtime.workers.connection import connect, lacking, missing_search_attributes
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError

_RPC: Final = timedelta(seconds=10)
# A poll is held for a minute; the server remembers who polled for five.
_FRESH: Final = timedelta(minutes=2)
_WORKFLOWS: Final = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITIES: Final = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


async def examine(settings: Settings, now: datetime | None = None) -> list[Look]:
    """A look at each part, in the order in which one would mend them. Never raises for what a
    deployment can have wrong."""
    moment = now or datetime.now(UTC)
    at = stamp(moment)
    seen = [Look("settings", f"{settings.file}, {settings.environment}")]
    trust: TrustFile | None = None
    if settings.evidence is not None:
        trust, found = looks.trust_file(settings)
        seen += [found, *looks.stores(settings)]
        if settings.api is not None or settings.log is not None:
            seen.append(await asyncio.to_thread(looks.log, settings, trust, moment))
    programs, loaded = looks.loaded(settings, trust, at)
    seen += loaded
    seen += [
        looks.signing(settings, use, trust, programs, at)
        for use in looks.SIGNING
        if getattr(settings.keys, use) is not None
    ]
    if settings.keys.pepper is not None:
        seen.append(looks.pepper(settings))
    if settings.identity is not None:
        seen += [*looks.mapping(settings, programs), *looks.directory(settings)]
        seen.append(await looks.issuer(settings))
    seen += targets(settings, programs)
    if settings.opa is not None or any(one.manifest["policies"] for one in programs):
        seen.append(await looks.opa(settings, programs))
    return seen + await _temporal(settings, programs, moment)


async def _temporal(
    settings: Settings, programs: Sequence[ProgramInfo], now: datetime
) -> list[Look]:
    try:
        client = await connect(settings.temporal)
    except SettingsError as error:
        return [Look("Temporal", "", (Fault("temporal", error.why, error.remedy),))]
    seen: list[Look] = []
    try:
        system = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=_RPC)
        seen.append(
            Look(
                "Temporal",
                f"{client.service_client.config.target_host}, server {system.server_version},"
                f" namespace {client.namespace}, profile {settings.temporal.profile}",
            )
        )
        seen.append(await _search_attributes(client))
        for queue, kind in _queues(programs):
            seen.append(await _queue(client, queue, kind, now))
        for version in (await deployments.versions(client, settings, programs)).values():
            seen += await _deployment(client, version)
    except RPCError as error:
        seen.append(Look("Temporal", "", (looks.temporal_refused(error),)))
    return seen + [_drain(program) for program in programs if program.manifest["gates"]]


async def _search_attributes(client: Client) -> Look:
    try:
        missing = await missing_search_attributes(client)
        if missing:
            raise lacking(client, missing)
    except SettingsError as error:
        fault = Fault("search_attributes", error.why, error.remedy)
        return Look("search attributes", "", (fault,))
    return Look("search attributes", "registered")


def _queues(programs: Sequence[ProgramInfo]) -> Iterator[tuple[str, TaskQueueType.ValueType]]:
    """Every task queue that must be polled, and by which role's kind of worker."""
    for team in sorted({program.team for program in programs}):
        yield workflow_queue(team), _WORKFLOWS
    if programs:
        yield EVIDENCE_QUEUE, _ACTIVITIES
    served = {program.queue(operation) for program in programs for operation in program.calls}
    for queue in sorted(served):
        yield queue, _ACTIVITIES


async def _queue(client: Client, queue: str, kind: TaskQueueType.ValueType, now: datetime) -> Look:
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        ),
        timeout=_RPC,
    )
    pollers = [
        one for one in answer.pollers if now - one.last_access_time.ToDatetime(tzinfo=UTC) < _FRESH
    ]
    part = f"queue {queue}"
    if pollers:
        return Look(part, f"polled by {looks.many(pollers, 'worker')}")
    if kind == _WORKFLOWS:
        role = "workflow"
    else:
        role = "evidence" if queue == EVIDENCE_QUEUE else "service"
    return Look(
        part,
        "",
        (
            Fault(
                "queue_not_polled",
                f"nobody polls {queue}: what is put there waits",
                f"run gantral worker --roles {role}",
            ),
        ),
    )


async def _deployment(client: Client, version: WorkerDeploymentVersion) -> list[Look]:
    name = version.deployment_name
    part = f"deployment {name}"
    info = await deployments.described(client, name)
    if info is None:
        fault = Fault(
            "no_current_build",
            "no worker of it ever polled: a start would hang",
            "run gantral worker --roles workflow",
        )
        return [Look(part, "", (fault,))]
    current = deployments.current_build(info)
    move = (
        "temporal worker deployment set-current-version"
        f" --deployment-name {name} --build-id {version.build_id}"
    )
    if current == version.build_id:
        seen = [Look(part, f"build {current} is current, and this is it")]
    elif current is None:
        fault = Fault("no_current_build", "no build is current: a start hangs", move)
        seen = [Look(part, "", (fault,))]
    else:
        fault = Fault(
            "other_build_current",
            f"new instances run on build {current}; these packages are build {version.build_id}",
            f"if they are to be run: {move}",
        )
        seen = [Look(part, "", (fault,))]
    for summary in info.version_summaries:
        build = summary.deployment_version.build_id
        if build == current:
            continue
        left = await deployments.open_instances(client, WorkerDeploymentVersion(name, build))
        if left:
            seen.append(
                Look(
                    f"build {build[:8]}",
                    f"{left} open on it: keep a worker of this build until none is left",
                )
            )
    return seen


def _drain(program: ProgramInfo) -> Look:
    """How long an instance may wait at one gate: as long its build must be served at least."""
    longest, gate = max(
        (forms.duration_ms(step[0]), step[0], name)
        for name, gate in program.manifest["gates"].items()
        for step in ticks(gate)
    )[1:]
    return Look(
        f"drain {program.workflow_id}",
        f"an instance may wait at {gate} for {duration(longest)}: keep its build as long",
    )

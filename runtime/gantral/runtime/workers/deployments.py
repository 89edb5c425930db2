"""Temporal's worker deployments: which build new instances run on, and who is open on an old one.

A team is one deployment, named ``gantral-TEAM``; a build is one version of it (DESIGN section 5,
PINNED).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings
from gantral.runtime.workers.build import build_id
from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

_RPC: Final = timedelta(seconds=10)
_CURRENT_TRIES: Final = 100

_NOT_YET = frozenset(
    {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED}
)

_log = logging.getLogger("gantral.worker")


async def versions(
    client: Client, settings: Settings, loaded: Sequence[ProgramInfo]
) -> dict[str, WorkerDeploymentVersion]:
    """Team -> its deployment version; empty on a server that has no worker deployments (the
    time-skipping one)."""
    found: dict[str, WorkerDeploymentVersion] = {}
    for team in {program.team for program in loaded}:
        packages = [program.package for program in loaded if program.team == team]
        build = build_id(packages, settings.file.resolve().parent)
        found[team] = WorkerDeploymentVersion(f"gantral-{team}", build)
        try:
            await described(client, found[team].deployment_name)
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED:
                return {}
            raise
    return found


async def described(client: Client, name: str) -> WorkerDeploymentInfo | None:
    """What the server knows of a deployment; None when no worker of it ever polled.

    Raises:
        RPCError: UNIMPLEMENTED on a server that has no worker deployments.
    """
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name),
            timeout=_RPC,
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.worker_deployment_info


def current_build(info: WorkerDeploymentInfo) -> str | None:
    """The build id that new instances run on, None when there is none."""
    return info.routing_config.current_deployment_version.build_id or None


async def make_current(
    client: Client, settings: Settings, version: WorkerDeploymentVersion
) -> None:
    """New instances hang silently without a current version (tried). The first build becomes it;
    a development deployment always moves on to the newest; production is moved by its operator."""
    info = await described(client, version.deployment_name)
    current = None if info is None else current_build(info)
    if current == version.build_id:
        return
    if current is not None and settings.environment == "production":
        _log.warning(
            "build %s is not current, new instances go to %s; to move them: temporal worker"
            " deployment set-current-version --deployment-name %s --build-id %s",
            version.build_id,
            current,
            version.deployment_name,
            version.build_id,
        )
        return
    for attempt in range(_CURRENT_TRIES):
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=client.namespace,
                    deployment_name=version.deployment_name,
                    build_id=version.build_id,
                    # Another workflow of the team may have left this build with its queue.
                    ignore_missing_task_queues=True,
                ),
                timeout=_RPC,
            )
            return
        except RPCError as error:
            # The server learns of a version from its first poll, a moment after it.
            if error.status not in _NOT_YET or attempt == _CURRENT_TRIES - 1:
                raise
            await asyncio.sleep(0.1)


async def open_instances(client: Client, version: WorkerDeploymentVersion) -> int:
    """How many runs are pinned to this build and not over. Raises RPCError."""
    build = f"{version.deployment_name}:{version.build_id}"
    query = f'TemporalWorkerDeploymentVersion = "{build}" AND ExecutionStatus = "Running"'
    return (await client.count_workflows(query, rpc_timeout=_RPC)).count


async def tell_open(client: Client, version: WorkerDeploymentVersion) -> None:
    """Say what a stopped worker leaves behind. That a build with open instances is not taken from
    the deployment is Temporal's own rule: delete-version refuses while it drains."""
    with suppress(RPCError):
        left = await open_instances(client, version)
        if left:
            _log.warning(
                "%d instances are open on build %s: they wait until a worker of this build runs"
                " again; keep one until none is left",
                left,
                version.build_id,
            )

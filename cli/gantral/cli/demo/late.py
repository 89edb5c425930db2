"""The story whose time runs out: the same worker, on the server that can skip time."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gantral.api import starting
from gantral.api.deployment import Deployment, assemble
from gantral.api.problems import Problem
from gantral.api.story import Story
from gantral.api.temporal import Gateway
from gantral.cli.demo.people import Visitor
from gantral.cli.demo.telling import Teller
from gantral.cli.demo.watch import Watch, clock
from gantral.cli.failure import Failure
from gantral.cli.scenarios.clock import Clock
from gantral.cli.stack import Stack, start_worker, write_settings
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_test_server
from gantral.identity import person_of
from gantral.runtime import settings
from temporalio.client import Client, WorkflowFailureError

_PATIENCE = 60.0


def make_late(processes: Processes, stack: Stack, project: Path, work: Path) -> Path:
    """Start the time-skipping server and a worker for it; the settings of that deployment.

    It has the keys, the trust file, OPA and provider of the stack, and a store of its own: a store
    belongs to one Temporal.
    """
    address = start_test_server(processes).address
    work.mkdir()
    shutil.copytree(stack.settings.parent / "keys", work / "keys")
    shutil.copy(stack.trust, work / "trust.json")
    given = tomllib.loads(stack.settings.read_text("utf-8"))
    temporal = {"address": address, "namespace": "default"}
    file = write_settings(work / "gantral.toml", given, project, work, {"temporal": temporal})
    start_worker(processes, file, project, name="worker-late")
    return file


def run_late(
    file: Path, visitor: Visitor, input: Mapping[str, Any], teller: Teller, names: Mapping[str, str]
) -> tuple[str, Deployment]:
    """Start a refund and let its time run out; the instance's id, and where its evidence lies.

    Raises:
        Failure: it was refused, or came to no end.
    """
    try:
        return asyncio.run(_run(file, visitor, input, teller, names))
    except TimeoutError:
        raise Failure(
            f"the story whose time runs out came to no end within {_PATIENCE:g} s",
            f"its worker's log is {file.parent.parent / 'stack' / 'logs' / 'worker-late.log'}",
        ) from None
    except WorkflowFailureError as error:
        raise Failure(f"the run failed: {error.cause}") from None


async def _run(
    file: Path,
    visitor: Visitor,
    input: Mapping[str, Any],
    teller: Teller,
    names: Mapping[str, str],
) -> tuple[str, Deployment]:
    read = settings.load(file)
    client = await Client.connect(str(read.temporal.address))
    server = Clock(client)
    await server.look()
    deployment = assemble(read, Gateway(client), now=server.now)
    token = await deployment.provider.verify(visitor.token(), datetime.now(UTC))
    person = person_of(token, deployment.seal.role_map)
    try:
        body = {"workflow": "refund", "input": dict(input)}
        receipt = await starting.start(deployment, person, body, None)
    except Problem as problem:
        raise Failure(f"the start was refused: {problem.message}") from None
    instance_id = receipt["instance_id"]
    watching = Watch(deployment.library, instance_id, teller, names)
    story = await _until(watching, waiting=True)
    moments = [f"{action} after {hours:g} hours" for hours, action in clock(story.commits[-1])]
    teller.act(f"nobody signs in; time is made to run: {', '.join(moments)}")
    handle = client.get_workflow_handle(instance_id)
    async with server.running_free():
        await asyncio.wait_for(handle.result(), _PATIENCE)
    await _until(watching, waiting=False)
    return instance_id, deployment


async def _until(watching: Watch, *, waiting: bool) -> Story:
    async with asyncio.timeout(_PATIENCE):
        while (story := watching.look()) is None or not (
            story.ended or (waiting and story.waiting is not None)
        ):
            await asyncio.sleep(0.03)
    return story

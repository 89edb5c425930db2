"""Who completes a commit by hand with what is no receipt moves nothing: the run fails."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wf_world
from gantral.runtime.ended import why_failed
from gantral.runtime.workers.sealed import sealed
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda receipt: {**receipt, "more": "x"}, "no receipt"),
        (lambda receipt: {**receipt, "sequence": receipt["sequence"] + 1}, "does not count"),
    ],
)
def test_a_forged_receipt_ends_the_run(change: Callable[[Any], Any], why: str) -> None:
    server = shutil.which(
        "temporal-test-server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    )

    async def main() -> None:
        async with await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=server
        ) as env:
            await wf_world.register(env)
            world = wf_world.World(env)

            async def forged(command: dict[str, Any]) -> Any:
                return change(await world.evidence.commit(command))

            commit = sealed("gantral.commit", forged, wf_world.KEYS)
            evidence = Worker(env.client, task_queue="gantral-evidence", activities=[commit])
            async with evidence, world.worker():
                case = await world.start()
                with pytest.raises(WorkflowFailureError) as failed:
                    await case.end()
            cause = failed.value.cause
            assert isinstance(cause, ApplicationError)
            assert cause.type == "NotCommitted"
            assert why in why_failed(failed.value, wf_world.KEYS.of("payments", case.handle.id))

    asyncio.run(main())

"""One time-skipping server for all tests of a governed workflow; the hand-made programs loaded."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from gantral.runtime import programs
from temporalio.testing import WorkflowEnvironment

sys.path.insert(0, str(Path(__file__).parent))

import wf_programs
import wf_world


@pytest.fixture(scope="session", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    wf_programs.write(tmp_path_factory.mktemp("generated"))
    for package in wf_programs.MANIFESTS:
        programs.load(package, trust=wf_world.trust(), keys=wf_world.KEYS)


def installed(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found is not None, f"{name} is not installed: run `make setup`"
    return found


@pytest.fixture
def in_world() -> Callable[[Callable[[Any], Coroutine[Any, Any, None]]], None]:
    """Run a coroutine function with a fresh world, all workers up but the workflow's."""

    def run(test: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with await WorkflowEnvironment.start_time_skipping(
                test_server_existing_path=installed("temporal-test-server")
            ) as env:
                await wf_world.register(env)
                world = wf_world.World(env)
                async with world.others():
                    await test(world)

        asyncio.run(main())

    return run


@pytest.fixture
def in_real_time() -> Callable[[Callable[[Any], Coroutine[Any, Any, None]]], None]:
    """As ``in_world``, on the development server, where time passes by itself."""

    def run(test: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with await WorkflowEnvironment.start_local(
                dev_server_existing_path=installed("temporal"), dev_server_log_level="error"
            ) as env:
                await wf_world.register(env)
                world = wf_world.World(env)
                async with world.others():
                    await test(world)

        asyncio.run(main())

    return run

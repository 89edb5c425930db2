"""A server for each test, and a deployment on it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_temporal, start_test_server
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES

sys.path.insert(0, str(Path(__file__).parent))

import families

Test = Callable[[Any], Coroutine[Any, Any, None]]


@pytest.fixture
def on_server(tmp_path: Path) -> Callable[[Test], None]:
    """Run a coroutine function with a deployment of its own, on a time-skipping server."""

    def run(test: Test) -> None:
        async def main(address: str) -> None:
            async with families.families(tmp_path / "deployment", address) as family:
                await test(family)

        with Processes(tmp_path / "logs") as processes:
            asyncio.run(main(start_test_server(processes).address))

    return run


@pytest.fixture
def in_real_time(tmp_path: Path) -> Callable[[Test], None]:
    """As ``on_server``, on the development server: the other one tells a parent nothing of a child
    that is terminated from outside."""

    def run(test: Test) -> None:
        async def main(address: str) -> None:
            async with families.families(tmp_path / "deployment", address, real=True) as family:
                await test(family)

        with Processes(tmp_path / "logs") as processes:
            attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
            asyncio.run(main(start_temporal(processes, search_attributes=attributes).address))

    return run

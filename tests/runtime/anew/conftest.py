"""A deployment on a server of its own for each test, and a history that is soon full."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_temporal, start_test_server
from gantral.runtime import anew
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES

sys.path.insert(0, str(Path(__file__).parent.parent / "children"))
sys.path.insert(0, str(Path(__file__).parent))

import going_on

Test = Callable[[Any], Coroutine[Any, Any, None]]


@pytest.fixture
def on_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a coroutine function on a time-skipping server, ``real`` on the development server.
    ``events``: what fills a history."""

    def run(test: Test, events: int, *, real: bool = False) -> None:
        monkeypatch.setattr(anew, "EVENTS", events)

        async def main(address: str) -> None:
            async with going_on.deployed(tmp_path / "deployment", address, real=real) as family:
                await test(family)

        with Processes(tmp_path / "logs") as processes:
            attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
            server = (
                start_temporal(processes, search_attributes=attributes)
                if real
                else start_test_server(processes)
            )
            asyncio.run(main(server.address))

    return run

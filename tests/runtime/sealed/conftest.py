"""A deployment of the marked programs on a time-skipping server; a history that is soon full."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_test_server
from gantral.runtime import anew

sys.path.insert(0, str(Path(__file__).parent.parent / "children"))
sys.path.insert(0, str(Path(__file__).parent))

import marked


@pytest.fixture
def on_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a coroutine function with a deployment of its own."""

    def run(test: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        monkeypatch.setattr(anew, "EVENTS", 40)

        async def main(address: str) -> None:
            async with marked.deployed(tmp_path / "deployment", address) as family:
                await test(family)

        with Processes(tmp_path / "logs") as processes:
            asyncio.run(main(start_test_server(processes).address))

    return run

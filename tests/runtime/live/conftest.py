"""A development server and an OPA for the module; a deployment of the example for each test."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.opa import opa as opa_command
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_opa, start_temporal
from gantral.evidence import SigningKey, TrustFile
from gantral.policy import policy_version_id
from gantral.runtime import programs
from gantral.runtime.workers.connection import SEARCH_ATTRIBUTES
from temporalio.client import Client

sys.path.insert(0, str(Path(__file__).parent))

import live

EXAMPLE = Path(__file__).parents[3] / "examples" / "refund"


@dataclass(frozen=True)
class Servers:
    temporal: str
    opa: str


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    policy = EXAMPLE / "policies" / "refund.rego"
    version = policy_version_id({"refund.rego": policy.read_bytes()})
    bundle = folder / "bundle.tar.gz"
    command = [opa_command(), "build", "-r", version, "-o", bundle, policy]
    subprocess.run(command, check=True, capture_output=True)
    with Processes(folder / "logs") as processes:
        attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
        temporal = start_temporal(processes, search_attributes=attributes)
        yield Servers(temporal.address, start_opa(processes, bundle).url)


@pytest.fixture
def on_live(tmp_path: Path, servers: Servers) -> Callable[[Any], None]:
    """Run a coroutine function with a deployment of its own; nothing of it runs on."""

    def run(test: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            keys = {u: SigningKey.generate() for u in ("commit", "decision", "effect", "closer")}
            loaded = programs.load("refund_app.gen.refund")
            data = live.trust_file(keys, loaded)
            program = programs.load("refund_app.gen.refund", trust=TrustFile.load(data))
            client = await Client.connect(servers.temporal)
            where = (servers.temporal, servers.opa)
            await test(live.Live(tmp_path, client, *where, keys, data, program))
            async for one in client.list_workflows('ExecutionStatus = "Running"'):
                await client.get_workflow_handle(one.id).terminate()

        asyncio.run(main())

    return run

"""The example's instance through `gantral worker`, all roles in one process, judged offline."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.opa import opa as opa_command
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_opa, start_temporal
from gantral.evidence import TrustFile, canonical
from gantral.evidence.export import export_instance
from gantral.evidence.forms import instant_text
from gantral.evidence.verify import verify_folder
from gantral.policy import policy_version_id
from gantral.runtime import programs
from gantral.runtime.ended import end_of
from gantral.runtime.keyring import Keyring
from gantral.runtime.settings import load
from gantral.runtime.workers.connection import connect

EXAMPLE = Path(__file__).parents[3] / "examples" / "refund"


def now() -> str:
    return instant_text(int(datetime.now(UTC).timestamp() * 1000))


@pytest.fixture
def refund(world: Any) -> Iterator[Any]:
    """The test's deployment, on the example's program."""
    import json

    sys.path.insert(0, str(EXAMPLE / "src"))
    program = programs.load("refund_app.gen.refund")
    trust = json.loads(world.trust_bytes)
    trust["programs"][0] |= {
        "workflow_id": program.workflow_id,
        "workflow_version_id": program.version_id,
    }
    data = canonical(trust)
    yield type(world)(world.root, world.keys, TrustFile.load(data), data, program)
    sys.path.remove(str(EXAMPLE / "src"))


def write_settings(world: Any, temporal: str, opa: str) -> Path:
    for use, key in world.keys.items():
        (world.root / f"{use}.key").write_bytes(key.dump())
    (world.root / "pepper.key").write_bytes(world.pepper)
    (world.root / "trust.json").write_bytes(world.trust_bytes)
    file: Path = world.root / "gantral.toml"
    file.write_text(
        f"""
[deployment]
packages = ["refund_app.gen.refund"]
path = ["{EXAMPLE / "src"}"]
[temporal]
address = "{temporal}"
[opa]
url = "{opa}"
timeout = "20s"
[identity]
issuer = "{world.issuer}"
audience = "gantral"
[evidence]
store = "file:evidence"
drafts = "file:drafts"
trust = "file:trust.json"
[keys]
commit = "file:commit.key"
effect = "file:effect.key"
closer = "file:closer.key"
pepper = "file:pepper.key"
[worker]
services = ["refund_app.services:make"]
"""
    )
    return file


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("amount", "votes"), [("10.00", 0), ("30.00", 2)])
def test_an_instance_from_start_to_verdict(
    refund: Any, tmp_path: Path, amount: str, votes: int
) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    policies = EXAMPLE / "policies"
    version = policy_version_id({"refund.rego": (policies / "refund.rego").read_bytes()})
    command = [opa_command(), "build", "-r", version, "-o", bundle, policies / "refund.rego"]
    subprocess.run(command, check=True, capture_output=True)
    with Processes(tmp_path / "logs") as processes:
        temporal = start_temporal(processes)
        opa = start_opa(processes, bundle)
        settings = write_settings(refund, temporal.address, opa.url)
        log = processes.logs / "worker.log"
        worker = processes.start(
            "worker",
            [sys.executable, "-c", "from gantral.cli.main import main; main()", "worker",
             "--settings", settings],
            ready=lambda: "polling" in log.read_text(),
            env={"REFUND_LEDGER": str(tmp_path / "ledger.sqlite")},
        )  # fmt: skip
        end = asyncio.run(scenario(refund, settings, amount, votes))
        worker.terminate()
        assert worker.wait() == 0
    assert end["state"] == "COMPLETED", end
    folder = tmp_path / "exported"
    export_instance(refund.store, "payments", refund.instance_id, folder)
    report = verify_folder(folder, refund.trust)
    assert report.verdict == "VALID", report.findings


async def scenario(world: Any, settings: Path, amount: str, votes: int) -> dict[str, Any]:
    client = await connect(load(settings).temporal)
    stamp = now()
    wire = {
        "order_id": "A-1001",
        "refund": {"amount": amount, "currency": "EUR"},
        "reason": "broken",
    }
    leaves = {
        "/input/order_id": "A-1001",
        "/input/refund/amount": amount,
        "/input/refund/currency": "EUR",
        "/input/reason": "broken",
    }
    context, envelope = world.submission(timestamp=stamp, inputs=leaves)
    sealer = Keyring(world.store).make("payments", world.instance_id)
    start = {
        "submission": envelope,
        "input": wire,
        "context": context,
        "initiator": {"actor": world.actor("carol"), "value": "carol"},
        "environment": "development",
    }
    handle = await client.start_workflow(
        world.program.workflow_id,
        sealer.close("start", start),
        id=world.instance_id,
        task_queue="gantral-payments",
        result_type=dict[str, Any],
    )
    for person in ("alice", "bob")[:votes]:
        shown = await waiting(handle)
        justification = "the goods were broken when they came"
        world.receipts.append(
            {
                "first_artifact_hash": shown["waiting_artifact_hash"],
                "context_hash": shown["context_hash"],
            }
        )
        vote = world.vote(
            person, timestamp=now(), assurance={**world.assurance(), "auth_time": now()}
        )
        delivery = {"vote": vote, "justification": justification, "round": 1, "gate": "finance"}
        await handle.execute_update("decide", sealer.close("decide", delivery))
    found: dict[str, Any] = {**await end_of(handle, sealer)}
    return found


async def waiting(handle: Any) -> dict[str, Any]:
    while True:
        shown: dict[str, Any] = await handle.query("show")
        gate = shown if "waiting_artifact_hash" in shown else shown.get("gate")
        if shown["state"] == "WAITING_FOR_HUMAN" and isinstance(gate, dict):
            return gate
        await asyncio.sleep(0.05)

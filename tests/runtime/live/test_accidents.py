"""Two workers at one slot, code that is not what wrote the history, a worker that is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gantral.runtime import programs
from gantral.runtime.workers.deployments import open_instances
from live import VERSION, forged
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflowservice.v1 import DeleteWorkerDeploymentVersionRequest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "refund" / "src"
ROUNDS = 8


@pytest.mark.timeout(120)
def test_of_two_processes_at_one_slot_one_pays(on_live: Any) -> None:
    async def test(live: Any) -> None:
        commands: list[dict[str, Any]] = []

        async def refund(command: dict[str, Any]) -> Any:
            commands.append(command)
            raise RuntimeError("this worker only listens")

        async with live.workers(refund=forged(refund)):
            for _ in range(ROUNDS):
                case = await live.case().start()
                await case.approve()
            while len({command["instance_id"] for command in commands}) < ROUNDS:
                await case.show()
        asked = list({command["instance_id"]: command for command in commands}.values())
        (live.root / "trust.json").write_bytes(live.trust_bytes)
        (live.root / "effect.key").write_bytes(live.keys["effect"].dump())
        racing = []
        for name in ("left", "right"):
            order = {
                "root": str(live.root),
                "name": name,
                "path": [str(EXAMPLE)],
                "commands": asked,
            }
            file = live.root / f"{name}.json"
            file.write_text(json.dumps(order))
            racing.append(
                subprocess.Popen(
                    [sys.executable, HERE / "race.py", file], stdout=subprocess.PIPE, text=True
                )
            )
        told = [process.communicate(timeout=60)[0].splitlines() for process in racing]
        assert [process.returncode for process in racing] == [0, 0]
        paid = (live.root / "paid").read_text().split()
        assert sorted(paid) == sorted(command["instance_id"] for command in asked)
        # Who lost says that it does not know, or what the winner's outcome says; never another.
        for left, right in zip(*(map(json.loads, lines) for lines in told), strict=True):
            assert {left[0], right[0]} <= {"done", "unknown"}
            assert "done" in (left[0], right[0]) or "unknown" in (left[0], right[0])

    on_live(test)


def changed_code(root: Path, keys: Any) -> type[Any]:
    """The same program by its id, with a workflow.py that somebody edited: the read is gone."""
    package = root / "changed_refund"
    shutil.copytree(EXAMPLE / "refund_app" / "gen" / "refund", package)
    file = package / "workflow.py"
    text = file.read_text()
    read = 'order = await self.read(orders.fetch(id=input.order_id), call="orders.fetch/1")'
    assert read in text
    made = (
        "order = Order.from_wire({'id': input.order_id, 'customer': 'Zoë', 'total': "
        "{'amount': '90.00', 'currency': 'EUR'}})"
    )
    file.write_text(text.replace(read, made))
    sys.path.insert(0, str(root))
    return programs.load("changed_refund", keys=keys).workflow_class


@pytest.mark.timeout(120)
def test_code_that_did_not_write_the_history_fails_the_run_and_the_closer_ends_it(
    on_live: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(live: Any) -> None:
        async with live.workers():
            case = await live.case().start()
            shown = await case.waiting()
            await case.deliver(case.ballot(shown, "alice"))
        changed = changed_code(live.root, live.keyring)
        assert changed.program_ == live.program.version_id  # type: ignore[attr-defined]
        async with live.workers(workflow=changed):
            # A vote wakes the run: its new code does not come to where the history is.
            with pytest.raises((WorkflowUpdateFailedError, RPCError)):
                await case.deliver(case.ballot(shown, "bob"))
            with pytest.raises(WorkflowFailureError) as failed:
                await case.handle.result()
            assert "Nondeterminism" in str(failed.value.cause)
        assert case.states == ["CREATED", "RUNNING", "WAITING_FOR_HUMAN"]
        assert live.bank.paid == []
        reconcile(live)
        assert capsys.readouterr().out.split()[:2] == [case.instance_id, "closed:"]
        (end,) = case.chain.need(2).artifacts
        assert (end["authority_state"], end["cause"]) == ("REJECTED", "execution_lost")
        verdict, findings = case.verdict()
        # Two votes were cast that nothing counts any more: serve's sweep refuses them.
        assert (verdict, {one.code for one in findings}) == ("INCONCLUSIVE", {"vote_unaccounted"})

    on_live(test)


def reconcile(live: Any) -> None:
    """`gantral reconcile`, as an operator runs it."""
    (live.root / "trust.json").write_bytes(live.trust_bytes)
    (live.root / "closer.key").write_bytes(live.keys["closer"].dump())
    file = live.root / "gantral.toml"
    file.write_text(
        f"""
[deployment]
packages = ["refund_app.gen.refund"]
path = ["{EXAMPLE}"]
[temporal]
address = "{live.address}"
[evidence]
store = "file:evidence"
drafts = "file:drafts"
trust = "file:trust.json"
[keys]
closer = "file:closer.key"
"""
    )
    command = "from gantral.cli.main import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", command, "reconcile", "--settings", file],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    print(told.stdout)


@pytest.mark.timeout(90)
def test_a_build_with_open_instances_is_counted_and_temporal_does_not_let_it_go(
    on_live: Any,
) -> None:
    async def test(live: Any) -> None:
        async with live.workers():
            case = await live.case().start()
            await case.waiting()
            # Visibility follows a moment later.
            while await open_instances(live.client, VERSION) != 1:
                await case.show()
        with pytest.raises(RPCError) as refused:
            await live.client.workflow_service.delete_worker_deployment_version(
                DeleteWorkerDeploymentVersionRequest(
                    namespace=live.client.namespace,
                    deployment_version=WorkerDeploymentVersion(
                        deployment_name=VERSION.deployment_name, build_id=VERSION.build_id
                    ),
                )
            )
        assert refused.value.status is RPCStatusCode.FAILED_PRECONDITION

    on_live(test)

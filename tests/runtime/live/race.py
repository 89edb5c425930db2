"""One of two processes at one store: ``race.py ORDER``. It does the same effect in each instance of
the order, each time when the other one is ready too, and writes down what its service was asked."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gantral.evidence import LocalStore, SigningKey, TrustFile
from gantral.runtime import programs
from gantral.runtime.workers.effects import EffectWorker
from gantral.runtime.workers.implementations import implementations
from temporalio.testing import ActivityEnvironment

order = json.loads(Path(sys.argv[1]).read_text())
sys.path[:0] = order["path"]
root, name = Path(order["root"]), order["name"]
program = programs.load("refund_app.gen.refund")


def services() -> list[Any]:
    from refund_app.gen.refund.services import Payments
    from refund_app.gen.refund.types import Money, PaymentsRefundResult

    class Paying(Payments):
        def refund(self, call: Any, /, *, order: str, amount: Money) -> PaymentsRefundResult:
            # One write under O_APPEND: two processes never mix.
            log = os.open(root / "paid", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(log, f"{call.instance_id}\n".encode())
            os.close(log)
            return PaymentsRefundResult(receipt_id=name)

        def reverse(self, call: Any, /, *, receipt_id: str) -> None:
            raise NotImplementedError

    return [Paying()]


worker = EffectWorker(
    LocalStore(root / "evidence"),
    TrustFile.load((root / "trust.json").read_bytes()),
    SigningKey.load((root / "effect.key").read_bytes()),
)
made = implementations(services())["refund_app.gen.refund", "payments.refund"]
act = worker.activity("gantral/test", {program.version_id: (program, made)}, None)
for command in order["commands"]:
    mark = root / f"ready-{command['instance_id']}"
    (root / f"{mark.name}-{name}").touch()
    # A race must be tight: both spin until both are there.
    while len(list(root.glob(f"{mark.name}-*"))) < 2:
        pass
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        workflow_run_id=f"run {name}",
        started_time=datetime.now(UTC),
        task_queue=program.queue("payments.refund"),
    )
    answer = asyncio.run(environment.run(act, command))
    print(json.dumps([answer["status"], answer["problem"]]), flush=True)

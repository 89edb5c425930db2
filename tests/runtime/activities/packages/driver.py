"""A hand-written workflow that sends commands to the evidence worker, one after another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy


@workflow.defn(name="driver", failure_exception_types=[Exception])
class Driver:
    @workflow.run
    async def run(self, order: dict[str, Any]) -> list[Any]:
        answers = [
            await workflow.execute_activity(
                name,
                command,
                task_queue="gantral-evidence",
                start_to_close_timeout=timedelta(seconds=order["attempt"]),
                schedule_to_close_timeout=timedelta(days=1),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=100), backoff_coefficient=1.0
                ),
            )
            for name, command in order["commands"]
        ]
        if order["then"] == "wait":
            await workflow.wait_condition(lambda: False)
        if order["then"] == "break":
            raise workflow.NondeterminismError("the code is not what wrote the history")
        return answers

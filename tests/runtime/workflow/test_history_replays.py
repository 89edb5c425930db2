"""Recorded histories replay, with the arguments of every activity compared: plain replay compares
command types and order only."""

from __future__ import annotations

import json
from typing import Any

import pytest
import wf_evidence
import wf_world
from gantral.runtime import programs
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

MANAGER = "finance_manager"
# Filled before a replay, taken by the interceptor below: [activity type, arguments] in order.
recorded: list[list[Any]] = []
differences: list[str] = []


def scheduled(history: WorkflowHistory) -> list[list[Any]]:
    found = []
    for event in history.events:
        attributes = event.activity_task_scheduled_event_attributes
        if attributes.activity_type.name:
            bodies = [json.loads(payload.data) for payload in attributes.input.payloads]
            found.append([attributes.activity_type.name, bodies])
    return found


class Compare(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        expected = recorded.pop(0)
        made = [input.activity, json.loads(json.dumps(input.args))]
        if made != expected:
            differences.append(f"{made} is not {expected}")
        return self.next.start_activity(input)


class Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(Compare(outbound))


class Comparing(Interceptor):
    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return Inbound


async def replay(history: WorkflowHistory, *, change: bool = False) -> list[str]:
    recorded[:] = scheduled(history)
    assert recorded
    differences.clear()
    if change:
        recorded[-1][1][0]["timestamp"] = "changed"
    replayer = Replayer(
        workflows=[info.workflow_class for info in wf_world.ours()],
        workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
        interceptors=[Comparing()],
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None
    assert recorded == []
    return list(differences)


async def overridden(world: Any) -> Any:
    case = await world.start()
    amendment = {"amendment": [["/refund/amount", "25.00"]]}
    await case.vote("alice", "OVERRIDE", MANAGER, **amendment)
    await case.vote("dora", "APPROVE", MANAGER)
    await case.vote("bob", "OVERRIDE", MANAGER, **amendment)
    return case


async def rejected(world: Any) -> Any:
    case = await world.start()
    await case.vote("alice", "REJECT", MANAGER)
    return case


async def timed_out(world: Any) -> Any:
    return await world.start()


async def undone(world: Any) -> Any:
    case = await world.desk("ask", "look", "grant", "paint", "enough", what="tell on failure")
    await world.approve_desk(case)
    return case


async def cancelled(world: Any) -> Any:
    case = await world.start()
    await case.waiting()
    await case.handle.cancel()
    return case


async def beside(world: Any) -> Any:
    script = "both grant,sleep 30,look|paint,sleep 10,undo keys.paint/210,look|inner"
    case = await world.desk("ask", script, "both sleep 60,grant|sleep 30,enough|look,look")
    await world.approve_desk(case)
    return case


async def sent(world: Any) -> Any:
    case = await world.desk("wait 60", "wait 60", "wait 60")
    await case.send(await case.event("carol", "brought", {"what": "key", "by": "bob"}))
    await case.send(await case.event("dora", "stop", {}, "officer"))
    return case


@pytest.mark.parametrize("path", [overridden, rejected, timed_out, undone, cancelled, sent, beside])
def test_the_same_commands_with_the_same_bodies(in_world: Any, path: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker():
            case = await path(world)
            await case.end()
            history = await case.handle.fetch_history()
        assert await replay(history) == []
        assert await replay(history, change=True) != []

    in_world(test)


def test_a_run_that_is_evicted_after_every_task_ends_the_same(in_world: Any) -> None:
    async def test(world: Any) -> None:
        async with world.worker(max_cached_workflows=0):
            case = await overridden(world)
            assert (await case.end())["state"] == "COMPLETED"
            stopped = await undone(world)
            assert (await stopped.end())["state"] == "TERMINATED"
            stopped = await beside(world)
            assert (await stopped.end())["cause"] == "terminated_by_spec"
            came = await sent(world)
            assert (await came.end())["output"] == {"log": ["key by bob", "stop", "silence"]}
            off = await cancelled(world)
            assert (await off.end())["cause"] == "cancelled"
            assert wf_evidence.actor("bob") == case.commands[2]["human_actor_id"]

    in_world(test)

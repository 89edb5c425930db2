"""What nobody sealed with the instance's key is taken for nothing; a team's own codec on top."""

from __future__ import annotations

import asyncio
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from families import TEAM, Family
from gantral.cli.scenarios import world
from gantral.evidence.instance_keys import InstanceKeys
from gantral.runtime.commands import workflow_queue
from gantral.runtime.ended import why_failed
from gantral.runtime.sealing import Sealer
from marked import histories, mark, readable
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.exceptions import ApplicationError
from test_what_history_holds import play

pytestmark = pytest.mark.timeout(120)
FORGED = {"environment": "development", "submission": {}, "input": {"note": "x"}}


async def started(family: Family, instance: str, argument: Any) -> Any:
    return await family.world.client.start_workflow(
        "marked", argument, id=instance, task_queue=workflow_queue(TEAM)
    )


def test_a_start_or_an_update_that_is_not_sealed(on_marked: Any) -> None:
    async def test(family: Family) -> None:
        for forged in (FORGED, {**FORGED, "sealed": "AAAA"}, None):
            instance = str(uuid.uuid4())
            sealer = family.deployment.keys.make(TEAM, instance)
            handle = await started(family, instance, forged)
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
            cause = failed.value.cause
            assert isinstance(cause, ApplicationError)
            assert (cause.type, cause.message) == ("StartRefused", "unsealed")
            assert why_failed(failed.value, sealer).startswith("start refused: ")
        # Another instance's start, and another place's message, are not this one's.
        other = Sealer(bytes(32), instance).close("start", FORGED)
        one = str(uuid.uuid4())
        family.deployment.keys.make(TEAM, one)
        handle = await started(family, one, other)
        with pytest.raises(WorkflowFailureError):
            await handle.result()

    on_marked(test)


def test_an_update_that_is_not_sealed_is_no_vote(on_marked: Any) -> None:
    async def test(family: Family) -> None:
        from gantral.api import starting
        from marked import given

        await family.look()
        body = {"workflow": "marked", "input": given()}
        carol = family.person("carol", "clerk")
        one = (await starting.start(family.deployment, carol, body, None))["instance_id"]
        await family.until(one, lambda story: story.awaiting)
        plain = {"event": {}, "data": {}, "texts": []}
        wrong_place = family.deployment.keys.of(TEAM, one).close("decide", plain)
        for forged in (plain, wrong_place):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await family.handle(one).execute_update("event", forged)
            assert getattr(refused.value.cause, "type", "") == "unsealed"
        await family.handle(one).terminate()

    on_marked(test)


def test_without_its_key_a_run_waits_and_goes_on_when_it_is_back(on_marked: Any) -> None:
    async def test(family: Family) -> None:
        keys, instance = InstanceKeys(family.deployment.store), str(uuid.uuid4())
        elsewhere = InstanceKeys(family.deployment.drafts)
        key = elsewhere.make(TEAM, instance)
        handle = await started(family, instance, Sealer(key, instance).close("start", FORGED))
        failures: list[str] = []
        while not failures:
            await asyncio.sleep(0.05)
            (history,) = await histories(family, instance)
            failures = [
                event.workflow_task_failed_event_attributes.failure.message
                for event in history.events
                if event.HasField("workflow_task_failed_event_attributes")
            ]
        assert failures[0].startswith(f"instance_key: {instance} has no key in the store")
        family.deployment.store.put(f"_keys/{TEAM}/{instance}.key", key)
        assert keys.get(TEAM, instance) == key
        async with family.world.clock.running_free():
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
        assert "start refused" in why_failed(failed.value, Sealer(key, instance))

    on_marked(test)


class Packed(PayloadCodec):
    """What a team may have: every payload is another one on the way."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(
                metadata={"encoding": b"binary/packed"}, data=zlib.compress(p.SerializeToString())
            )
            for p in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload.FromString(zlib.decompress(p.data)) for p in payloads]


def test_a_team_s_own_codec_stays_as_it_is(on_marked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Client.connect

    async def connect(*given: Any, **more: Any) -> Client:
        converter = replace(DataConverter.default, payload_codec=Packed())
        return await usual(*given, **more, data_converter=converter)

    monkeypatch.setattr(world.Client, "connect", connect)

    async def test(family: Family) -> None:
        one, end = await play(family)
        assert end["output"]["text"] == mark("reference")
        for history in await histories(family, one):
            (start,) = history.events[0].workflow_execution_started_event_attributes.input.payloads
            assert start.metadata["encoding"] == b"binary/packed"
            inner = Payload.FromString(zlib.decompress(start.data))
            assert b'"sealed":"' in inner.data
            assert readable(history) == []

    on_marked(test)

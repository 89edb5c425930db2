"""A run goes on in new histories, and nothing that counts is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from families import Family
from gantral.api import deciding, inbox
from gantral.runtime import execution
from gantral.runtime.anew import Anew
from gantral.runtime.commands import workflow_queue
from gantral.runtime.ended import why_failed
from going_on import ended, goes_on, histories, next_gate, replay, start
from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDReusePolicy

pytestmark = pytest.mark.timeout(90)


def invoices(count: int) -> list[str]:
    return [f"I-{n}" for n in range(1, count + 1)]


def test_thirty_payments_in_several_histories(on_server: Any) -> None:
    async def test(family: Family) -> None:
        all_ = invoices(30)
        one = await start(family, "payments", invoices=all_, amount="5.00")
        for round in range(1, 31):
            await next_gate(family, one, round)
            await family.decide(one)
        end = await ended(family, one)
        references = [f"R{n}" for n in range(1, 31)]
        assert end["output"] == {"paid": references, "last": "R30", "iban": "DE1"}
        found = await histories(family, one)
        assert len(found) >= 3
        assert [goes_on(history) for history in found] == [True] * (len(found) - 1) + [False]
        await replay(family, found)
        story = family.story(one)
        assert story is not None
        states = [artifact["authority_state"] for artifact in story.artifacts]
        rounds = ["WAITING_FOR_HUMAN", "APPROVED", "RESUMED", "RUNNING"] * 30
        assert states == ["CREATED", "RUNNING", *rounds, "COMPLETED"]
        (report,) = family.judged(one)
        assert (report.verdict, report.findings) == ("VALID", ())

    on_server(test, 150)


def test_two_loops_that_are_each_too_long(on_server: Any) -> None:
    async def test(family: Family) -> None:
        names = invoices(12)
        one = await start(family, "twice", customers=names)
        end = await ended(family, one)
        told = [f"{name}!" for name in names]
        assert end["output"] == {"told": told, "last": "I-12! 12 of 12"}
        found = await histories(family, one)
        # More than what the first loop makes alone.
        assert len(found) >= 5
        await replay(family, found)
        (report,) = family.judged(one)
        assert (report.verdict, report.findings) == ("VALID", ())

    on_server(test, 30)


def test_what_stands_is_undone_in_a_later_history(on_server: Any) -> None:
    async def test(family: Family) -> None:
        one = await start(family, "tell", invoice="I-1", customers=invoices(12), wrong=True)
        await family.decide(one)
        end = await ended(family, one)
        assert (end["state"], end["cause"]) == ("TERMINATED", "terminated_by_spec")
        assert end["standing"] == []
        assert len(await histories(family, one)) >= 3
        story = family.story(one)
        assert story is not None
        assert story.standing == []
        (report,) = family.judged(one)
        assert (report.verdict, report.findings) == ("VALID", ())

    on_server(test, 30)


def test_a_request_to_cancel_that_comes_as_it_goes_on(
    on_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = execution.Governed.go_on_anew

    async def late(self: Any, names: Any, /, **given: Any) -> None:
        try:
            await plain(self, names, **given)
        except Anew:
            self._notes.cancelled = True  # noted once the place was taken
            raise

    monkeypatch.setattr(execution.Governed, "go_on_anew", late)

    async def test(family: Family) -> None:
        one = await start(family, "tell", invoice="I-1", customers=invoices(12), wrong=False)
        await family.decide(one)
        end = await ended(family, one)
        assert (end["state"], end["cause"], end["standing"]) == ("TERMINATED", "cancelled", [])
        assert len(await histories(family, one)) == 2
        (report,) = family.judged(one)
        assert report.verdict == "VALID"

    on_server(test, 60)


def test_cancelled_from_outside_after_it_went_on(on_server: Any) -> None:
    async def test(family: Family) -> None:
        one = await start(family, "payments", invoices=invoices(9), amount="5.00")
        for round in (1, 2):
            await next_gate(family, one, round)
            await family.decide(one)
        await next_gate(family, one, 3)
        assert len(await histories(family, one)) > 1
        await family.handle(one).cancel()
        end = await ended(family, one)
        assert (end["state"], end["cause"], end["round"]) == ("REJECTED", "cancelled", 3)
        assert end["standing"] == ["bank.pay/1/0", "bank.pay/1/1"]
        (report,) = family.judged(one)
        assert report.verdict == "VALID"

    on_server(test, 1)


def test_a_vote_that_is_sent_again_after_the_run_went_on(on_server: Any) -> None:
    async def test(family: Family) -> None:
        one = await start(family, "payments", invoices=invoices(2), amount="5.00")
        story = await family.waiting(one)
        assert story.waiting is not None
        shown = story.waiting.artifact["artifact_hash"]
        body = {"decision": "approve", "shown": shown, "reason": "I looked at it"}
        await family.look()
        dora = family.person("dora", "boss")
        first = await deciding.decide(family.deployment, dora, one, body)
        await next_gate(family, one, 2)
        assert len(await histories(family, one)) == 2
        again = await deciding.decide(family.deployment, family.person("dora", "boss"), one, body)
        assert again["vote"] == first["vote"]
        # It did not decide the round that is open now.
        now = family.story(one)
        assert now is not None
        assert now.waiting is not None
        await family.decide(one)
        assert (await ended(family, one))["state"] == "COMPLETED"
        (report,) = family.judged(one)
        assert report.verdict == "VALID"

    on_server(test, 1)


def test_what_is_too_large_stays_in_its_history(
    on_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantral.runtime.anew.LARGEST", 10)

    async def test(family: Family) -> None:
        one = await start(family, "tell", invoice="I-1", customers=invoices(12), wrong=False)
        await family.decide(one)
        assert (await ended(family, one))["state"] == "COMPLETED"
        assert len(await histories(family, one)) == 1
        monkeypatch.setattr("gantral.runtime.anew.MOST_EVENTS", 80)
        two = await start(family, "tell", invoice="I-2", customers=invoices(12), wrong=False)
        await family.decide(two)
        end = await ended(family, two)
        assert (end["state"], end["cause"], end["statement"]) == (
            "TERMINATED",
            "action_failed",
            "each/1",
        )

    on_server(test, 60)


def test_nobody_starts_a_run_in_its_midst(on_server: Any) -> None:
    async def test(family: Family) -> None:
        one = await start(family, "payments", invoices=invoices(3), amount="5.00")
        await next_gate(family, one, 1)
        await family.decide(one)
        await next_gate(family, one, 2)
        *_, last = await histories(family, one)
        given = last.events[0].workflow_execution_started_event_attributes.input.payloads[0]
        (command,) = await family.world.client.data_converter.decode([given])
        assert "carried" in command
        await family.handle(one).terminate()
        forged = await family.world.client.start_workflow(
            "payments",
            command,
            id=one,
            task_queue=workflow_queue("payments"),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await forged.result()
        assert "only a run that went on in a new history" in why_failed(
            failed.value, family.deployment.keys.of("payments", one)
        )

    on_server(test, 1)


def test_builds_and_lists_follow_the_run(on_server: Any) -> None:
    async def test(family: Family) -> None:
        one = await start(family, "payments", invoices=invoices(3), amount="5.00")
        await next_gate(family, one, 1)
        await family.decide(one)
        await next_gate(family, one, 2)
        first, second = await histories(family, one)
        assert goes_on(first)
        # Pinned to the build of the first history: the server hands it down.
        said = second.events[0].workflow_execution_started_event_attributes
        assert said.inherited_pinned_version.build_id == "1"
        info = (await family.handle(one).describe()).raw_description.workflow_execution_info
        assert info.versioning_info.deployment_version.build_id == "1"
        run = await family.deployment.gateway.run(one)
        assert run is not None
        assert not run.closed
        dora = family.person("dora", "boss")
        seen: dict[str, Any] = {"instances": []}
        while not seen["instances"]:
            seen = await inbox.instances(family.deployment, dora, None, one)
        assert [told["instance_id"] for told in seen["instances"]] == [one]
        waits: dict[str, Any] = {"yours": []}
        while not waits["yours"]:
            waits = await inbox.inbox(family.deployment, dora)
        assert [told["instance_id"] for told in waits["yours"]] == [one]
        for round in (2, 3):
            await next_gate(family, one, round)
            await family.decide(one)
        assert (await ended(family, one))["state"] == "COMPLETED"

    on_server(test, 1, real=True)


def test_the_proof_counts_from_what_the_runtime_lets_grow() -> None:
    from gantral.compiler.proofs import p6
    from gantral.runtime import anew

    assert (p6.BEGUN_EVENTS, p6.BEGUN_UPDATES) == (anew.MOST_EVENTS, anew.MOST_UPDATES)
    assert anew.EVENTS < anew.MOST_EVENTS
    assert anew.UPDATES < anew.MOST_UPDATES

"""What Temporal credentials, a workflow worker without keys, or bad luck can do to a run."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from gantral.evidence import SigningKey
from gantral.evidence.forms import instant_ms
from gantral.runtime.workers import closer
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

STATE = SearchAttributeKey.for_keyword("GantralState")


async def refused(delivery: Any) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await delivery
    assert isinstance(error.value.cause, ApplicationError)
    return str(error.value.cause.type)


class Held:
    """A store whose put of one commit waits, as a slow disk would."""

    def __init__(self, store: Any, number: int) -> None:
        self._store = store
        self._key = f"commits/{number:08d}.json"
        self.reached = threading.Event()
        self.go = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> None:
        if key.endswith(self._key):
            self.reached.set()
            self.go.wait(20)
        self._store.put(key, data)


@pytest.mark.timeout(90)
def test_a_start_that_the_api_did_not_seal_never_becomes_an_instance(on_live: Any) -> None:
    async def test(live: Any) -> None:
        theirs = live.case()
        stolen = theirs.command()
        bare = {name: value for name, value in stolen.items() if name != "submission"}
        own = live.case()
        forged = TypedSearchAttributes([SearchAttributePair(STATE, "APPROVED")])
        async with live.workers():
            for case, command, kind in (
                (live.case(), bare, "StartRefused"),
                (live.case(), stolen, "StartRefused"),
                (live.case(), stolen["input"], "StartRefused"),
                (own, own.command(key=SigningKey.generate()), "NotCommitted"),
            ):
                marks = {"search_attributes": forged, "memo": {"title": "paid"}}
                await case.start(command, **marks)
                assert (await case.failed()).type == kind
                assert case.states == []
                assert (await case.show())["state"] == "none"
        assert live.bank.paid == []

    on_live(test)


@pytest.mark.timeout(90)
def test_a_second_run_of_an_instance_forks_nothing(on_live: Any) -> None:
    async def test(live: Any) -> None:
        case = live.case()
        command = case.command("10.00")
        async with live.workers():
            await case.start(command)
            assert (await case.end())["state"] == "COMPLETED"
            # Only the API asks Temporal to refuse a second run; an attacker does not.
            await case.start(command)
            assert "fork" in (await case.failed()).message
        assert live.bank.paid == ["10.00"]
        assert case.verdict() == ("VALID", ())

    on_live(test)


@pytest.mark.timeout(90)
def test_a_reset_before_the_effect_pays_once(on_live: Any) -> None:
    async def test(live: Any) -> None:
        case = live.case()
        async with live.workers():
            await case.start()
            await case.approve()
            assert (await case.end())["state"] == "COMPLETED"
            history = await case.handle.fetch_history()
            wire = live.program.manifest["operations"]["payments.refund"]["wire"]
            effect = next(
                event
                for event in history.events
                if event.activity_task_scheduled_event_attributes.activity_type.name == wire
            )
            # Back to the end of the task that asked for the effect.
            at = effect.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
            run_id = (await case.handle.describe()).run_id
            await live.client.workflow_service.reset_workflow_execution(
                ResetWorkflowExecutionRequest(
                    namespace=live.client.namespace,
                    workflow_execution=WorkflowExecution(
                        workflow_id=case.instance_id, run_id=run_id
                    ),
                    reason="an attack",
                    request_id="1",
                    workflow_task_finish_event_id=at,
                )
            )
            case.run = live.client.get_workflow_handle(case.instance_id)
            assert "fork" in (await case.failed()).message
        assert live.bank.paid == ["30.00"]
        assert case.states[-1] == "COMPLETED"
        assert case.verdict() == ("VALID", ())

    on_live(test)


@pytest.mark.timeout(90)
def test_votes_for_something_else_do_not_count(on_live: Any) -> None:
    async def test(live: Any) -> None:
        async with live.workers():
            case, other = live.case(), live.case()
            await asyncio.gather(case.start(), other.start())
            shown, theirs = await case.waiting(), await other.waiting()
            stolen = other.ballot(theirs, "alice")
            assert await refused(case.deliver(stolen)) == "instance"
            wrong = {**shown, "waiting_artifact_hash": "ab" * 32}
            assert await refused(case.deliver(case.ballot(wrong, "alice"))) == "shown"
            good = case.ballot(shown, "alice")
            assert await refused(case.deliver({**good, "round": 2})) == "gate"
            assert await refused(case.deliver({**good, "gate": "other"})) == "gate"
            assert (await case.show())["votes"] == []
            # No event is left of what was refused.
            history = await case.handle.fetch_history()
            assert not any(
                event.HasField("workflow_execution_update_accepted_event_attributes")
                for event in history.events
            )

    on_live(test)


@pytest.mark.timeout(90)
def test_a_vote_that_is_not_in_the_store_commits_nothing_and_nothing_shows(on_live: Any) -> None:
    async def test(live: Any) -> None:
        async with live.workers():
            case = await live.case().start()
            shown = await case.waiting()
            before = await case.handle.describe()
            await case.deliver(case.ballot(shown, "alice"))
            with pytest.raises(WorkflowUpdateFailedError) as error:
                await case.deliver(case.ballot(shown, "bob", put=False))
            assert getattr(error.value.cause, "type", "") == "NotCommitted"
            assert (await case.failed()).type == "NotCommitted"
            # Nothing beyond the last commit is visible anywhere.
            after = await case.handle.describe()
            assert after.search_attributes == before.search_attributes
            assert after.search_attributes["GantralState"] == ["WAITING_FOR_HUMAN"]
            assert await after.memo() == await before.memo()
            seen = await case.show()
            assert (seen["state"], seen["commits"], seen["end"]) == ("WAITING_FOR_HUMAN", 2, None)
            assert seen["context_hash"] == shown["context_hash"]
            assert await case.handle.query("end") is None
        assert case.states == ["CREATED", "RUNNING", "WAITING_FOR_HUMAN"]
        assert live.bank.paid == []
        (told,) = await live.sweep()
        assert told.what == "closed"

    on_live(test)


@pytest.mark.timeout(90)
def test_a_counted_vote_sent_without_end_uses_nothing_up(on_live: Any) -> None:
    async def test(live: Any) -> None:
        from gantral.runtime.votes import REPEATS

        async with live.workers():
            case = await live.case().start()
            shown = await case.waiting()
            ballot = case.ballot(shown, "alice")
            for _ in range(REPEATS + 1):
                await case.deliver(ballot)
            assert await refused(case.deliver(ballot)) == "repeated"
            for _ in range(30):
                assert await refused(case.deliver({**ballot, "round": 7, "vote": {}})) == "envelope"
            await case.deliver(case.ballot(shown, "bob"))
            assert (await case.end())["state"] == "COMPLETED"
            assert len(case.chain.need(2).statement["decision"]["votes"]) == 2

    on_live(test)


@pytest.mark.timeout(90)
def test_what_is_too_large_is_refused_and_the_run_goes_on(on_live: Any) -> None:
    async def test(live: Any) -> None:
        async with live.workers():
            case = await live.case().start()
            shown = await case.waiting()
            ballot = case.ballot(shown, "alice")
            for size in (200_000, 1_500_000):
                large = {**ballot, "justification": "x" * size}
                assert await refused(case.deliver(large)) == "delivery"
            await case.handle.signal("decide", "x" * 1_000_000)
            await case.approve(shown)
            assert (await case.end())["state"] == "COMPLETED"

    on_live(test)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("first", ["closer", "writer"])
def test_terminated_while_a_commit_is_put(on_live: Any, first: str) -> None:
    async def test(live: Any) -> None:
        held = Held(live.store, 1)
        live.committer = replace(live.committer, store=held)
        async with live.workers():
            case = await live.case().start()
            await asyncio.to_thread(held.reached.wait, 20)
            await case.handle.terminate("an operator")
            if first == "closer":
                (told,) = await live.sweep()
                assert told.what == "closed"
            held.go.set()
        if first == "writer":
            assert case.states[-1] == "WAITING_FOR_HUMAN"
            (told,) = await live.sweep()
            assert told.what == "closed"
        # Whoever was first, there is one end, and the late put is fenced.
        assert case.states[-1] == ("TERMINATED" if first == "closer" else "REJECTED")
        assert case.verdict() == ("VALID", ())

    on_live(test)


@pytest.mark.timeout(90)
def test_cancelled_while_a_commit_is_put(on_live: Any) -> None:
    async def test(live: Any) -> None:
        held = Held(live.store, 1)
        live.committer = replace(live.committer, store=held)
        async with live.workers():
            case = await live.case().start()
            await asyncio.to_thread(held.reached.wait, 20)
            await case.handle.cancel()
            held.go.set()
            end = await case.end()
        # The commit was not interrupted; the request is acted on in the state that results.
        assert (end["state"], end["cause"]) == ("REJECTED", "cancelled")
        assert case.states == ["CREATED", "RUNNING", "WAITING_FOR_HUMAN", "REJECTED"]
        assert case.verdict() == ("VALID", ())

    on_live(test)


async def _right(*_: object) -> None:
    """Of a machine's clock: as where no worker polls, and nothing can be held against it."""


@pytest.mark.timeout(90)
def test_a_sweep_asks_again_only_about_what_is_no_longer_listed(
    on_live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(live: Any) -> None:
        asked: list[str] = []
        lost = closer._lost

        async def counted(client: Any, instance_id: str, rejects_at: str) -> str | None:
            asked.append(instance_id)
            return await lost(client, instance_id, rejects_at)

        monkeypatch.setattr(closer, "_lost", counted)
        async with live.workers():
            cases = [await live.case().start() for _ in range(2)]
            for case in cases:
                await case.waiting()
            assert await live.sweep() == []
            # What Temporal lists follows a moment later.
            while len(await closer._running(live.client, "payments")) < 2:
                await asyncio.sleep(0.02)
            asked.clear()
            assert await live.sweep() == []
            assert asked == []
            await cases[0].handle.terminate("an operator")
            while len(await closer._running(live.client, "payments")) > 1:
                await asyncio.sleep(0.02)
            (told,) = await live.sweep()
            assert (told.instance_id, asked) == (cases[0].instance_id, [cases[0].instance_id])
            # A gate that nobody serves is not hidden by a run that is listed.
            late = instant_ms(cases[1].chain.need(1).records("clock")[0]["instants"][-1][0])
            monkeypatch.setattr(closer, "_LISTED", timedelta(0))
            live.closer._quiet.clear()
            # A clock that jumped ends nothing: workers poll, and the server says when.
            monkeypatch.setattr(closer, "_now_ms", lambda: late + 20 * 60 * 1000)
            with pytest.raises(closer.WrongClock, match="when its queue gantral-evidence was last"):
                await live.sweep()
            monkeypatch.setattr(closer, "check_clock", _right)
            monkeypatch.setattr(closer, "_now_ms", lambda: late + 10 * 60 * 1000)
            assert await live.sweep() == []
            monkeypatch.setattr(closer, "_now_ms", lambda: late + 20 * 60 * 1000)
            (told,) = await live.sweep()
            assert told.instance_id == cases[1].instance_id
            assert "nobody serves it" in told.why

    on_live(test)

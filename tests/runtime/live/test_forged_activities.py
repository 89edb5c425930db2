"""Whoever holds Temporal credentials answers activities by hand, with whatever they like."""

from __future__ import annotations

from typing import Any

import pytest
from gantral.evidence import SigningKey, seal
from live import forged, payload
from temporalio.client import WorkflowFailureError

HASH = "ab" * 32
# Of the right form, counting artifacts that were not sent.
LARGE = {
    "commit_hash": HASH,
    "first_artifact_hash": HASH,
    "last_artifact": HASH,
    "sequence": 99,
    "context": [],
    "context_hash": HASH,
}


async def closed_as_lost(case: Any) -> None:
    """The chain is open; the sweep ends it, and a stranger finds it VALID."""
    (told,) = await case.live.sweep()
    assert told.what == "closed"
    assert case.verdict() == ("VALID", ())


@pytest.mark.timeout(90)
@pytest.mark.parametrize("sealed", ["nobody", "attacker", "smaller amount"])
def test_an_answer_of_the_policy_that_nobody_gave_waives_nothing(on_live: Any, sealed: str) -> None:
    async def test(live: Any) -> None:
        async def answer(command: dict[str, Any]) -> Any:
            real = await live.opener.answer(command)
            assert real["answer"] == "REQUIRE_HUMAN"
            if sealed == "smaller amount":
                # It is waived for 10.00; the question is put for that, the answer used for 30.00.
                refund = {"amount": "10.00", "currency": "EUR"}
                small = {**command, "proposal": {**command["proposal"], "refund": refund}}
                return await live.opener.answer(small)
            said = {**payload(real["sealed"]), "answer": "ALLOW"}
            own = seal("policy-answer", said, SigningKey.generate())
            return {**real, "answer": "ALLOW", "sealed": own if sealed == "attacker" else "none"}

        async with live.workers(open_gate=forged(answer)):
            case = await live.case().start()
            error = await case.failed()
        assert error.type == "NotCommitted"
        assert ("key_unknown" if sealed == "attacker" else "asked") in error.message
        assert case.states == ["CREATED", "RUNNING"]
        assert live.bank.paid == []
        await closed_as_lost(case)

    on_live(test)


@pytest.mark.timeout(90)
def test_a_deny_cannot_be_turned_into_a_question(on_live: Any) -> None:
    async def test(live: Any) -> None:
        async def answer(command: dict[str, Any]) -> Any:
            real = await live.opener.answer(command)
            return {**real, "answer": "DENY"}

        async with live.workers(open_gate=forged(answer)):
            case = await live.case().start()
            error = await case.failed()
        # A record of what the policy never said is not signed, whichever way it lies.
        assert "asked: the policy was asked about another answer" in error.message
        await closed_as_lost(case)

    on_live(test)


@pytest.mark.timeout(90)
def test_an_approval_that_nobody_committed_pays_nobody(on_live: Any) -> None:
    async def test(live: Any) -> None:
        def commit(command: dict[str, Any]) -> Any:
            if command["states"][:1] != ["APPROVED"]:
                return live.committer.commit(command)
            return {
                "commit_hash": HASH,
                "first_artifact_hash": HASH,
                "last_artifact": HASH,
                "sequence": command["sequence"] + 3,
                "context": [],
                "context_hash": HASH,
            }

        async with live.workers(commit=forged(commit)):
            case = await live.case().start()
            await case.approve()
            error = await case.failed()
        assert "predecessor: commit 2 is not in the store" in error.message
        assert live.bank.paid == []
        assert case.states == ["CREATED", "RUNNING", "WAITING_FOR_HUMAN"]
        (told,) = await live.sweep()
        assert told.what == "closed"
        # The votes lie in the store and no commit counts them: the verifier says so.
        verdict, findings = case.verdict()
        assert verdict == "INCONCLUSIVE"
        assert {finding.code for finding in findings} == {"vote_unaccounted"}

    on_live(test)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("receipt", [None, {}, {"sequence": 2}, LARGE])
def test_a_receipt_of_any_form_fails_the_run_and_no_more(on_live: Any, receipt: Any) -> None:
    async def test(live: Any) -> None:
        async with live.workers(commit=forged(lambda command: receipt)):
            case = await live.case().start()
            with pytest.raises(WorkflowFailureError):
                await case.handle.result()
            assert (await case.show())["state"] == "none"
        assert case.states == []

    on_live(test)


def made_up(command: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "status": "done",
        "result": {"receipt_id": "R-FORGED"},
        "results": [["/receipt_id", HASH]],
        "claims": [],
        "outcomes": [],
        "cause": "none",
        "problem": "none",
        **changes,
    }


def sealed_by(command: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    both = {
        "call": command["call"],
        "grant": command["grants"][0]["artifact"],
        "instance_id": command["instance_id"],
        "operation": command["operation"],
        "owning_team_id": command["team"],
        "slot": "1",
        "timestamp": "2026-11-23T10:00:00.000Z",
    }
    claim = {**both, "arguments": [], "attempt": "1", "queue": "payments", "run": "r"}
    outcome = {**both, "results": [["/receipt_id", HASH]], "status": "done"}
    return made_up(
        command,
        claims=[seal("use", {**claim, "type": "gantral.dev/use/v1"}, key)],
        outcomes=[seal("outcome", {**outcome, "type": "gantral.dev/outcome/v1"}, key)],
    )


def wire(live: Any) -> str:
    return str(live.program.manifest["operations"]["payments.refund"]["wire"])


@pytest.mark.timeout(90)
@pytest.mark.parametrize("answer", [{"status": "done"}, None, "done", made_up({})])
def test_a_made_up_result_without_a_seal_is_an_unknown_effect(on_live: Any, answer: Any) -> None:
    async def test(live: Any) -> None:
        async with live.workers(refund=forged(lambda command: answer)):
            case = await live.case().start()
            await case.approve()
            end = await case.end()
        assert (end["state"], end["cause"]) == ("TERMINATED", "effect_unknown")
        assert case.states[-1] == "TERMINATED"
        assert live.bank.paid == []
        # Nobody claimed a use, so nothing stands, and the chain says that.
        assert case.chain.need(3).records("end")[0]["standing"] == []
        assert case.verdict() == ("VALID", ())

    on_live(test)


@pytest.mark.timeout(90)
def test_a_made_up_result_under_an_own_key_is_never_committed(on_live: Any) -> None:
    async def test(live: Any) -> None:
        key = SigningKey.generate()
        async with live.workers(refund=forged(lambda c: sealed_by(c, key))):
            case = await live.case().start()
            await case.approve()
            error = await case.failed()
        assert error.type == "NotCommitted"
        assert "COMPLETED" not in case.states
        await closed_as_lost(case)

    on_live(test)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("status", ["not_done", "unknown", "done"])
def test_a_lie_about_an_effect_that_was_done_does_not_hide_it(on_live: Any, status: str) -> None:
    async def test(live: Any) -> None:
        real = live.effect("payments.refund")

        async def answer(command: dict[str, Any]) -> Any:
            told = await real(command)
            assert told["status"] == "done"
            return made_up(command, status=status, result=None, results=[])

        async with live.workers(refund=forged(answer)):
            case = await live.case().start()
            await case.approve()
            end = await case.end()
        assert end["state"] == "TERMINATED"
        assert live.bank.paid == ["30.00"]
        last = case.chain.need(3)
        assert [record["kind"] for record in last.statement["records"]] == ["use", "outcome", "end"]
        assert last.records("end")[0]["standing"] == ["payments.refund/1"]
        assert case.verdict() == ("VALID", ())

    on_live(test)


@pytest.mark.timeout(90)
def test_a_real_seal_with_another_result_is_not_believed(on_live: Any) -> None:
    async def test(live: Any) -> None:
        real = live.effect("payments.refund")

        async def answer(command: dict[str, Any]) -> Any:
            return {**await real(command), "results": [["/receipt_id", HASH]]}

        async with live.workers(refund=forged(answer)):
            case = await live.case().start()
            await case.approve()
            end = await case.end()
        assert (end["state"], end["cause"]) == ("TERMINATED", "effect_unknown")
        assert case.verdict() == ("VALID", ())

    on_live(test)

"""Each refusal of a grant by itself: without it, something would be done that nobody approved."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from gantral.authority import Cause
from gantral.evidence import EvidenceError, seal
from gantral.evidence.envelope import write_envelope
from gantral.runtime import CallContext
from gantral.runtime.workers.claiming import Claimer, Occasion
from gantral.runtime.workers.grants import Argument, NotGranted, compare, read_arguments
from gantral.runtime.workers.implementations import implementations
from gantral.runtime.workers.uses import Book, claim_slot

PAY = {"order": "A-1", "amount": {"amount": "40.00", "currency": "EUR"}}
OTHER = "ff" * 32


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def perform(world: Any, asked: list[str]) -> Callable[..., tuple[str, str]]:
    from activity_refund.services import Payments
    from activity_refund.types import Money, PaymentsRefundResult

    class Team(Payments):
        def refund(
            self, call: CallContext, /, *, order: str, amount: Money
        ) -> PaymentsRefundResult:
            asked.append("refund")
            return PaymentsRefundResult(receipt_id="R-1")

        def pay(self, call: CallContext, /, *, order: str, amount: Money) -> PaymentsRefundResult:
            asked.append("pay")
            return PaymentsRefundResult(receipt_id="R-2")

        def reverse(self, call: CallContext, /, *, receipt_id: str) -> None:
            asked.append("reverse")

    made = implementations([Team()])

    def run(
        operation: str,
        call: str,
        grant: Any,
        arguments: Any = PAY,
        *,
        undo: bool = False,
        program: Any = None,
        trust: Any = None,
        attempt: int = 1,
        temporal_run: str = "run-1",
    ) -> tuple[str, str]:
        program = program or world.program
        effects = replace(world.effects, trust=trust or world.trust)
        offers = {program.version_id: (program, made["activity_refund", operation])}
        command = {
            "team": "payments",
            "workflow_id": "activity_refund",
            "instance_id": world.instance_id,
            "program": program.version_id,
            "run": temporal_run,
            "call": call,
            "operation": operation,
            "undo": undo,
            "grants": [grant],
            "arguments": arguments,
            "lapses": "none",
        }
        environment = world.environment(attempt=attempt, run=temporal_run)
        activity = effects.activity("gantral/test", offers, None)
        answer = asyncio.run(environment.run(activity, command))
        return answer["status"], answer["cause"]

    return run


def changed(world: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """The program with another manifest under the same id: a worker with a torn package."""
    manifest = copy.deepcopy(dict(world.program.manifest))
    change(manifest)
    return replace(world.program, manifest=manifest)


def claimed(world: Any, grant: Any, call: str, **changes: Any) -> Book:
    """A claim that an effect worker left at slot 1."""
    book = Book(world.chain, world.keys["effect"], grant["artifact"])
    operation = call.partition("/")[0]
    members = {
        "owning_team_id": "payments",
        "instance_id": world.instance_id,
        "operation": operation,
        "call": call,
        "queue": "payments",
        "run": "run-1",
        "attempt": "1",
        "timestamp": "2026-11-23T10:00:03.000Z",
        "arguments": rows(world, grant, call),
        **changes,
    }
    assert book.claim("1", members)
    return book


def rows(world: Any, grant: Any, call: str) -> list[list[str]]:
    context = world.chain.need(grant["decision_commit"]).context
    paths = {
        "amount.amount": "/refund/amount",
        "amount.currency": "/refund/currency",
        "order": "/order/id",
    }
    return [[name, path, context[path]] for name, path in sorted(paths.items())]


def waiver(world: Any) -> dict[str, Any]:
    world.put(world.created())
    record = {
        "kind": "waiver",
        "gate": "finance",
        "round": "1",
        "query": "data.refund.decision",
        "policy_version_id": "sha256:" + "cd" * 32,
        "input_hash": "ab" * 32,
        "answer": "ALLOW",
    }
    context = world.waiting("finance")["context"]
    receipt = world.put(world.command([], context, records=[record], asked=world.asked("ALLOW")))
    return {
        "waiver": receipt["commit_hash"],
        "waiting_commit": 1,
        "decision_commit": 1,
        "gate": "finance",
        "round": 1,
    }


REFUSED = ("not_done", "authority_ambiguous")


def test_an_instance_of_another_program(world: Any, asked: list[str], perform: Any) -> None:
    grant = world.to_grant("finance")
    other = replace(world.program, version_id=OTHER)
    entries = {(team, flow, OTHER): life for (team, flow, _), life in world.trust.programs.items()}
    trust = replace(world.trust, programs={**world.trust.programs, **entries})
    answer = perform("payments.refund", "payments.refund/1", grant, program=other, trust=trust)
    assert (answer, asked) == (REFUSED, [])


def test_a_program_that_the_trust_file_does_not_allow(
    world: Any, asked: list[str], perform: Any
) -> None:
    grant = world.to_grant("finance")
    trust = replace(world.trust, programs={})
    answer = perform("payments.refund", "payments.refund/1", grant, trust=trust)
    assert (answer, asked) == (REFUSED, [])


def test_a_waiver_under_another_name(world: Any, asked: list[str], perform: Any) -> None:
    grant = {**waiver(world), "waiver": OTHER}
    answer = perform("payments.refund", "payments.refund/1", grant)
    assert (answer, asked) == (("not_done", "context_mismatch"), [])


def test_a_commit_that_is_no_waiver(world: Any, asked: list[str], perform: Any) -> None:
    approved = world.to_grant("finance")
    grant = {name: value for name, value in approved.items() if name != "artifact"}
    grant["waiver"] = world.chain.need(2).hash
    answer = perform("payments.refund", "payments.refund/1", grant)
    assert (answer, asked) == (("not_done", "context_mismatch"), [])


def test_a_policy_never_waives_what_is_critical(world: Any, asked: list[str], perform: Any) -> None:
    grant = waiver(world)

    def critical(manifest: dict[str, Any]) -> None:
        manifest["operations"]["payments.refund"]["kind"] = "critical effect"

    program = changed(world, critical)
    answer = perform("payments.refund", "payments.refund/1", grant, program=program)
    assert (answer, asked) == (REFUSED, [])


def test_what_the_gate_does_not_release_or_plan(world: Any, asked: list[str], perform: Any) -> None:
    grant = world.to_grant("finance")

    def unreleased(manifest: dict[str, Any]) -> None:
        manifest["gates"]["finance"]["releases"] = []

    def other(manifest: dict[str, Any]) -> None:
        planned = manifest["gates"]["finance"]["plan"]["payments.refund/1"]
        planned["operation"] = "payments.pay"

    for change in (unreleased, other):
        program = changed(world, change)
        answer = perform("payments.refund", "payments.refund/1", grant, program=program)
        assert (answer, asked) == (REFUSED, [])


def test_a_person_that_nobody_here_can_tell() -> None:
    shape: list[Any] = ["record", [["who", ["person"], {}]]]
    with pytest.raises(NotGranted, match="pepper"):
        read_arguments(shape, {"who": "olga"}, None)


def test_a_computed_argument_is_computed_again(world: Any) -> None:
    world.to_grant("finance")
    read = world.chain.need(2).context
    amount = {"path": ["decimal", "/refund/amount"]}
    double = {"x": {"expr": {"+": [amount, amount]}}}

    def held(terms: Any, value: str) -> None:
        given = Argument({"x": value}, {"x": ["decimal", {"scale": "2"}]})
        compare(world.chain, terms, [["x", "=", "none"]], given, read)

    held(double, "80.00")
    with pytest.raises(NotGranted) as drifted:
        held(double, "80.01")
    assert drifted.value.cause is Cause.DRIFTED
    for pointer, source in (("/nowhere", "path"), ("/refund/amount", "new")):
        other = {"x": {"expr": {"+": [amount, {source: ["decimal", pointer]}]}}}
        with pytest.raises(EvidenceError, match="nothing is approved"):
            held(other, "80.00")


def test_an_undo_by_what_does_not_undo_it(world: Any, asked: list[str], perform: Any) -> None:
    grant = world.to_grant("finance")
    assert perform("payments.refund", "payments.refund/1", grant)[0] == "done"
    answer = perform("payments.refund", "payments.refund/1", grant, PAY, undo=True)
    assert (answer, asked) == (REFUSED, ["refund"])

    def forever(manifest: dict[str, Any]) -> None:
        manifest["operations"]["payments.refund"]["undo"] = "none"

    back = {"receipt_id": "R-1"}
    program = changed(world, forever)
    answer = perform("payments.reverse", "payments.refund/1", grant, back, undo=True,
                     program=program)  # fmt: skip
    assert (answer, asked) == (REFUSED, ["refund"])


def test_an_undo_of_what_was_never_or_only_begun(
    world: Any, asked: list[str], perform: Any
) -> None:
    grant = world.to_grant("finance")
    back = {"receipt_id": "R-1"}
    assert perform("payments.reverse", "payments.refund/1", grant, back, undo=True) == REFUSED
    claimed(world, grant, "payments.refund/1")
    assert perform("payments.reverse", "payments.refund/1", grant, back, undo=True) == REFUSED
    assert asked == []


@pytest.mark.parametrize("change", [{"arguments": []}, {"operation": "payments.pay"}])
def test_a_call_that_was_claimed_for_something_else(
    world: Any, asked: list[str], perform: Any, change: dict[str, Any]
) -> None:
    grant = world.to_grant("finance")
    claimed(world, grant, "payments.refund/1", **change)
    answer = perform("payments.refund", "payments.refund/1", grant, attempt=2)
    assert (answer, asked) == (("not_done", "drifted"), [])


@pytest.mark.parametrize(
    ("gate", "call", "temporal_run"),
    [("paying", "payments.pay/1", "run-1"), ("finance", "payments.refund/1", "run-2")],
)
def test_who_may_not_call_the_service_again(
    world: Any, asked: list[str], perform: Any, gate: str, call: str, temporal_run: str
) -> None:
    """What is not idempotent, and what another run claimed, is unknown, however late it is."""
    grant = world.to_grant(gate)
    claimed(world, grant, call)
    operation = call.partition("/")[0]
    answer = perform(operation, call, grant, attempt=2, temporal_run=temporal_run)
    assert (answer, asked) == (("unknown", "effect_unknown"), [])


def test_a_claim_and_an_outcome_have_exactly_their_members(
    world: Any, asked: list[str], perform: Any
) -> None:
    grant = world.to_grant("finance")
    book = claimed(world, grant, "payments.refund/1")
    use = book.use("1")
    assert use is not None
    with pytest.raises(EvidenceError, match="form"):
        book.claim("2", {**use.claim.statement, "more": "x"})
    outcome = book.end(use, "not_done", [], "2026-11-23T10:00:04.000Z")
    for name, kind, sealed in (("1", "use", use.claim), ("1.outcome", "outcome", outcome)):
        key = world.chain.key("uses", grant["artifact"], f"{name}.json")
        path = world.root / "evidence" / key
        good = path.read_bytes()
        odd = seal(kind, {**sealed.statement, "more": "x"}, world.keys["effect"])
        path.write_bytes(write_envelope(odd))
        assert perform("payments.refund", "payments.refund/1", grant) == REFUSED
        moved = seal(kind, {**sealed.statement, "slot": "2"}, world.keys["effect"])
        path.write_bytes(write_envelope(moved))
        assert perform("payments.refund", "payments.refund/1", grant) == REFUSED
        path.write_bytes(good)
    assert asked == []


def test_two_uses_are_for_two_things(world: Any) -> None:
    grant = world.to_grant("paying")
    book = claimed(world, grant, "payments.pay/1")
    claim = book.use("1")
    assert claim is not None
    members = {
        name: value
        for name, value in claim.claim.statement.items()
        if name not in ("type", "grant", "slot")
    }
    gate = world.program.manifest["gates"]["paying"]
    other = {**members, "call": "payments.pay/2", "arguments": []}
    use, fresh = claim_slot(book, gate, other, lambda claim: claim["arguments"] == [])
    assert (use.slot, fresh) == ("2", True)
    third = {**members, "call": "payments.pay/3"}
    with pytest.raises(NotGranted, match="did the same"):
        claim_slot(book, gate, third, lambda claim: claim["arguments"] == members["arguments"])


def test_one_approval_named_twice_is_not_two(world: Any) -> None:
    grant = world.to_grant("finance")
    command: Any = {
        "team": "payments",
        "workflow_id": "activity_refund",
        "instance_id": world.instance_id,
        "program": world.program.version_id,
        "run": "run-1",
        "call": "payments.refund/1",
        "operation": "payments.refund",
        "undo": False,
        "grants": [grant, grant],
        "arguments": PAY,
        "lapses": "none",
    }
    claimer = Claimer(world.chain, world.program, world.keys["effect"], None)
    from gantral.evidence.forms import instant_ms

    occasion = Occasion("run-1", 1, instant_ms("2026-11-23T10:00:05.000Z"), "payments")
    with pytest.raises(NotGranted, match="each approval that it wants"):
        claimer.claim(command, occasion)

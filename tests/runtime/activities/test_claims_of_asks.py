"""Two approvals of one gate under one call, in a loop: the effect's worker reads from the store
which ask, and which round, each yes is of; the evidence worker signs no other (ADR 0152)."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from commit_steps import refused
from effect_bank import Bank
from gantral.runtime import programs

CALL = "payments.pay/1/0"
LOOP = {"loops": ["2"]}
RESUMED = ["complete/1", "paying/1", "terminated"]
SHOWN = ("40.00", "30.00", "20.00", "10.00")
ASKS = ("paying/1/0", "paying/2/0", "paying/1/1", "paying/2/1")


@pytest.fixture
def asking(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`paying` is asked twice in each of two rounds; the first yes shows the order, the second the
    amount."""
    manifest = copy.deepcopy(dict(world.program.manifest))
    gate = manifest["gates"]["paying"]
    planned = {**gate.pop("plan")["payments.pay/1"], **LOOP, "at_most": "2"}
    order = {"order": {"path": "/order/id"}, "amount": {"under": ["paying/2", "/refund"]}}
    amount = {"order": {"under": ["paying/1", "/order/id"]}, "amount": {"path": "/refund"}}
    gate["asks"] = {
        f"paying/{number}": {"plan": {"payments.pay/1": {**planned, "arguments": one}}, **LOOP}
        for number, one in ((1, order), (2, amount))
    }
    automaton = [row for row in manifest["automaton"] if not row[0].startswith(("paying", "start"))]
    manifest["automaton"] = [
        *automaton,
        ["paying/1", "WAITING_FOR_HUMAN", ["paying/1:resumed"]],
        ["paying/1:resumed", "RUNNING", ["paying/2"]],
        ["paying/2", "WAITING_FOR_HUMAN", ["paying/2:resumed"]],
        ["paying/2:resumed", "RUNNING", RESUMED],
        ["start", "RUNNING", ["paying/1", "terminated"]],
    ]
    world.program = replace(world.program, manifest=manifest)
    monkeypatch.setattr(programs, "get", lambda version_id: world.program)
    world.put(world.created())
    return world


def waiting(world: Any, round: int, ask: str, amount: str) -> dict[str, Any]:
    made = {**world.waiting("paying"), "round": round}
    made["context"]["values"] = {**made["context"]["values"], "/refund/amount": amount}
    for record in made["records"]:
        record["round"] = str(round)
    told = {"kind": "ask", "gate": "paying", "round": str(round), "ask": ask}
    return {**made, "records": [*made["records"], told]}


def yes(world: Any, round: int, ask: str, amount: str) -> dict[str, Any]:
    number = world.number
    world.put(waiting(world, round, ask, amount))
    votes = [world.vote("alice"), world.vote("bob")]
    receipt = world.put(world.approved(votes, round=round))
    return {
        "artifact": receipt["first_artifact_hash"],
        "waiting_commit": number,
        "decision_commit": number + 1,
        "gate": "paying",
        "round": round,
    }


@pytest.fixture
def grants(asking: Any) -> list[dict[str, Any]]:
    return [
        yes(asking, round, ask, amount)
        for round, (ask, amount) in enumerate(zip(ASKS, SHOWN, strict=True), 1)
    ]


def pay(amount: str) -> dict[str, Any]:
    return {"order": "A-1", "amount": {"amount": amount, "currency": "EUR"}}


@pytest.mark.parametrize("names", [(0, 1), (1, 0)])
def test_each_yes_is_of_its_ask_however_a_run_lists_them(
    grants: list[dict[str, Any]], bank: Bank, perform: Any, names: tuple[int, int]
) -> None:
    named = [grants[one] for one in names]
    answer = perform("payments.pay", CALL, named, pay("30.00"))
    assert (answer["status"], len(bank.calls)) == ("done", 1)
    other = perform("payments.pay", "payments.pay/1/1", grants[2:], pay("10.00"))
    assert (other["status"], len(bank.calls)) == ("done", 2)


# One of them, one twice, two of one ask, one of each round, both of the other round, one too many.
PAIRS = [(0,), (1,), (0, 0), (1, 1), (0, 2), (1, 3), (0, 3), (2, 1), (2, 3), (0, 1, 1)]


def test_no_other_yes_and_no_other_data_will_do(
    grants: list[dict[str, Any]], bank: Bank, perform: Any
) -> None:
    """Refused one after another, since nothing is claimed: other pairs with what the last of them
    showed, then the right one with what another ask showed."""

    def refused(names: tuple[int, ...], amount: str) -> tuple[str, str]:
        answer = perform("payments.pay", CALL, [grants[one] for one in names], pay(amount))
        return answer["status"], answer["cause"]

    told = {names: refused(names, SHOWN[names[-1]]) for names in PAIRS}
    assert told == dict.fromkeys(PAIRS, ("not_done", "authority_ambiguous"))
    others = [refused((0, 1), SHOWN[one]) for one in (0, 3)]
    assert others == [("not_done", "drifted")] * 2
    assert not bank.calls


@pytest.mark.parametrize(
    ("ask", "rule"),
    [
        ("paying/2/0", "automaton"),
        ("paying/1", "ask"),
        ("paying/1/2", "ask"),
        ("paying/3/0", "ask"),
        ("finance/1/0", "ask"),
        (None, "record"),
    ],
)
def test_the_evidence_worker_signs_no_other_ask(asking: Any, ask: str | None, rule: str) -> None:
    made = waiting(asking, 1, ask or "paying/1/0", "40.00")
    if ask is None:
        made["records"].pop()
    assert refused(asking, made) == rule


def test_it_signs_no_ask_twice(asking: Any) -> None:
    yes(asking, 1, "paying/1/0", "40.00")
    yes(asking, 2, "paying/2/0", "30.00")
    assert refused(asking, waiting(asking, 3, "paying/1/0", "20.00")) == "ask_twice"

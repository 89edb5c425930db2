"""Calls of branches that ran at once, under one approval: the verifier takes every order in which
their claims and outcomes can have come, and no other (ADR 0130)."""

from __future__ import annotations

import copy
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import Report
from rules_off import switch_off
from scenes import Forge, build
from test_equal_calls import O2, constant, program, twice
from test_verifier_rules import judged
from vectors import inputs

Records = list[dict[str, Any]]


def chain(records: Records) -> list[dict[str, Any]]:
    made = constant(twice())
    made[3]["records"] = copy.deepcopy(records)
    return made


def told() -> Records:
    """The claim and outcome of one call, then those of the other."""
    records: Records = constant(twice())[3]["records"]
    return records


def report(records: Records, folder: Path, uses: str = "2") -> Report:
    manifest = program("false", O2)
    manifest["gates"]["finance"]["uses"] = uses
    return judged(
        build({**inputs("approved"), "commits": chain(records)}, manifest, Forge()), folder
    )


def slots(records: Records, first: str, second: str) -> Records:
    """As if the calls had taken these slots."""
    return [
        {**one, "slot": second if one["call"] == "payments.refund/2" else first}
        for one in copy.deepcopy(records)
    ]


LEGAL = [
    [*order]
    for order in permutations(range(4))
    if order.index(0) < order.index(1) and order.index(2) < order.index(3)
]


@pytest.mark.parametrize("taken", [("1", "2"), ("2", "1")], ids=lambda one: "".join(one))
@pytest.mark.parametrize("order", LEGAL, ids=lambda one: "".join(map(str, one)))
def test_every_interleaving_is_valid(order: list[int], taken: Any, tmp_path: Path) -> None:
    records = slots(told(), *taken)
    found = report([records[at] for at in order], tmp_path)
    assert (found.verdict, found.findings) == ("VALID", ())


def test_there_are_six() -> None:
    assert len(LEGAL) == 6


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [2, 1, 3, 0], [3, 2, 0, 1]])
def test_an_outcome_before_its_claim_is_none(order: list[int], tmp_path: Path) -> None:
    records = told()
    found = report([records[at] for at in order], tmp_path)
    assert (found.verdict, [one.code for one in found.findings]) == ("INVALID", ["outcome"])


def again(slot: str) -> Records:
    """The first call once more, in a slot of its own."""
    use, outcome, *_ = told()
    results = [["0" * 31 + "3", "/receipt_id", "r-11"]]
    more = [{**use, "slot": slot}, {**outcome, "slot": slot, "results": results}]
    return [*told(), *copy.deepcopy(more)]


FORGED = {
    "more than the gate allows": (told(), "1", "slot"),
    "both in one slot": (slots(told(), "1", "1"), "2", "slot_twice"),
    "one of them twice": (again("3"), "3", "at_most"),
}


@pytest.mark.parametrize("case", FORGED)
def test_each_rule_refuses_alone(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, uses, code = FORGED[case]
    found = report(records, tmp_path / "on", uses)
    assert found.verdict == "INVALID"
    assert found.findings[0].code == code
    switch_off(monkeypatch, {code})
    assert code not in [one.code for one in report(records, tmp_path / "off", uses).findings]

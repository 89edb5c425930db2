"""Where the condition of an `only if` was false nobody was asked: the chain says so, and an effect
shows it beside the yes of a gate that is asked in every case. Each forgery is signed with the right
keys, and one rule alone stands against it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import put
from gantral.evidence import Report, TrustFile, verify_folder
from rules_off import switch_off
from scenes import Forge, build, salt
from test_several_approvals import asked, at
from vector_manifest import GATE, MANIFEST
from vectors import PROPOSAL, _commit, _created, _outcome, _use, inputs, vote

CONDITION = "input.refund.amount > 1000.00"
UNASKED = {
    "kind": "unasked",
    "gate": "much",
    "round": "1",
    "statement": "much/1",
    "condition": CONDITION,
}


def gate(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GATE), "waived": "none", **more}


def program() -> dict[str, Any]:
    """`ask much(…) only if …`, then `ask finance(…)`, then a call under both."""
    automaton = [
        ["complete/1", "COMPLETED", []],
        ["finance/1", "WAITING_FOR_HUMAN", ["finance/1:resumed"]],
        ["finance/1:resumed", "RUNNING", ["complete/1"]],
        ["much/1", "WAITING_FOR_HUMAN", ["much/1:resumed"]],
        ["much/1:resumed", "RUNNING", ["finance/1"]],
        ["much/1:unasked", "RUNNING", ["finance/1"]],
        ["start", "RUNNING", ["much/1", "much/1:unasked"]],
    ]
    refund = {"amount": {"under": ["finance", "/refund"]}, "order": {"path": "/order/id"}}
    planned = {**GATE["plan"]["payments.refund/1"], "arguments": refund}
    much = gate(only_if={"much/1": CONDITION}, plan={"payments.refund/1": planned})
    return {**MANIFEST, "gates": {"finance": gate(), "much": much}, "automaton": automaton}


def uses() -> list[Any]:
    money = ["amount.amount", "amount.currency"]
    paths = ["/refund/amount", "/refund/currency"]
    other = [[name, f"under:3{path}"] for name, path in zip(money, paths, strict=True)]
    return [
        {**_use("1", at(32)), "arguments": [*other, ["order", "/order/id"]]},
        _use("3", at(32)),
        _outcome("1", at(32, 1)),
        _outcome("3", at(32, 1)),
    ]


def chain() -> list[Any]:
    shown = [[salt("much", path), path, value] for _, path, value in PROPOSAL]
    votes = [vote("alice", "APPROVE", at(22)), vote("bob", "APPROVE", at(23))]
    done = [[salt("o", 1), "/output/receipt_id", "r-9"]]
    return [
        _created(),
        _commit([], at(5), shown, records=[UNASKED]),
        *asked("finance", 1, 20, ["carol"], votes),
        _commit(["COMPLETED"], at(33), done, cause="completed", records=uses()),
    ]


def judged(folder: Path, forge: Forge | None = None) -> Report:
    scene = build({**inputs("approved"), "commits": chain()}, program(), forge)
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def test_the_chain_is_valid_and_says_that_nobody_was_asked(tmp_path: Path) -> None:
    report = judged(tmp_path)
    assert (report.verdict, report.findings) == ("VALID", ())
    assert report.decisions == {"finance": "approved", "much": "unasked"}


def made_critical(manifest: dict[str, Any]) -> None:
    manifest["operations"]["payments.refund"]["kind"] = "critical effect"


def test_a_critical_effect_may_stand_under_it_beside_people(tmp_path: Path) -> None:
    critical = Forge(manifest=made_critical)
    assert judged(tmp_path, critical).verdict == "VALID"


def record(**changes: str) -> Forge:
    return Forge(order={1: put("records.0", {**UNASKED, **changes})})


def critical_and_waived(manifest: dict[str, Any]) -> None:
    manifest["operations"]["payments.refund"]["kind"] = "critical effect"
    manifest["gates"]["finance"]["waived"] = "refund_limits"


def asked_both_ways(manifest: dict[str, Any]) -> None:
    """`finance` is asked `only if` elsewhere; the call acts under the ask that is none."""
    finance = manifest["gates"]["finance"]
    finance["only_if"] = {"finance/2": "input.late"}
    finance["plan"]["payments.refund/1"]["asked"] = "always"


def test_a_gate_that_is_asked_both_ways(tmp_path: Path) -> None:
    assert judged(tmp_path, Forge(manifest=asked_both_ways)).verdict == "VALID"


def asked_always(gate: str) -> Forge:
    def forge(manifest: dict[str, Any]) -> None:
        manifest["gates"][gate]["plan"]["payments.refund/1"]["asked"] = "always"

    return Forge(manifest=forge)


FORGERIES: dict[str, tuple[str, Forge]] = {
    "for a call that acts under an ask of every case": ("asked", asked_always("much")),
    "a gate that is asked one way alone": ("manifest", asked_always("finance")),
    "another condition than the program's": ("unasked", record(condition="false")),
    "another ask than one that is asked only if": ("unasked", record(statement="finance/1")),
    "a gate that is asked in every case": ("unasked", record(gate="finance")),
    "two records": ("unasked_alone", Forge(order={1: put("records", [UNASKED, UNASKED])})),
    "not what would have been shown": (
        "proposal",
        Forge(order={1: put("context.0.1", "/order/other")}),
    ),
    "another round": ("round", record(round="2")),
    "the program does not come here so": (
        "automaton",
        Forge(manifest=put("automaton.6.2", ["much/1"])),
    ),
    "where people are asked": (
        "record_place",
        Forge(order={2: lambda order: order["records"].append(UNASKED)}),
    ),
    "no use under it": ("under", Forge(order={4: put("records", uses()[1::2])})),
    "no use under the yes": ("under", Forge(order={4: put("records", uses()[::2])})),
    "no gate is asked in every case": (
        "manifest",
        Forge(manifest=put("gates.finance.only_if", {"finance/1": "true"})),
    ),
    "a critical effect, and policy may waive the other gate": (
        "manifest",
        Forge(manifest=critical_and_waived),
    ),
}


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_forgery_is_invalid(name: str, tmp_path: Path) -> None:
    code, forge = FORGERIES[name]
    report = judged(tmp_path, forge)
    assert report.verdict == "INVALID"
    assert code in {finding.code for finding in report.findings}


NEEDED = ["unasked_alone", "proposal", "under", "record_place", "asked"]


@pytest.mark.parametrize("name", [one for one, (code, _) in FORGERIES.items() if code in NEEDED])
def test_without_the_rule_the_forgery_would_stand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, {FORGERIES[name][0]})
    assert judged(tmp_path, FORGERIES[name][1]).verdict == "VALID"


@pytest.mark.parametrize("change", [{"condition": "false"}, {"statement": "finance/1"}])
def test_the_condition_is_the_programs(
    change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, {"unasked"})
    assert judged(tmp_path, record(**change)).verdict == "VALID"

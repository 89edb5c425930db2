"""An effect under two approvals: each argument is the leaf of the gate that shows it, a use is
claimed under each, and who voted at one gate is kept out of the other. Each forgery is signed with
the right keys, and one rule alone stands against it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forging import H64, put
from gantral.evidence import Report, TrustFile, verify_folder
from rules_off import switch_off
from scenes import Forge, build, salt
from vector_manifest import GATE, MANIFEST
from vectors import PROPOSAL, _commit, _created, _outcome, _use, inputs, vote

ROLE = {"role": ["finance_director"]}


def gate(other: str, **arguments: Any) -> dict[str, Any]:
    planned = {**GATE["plan"]["payments.refund/1"], "arguments": arguments}
    apart = ["initiator", {"deciders": other}]
    plan = {"payments.refund/1": planned}
    return {**copy.deepcopy(GATE), "waived": "none", "apart": apart, "plan": plan}


def two_gates() -> dict[str, Any]:
    """Finance shows the amount and is asked twice; then payee shows the order."""
    order = {"order": {"path": "/order/id"}, "amount": {"under": ["finance", "/refund"]}}
    amount = {"amount": {"path": "/refund"}, "order": {"under": ["payee", "/order/id"]}}
    automaton = [
        ["complete/1", "COMPLETED", []],
        ["finance/1", "WAITING_FOR_HUMAN", ["finance/1:resumed"]],
        ["finance/1:resumed", "RUNNING", ["finance/2"]],
        ["finance/2", "WAITING_FOR_HUMAN", ["finance/2:resumed"]],
        ["finance/2:resumed", "RUNNING", ["payee/1"]],
        ["payee/1", "WAITING_FOR_HUMAN", ["payee/1:resumed"]],
        ["payee/1:resumed", "RUNNING", ["complete/1"]],
        ["start", "RUNNING", ["finance/1"]],
    ]
    gates = {"finance": gate("payee", **amount), "payee": gate("finance", **order)}
    return {**MANIFEST, "gates": gates, "automaton": automaton}


def at(minute: int, second: int = 0) -> str:
    return f"2026-11-23T10:{minute:02d}:{second:02d}.000Z"


def asked(gate: str, round: int, minute: int, out: list[str], voters: list[Any]) -> list[Any]:
    """WAITING and APPROVED of one round."""
    here = {"gate": gate, "round": str(round)}
    day = f":{minute:02d}:00.000Z"
    instants = [
        ["2026-11-23T18" + day, "remind", "none", "none"],
        ["2026-11-24T10" + day, "widen", ["finance_manager"], ["finance_director"]],
        ["2026-11-26T10" + day, "reject", "none", "none"],
    ]
    records = [
        {"kind": "clock", **here, "instants": instants},
        {"kind": "deciders", **here, "excluded": out, "named": {}},
    ]
    shown = [[salt(gate, round, path), path, value] for _, path, value in PROPOSAL]
    return [
        _commit(["WAITING_FOR_HUMAN"], at(minute), shown, **here, records=records),
        _commit(
            ["APPROVED", "RESUMED", "RUNNING"],
            at(minute + 5),
            "same",
            **here,
            cause="approved",
            human=voters[-1]["who"],
            votes=voters,
            opened_before=[],
        ),
    ]


def uses(finance: str = "4", shown: str = "4") -> list[Any]:
    """Both claims and both outcomes; `shown` is the yes that the claim under payee names."""
    money = ["amount.amount", "amount.currency"]
    paths = ["/refund/amount", "/refund/currency"]
    own = [[name, path] for name, path in zip(money, paths, strict=True)]
    other = [[name, f"under:{shown}{path}"] for name, path in zip(money, paths, strict=True)]
    return [
        {**_use(finance, at(32)), "arguments": [*own, ["order", "under:6/order/id"]]},
        {**_use("6", at(32)), "arguments": [*other, ["order", "/order/id"]]},
        _outcome(finance, at(32, 1)),
        _outcome("6", at(32, 1)),
    ]


def chain() -> list[Any]:
    first = [vote("alice", "APPROVE", at(2)), vote("bob", "APPROVE", at(3))]
    second = [vote("alice", "APPROVE", at(12)), vote("bob", "APPROVE", at(13))]
    third = [vote("dan", "APPROVE", at(22), **ROLE)]
    done = [[salt("o", 1), "/output/receipt_id", "r-9"]]
    return [
        _created(),
        *asked("finance", 1, 0, ["carol"], first),
        *asked("finance", 2, 10, ["carol"], second),
        *asked("payee", 1, 20, ["alice", "bob", "carol"], third),
        _commit(["COMPLETED"], at(33), done, cause="completed", records=uses()),
    ]


def judged(folder: Path, forge: Forge | None = None) -> Report:
    scene = build({**inputs("approved"), "commits": chain()}, two_gates(), forge)
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def test_the_chain_is_valid(tmp_path: Path) -> None:
    report = judged(tmp_path)
    assert (report.verdict, report.findings) == ("VALID", ())


def claims(edit: Callable[[dict[str, Any]], None]) -> Forge:
    """Spoils the claims under payee: those whose order is its own."""

    def spoil(kind: str, statement: dict[str, Any]) -> None:
        if kind == "use" and statement["arguments"][2][1] == "/order/id":
            edit(statement)

    return Forge(sealed=spoil)


def last(records: list[Any]) -> Forge:
    return Forge(order={7: put("records", records)})


def source(grant: Callable[[str], str]) -> Callable[[dict[str, Any]], None]:
    """Renames the grant that the amount is said to be shown by."""

    def edit(statement: dict[str, Any]) -> None:
        for row in statement["arguments"][:2]:
            named = row[1][len("under:") : len("under:") + 64]
            row[1] = row[1].replace(named, grant(statement["grant"]))

    return edit


FORGERIES: dict[str, tuple[str, Forge]] = {
    "a voter of the other gate is not kept out": (
        "excluded",
        Forge(order={5: put("records.1.excluded", ["bob", "carol"])}),
    ),
    "nobody but the initiator is kept out": (
        "excluded",
        Forge(order={5: put("records.1.excluded", ["carol"])}),
    ),
    "one more is kept out": (
        "excluded",
        Forge(order={1: put("records.1.excluded", ["carol", "dan"])}),
    ),
    "another value than the other gate showed": (
        "argument",
        claims(put("arguments.0.2", H64)),
    ),
    "the own gate's value for the other's": ("argument", claims(source(lambda own: own))),
    "a yes that nobody gave": ("other_grant", claims(source(lambda _: H64))),
    "no use under the gate that shows the order": ("under", last(uses()[::2])),
    "no use under the gate that shows the amount": ("under", last(uses()[1::2])),
    "shown by the first yes, done under the second": ("under", last(uses("4", "2"))),
    "only one of the two gates is apart": (
        "manifest",
        Forge(manifest=put("gates.finance.apart", ["initiator"])),
    ),
}


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_forgery_is_invalid(name: str, tmp_path: Path) -> None:
    code, forge = FORGERIES[name]
    report = judged(tmp_path, forge)
    assert report.verdict == "INVALID"
    assert code in {finding.code for finding in report.findings}


# The others are no value to compare at all, so that nothing is left to go on with.
REFUSED = [
    name
    for name, (code, _) in FORGERIES.items()
    if code not in ("other_grant", "manifest") and not name.startswith("the own gate's")
]


@pytest.mark.parametrize("name", REFUSED)
def test_without_the_rule_the_forgery_would_stand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, {FORGERIES[name][0]})
    assert judged(tmp_path, FORGERIES[name][1]).verdict == "VALID"

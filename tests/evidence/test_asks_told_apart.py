"""An effect under two approvals of one gate, in a loop: each yes says which ask it is of, and in
which round; the claims are held to that (ADR 0152). Each forgery is signed with the right keys, and
one rule alone stands against it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import put
from gantral.evidence import Report, TrustFile, verify_folder
from rules_off import switch_off
from scenes import Forge, build, salt
from test_several_approvals import asked as question
from test_several_approvals import at
from vector_manifest import GATE, MANIFEST
from vectors import PROPOSAL, _commit, _created, _outcome, _policy, _use, inputs, vote

CONDITION = "input.refund.amount > 1000.00"
LOOP = {"loops": ["2"]}


def program() -> dict[str, Any]:
    """Twice: `ask finance(…)` shows the order, `ask finance(…)` the amount, a call under both. A
    third ask is `only if`, and the first one may be."""
    planned = {**GATE["plan"]["payments.refund/1"], **LOOP, "at_most": "2"}
    order = {"order": {"path": "/order/id"}, "amount": {"under": ["finance/2", "/refund"]}}
    amount = {"amount": {"path": "/refund"}, "order": {"under": ["finance/1", "/order/id"]}}
    asks = {
        "finance/1": {"plan": {"payments.refund/1": {**planned, "arguments": order}}, **LOOP},
        "finance/2": {"plan": {"payments.refund/1": {**planned, "arguments": amount}}, **LOOP},
        "finance/3": {"plan": {}},
    }
    gate = {**copy.deepcopy(GATE), "waived": "none", "asks": asks}
    gate |= {"only_if": {"finance/1": CONDITION, "finance/3": CONDITION}}
    del gate["plan"]
    after = ["complete/1", "finance/1", "finance/1:unasked"]
    automaton = [
        ["complete/1", "COMPLETED", []],
        ["finance/1", "WAITING_FOR_HUMAN", ["finance/1:resumed"]],
        ["finance/1:resumed", "RUNNING", ["finance/2"]],
        ["finance/1:unasked", "RUNNING", ["finance/2"]],
        ["finance/2", "WAITING_FOR_HUMAN", ["finance/2:resumed"]],
        ["finance/2:resumed", "RUNNING", after],
        ["finance/3", "WAITING_FOR_HUMAN", ["finance/3:resumed"]],
        ["finance/3:resumed", "RUNNING", after],
        ["start", "RUNNING", ["finance/1", "finance/1:unasked"]],
    ]
    return {**MANIFEST, "gates": {"finance": gate}, "automaton": automaton}


def asked(ask: str, round: int) -> list[Any]:
    """WAITING and APPROVED of this ask."""
    minute = 4 * (round - 1)
    votes = [vote(who, "APPROVE", at(minute + 1)) for who in ("alice", "bob")]
    opened, decided = question("finance", round, minute, ["carol"], votes)
    opened["records"].append(told(ask, round))
    return [opened, {**decided, "timestamp": at(minute + 2)}]


def told(ask: str, round: int) -> dict[str, str]:
    return {"kind": "ask", "gate": "finance", "round": str(round), "ask": ask}


def uses(call: str, order: str, amount: str, minute: int = 18) -> list[Any]:
    """The claims of a call under the yes that shows the order and the one that shows the amount, by
    the commits of these, and their outcomes."""
    money = ["amount.amount", "amount.currency"]
    paths = ["/refund/amount", "/refund/currency"]
    own = [[name, path] for name, path in zip(money, paths, strict=True)]
    other = [[name, f"under:{amount}{path}"] for name, path in zip(money, paths, strict=True)]
    this = {"call": call}
    return [
        {**_use(order, at(minute)), **this, "arguments": [*other, ["order", "/order/id"]]},
        {**_use(amount, at(minute)), **this,
         "arguments": [*own, ["order", f"under:{order}/order/id"]]},
        {**_outcome(order, at(minute, 1)), **this},
        {**_outcome(amount, at(minute, 1)), **this},
    ]  # fmt: skip


FIRST, SECOND = "payments.refund/1/0", "payments.refund/1/1"
IN_ORDER = ["finance/1/0", "finance/2/0", "finance/1/1", "finance/2/1"]


def chain(asks: list[str] = IN_ORDER, records: list[Any] | None = None) -> list[Any]:
    """These asks, one after another, and what is done after them."""
    done = [[salt("o", 1), "/output/receipt_id", "r-9"]]
    both = [*uses(FIRST, "2", "4"), *uses(SECOND, "6", "8")]
    return [
        _created(),
        *(commit for round, ask in enumerate(asks, 1) for commit in asked(ask, round)),
        _commit(
            ["COMPLETED"],
            at(19),
            done,
            cause="completed",
            records=both if records is None else records,
        ),
    ]


def unasked(statement: str = "finance/1", ask: str = "finance/1/0") -> list[Any]:
    """Nobody was asked at the first ask; the call acts under that and the yes to the second."""
    shown = [[salt("unasked", path), path, value] for _, path, value in PROPOSAL]
    record = {"kind": "unasked", "gate": "finance", "round": "1", "condition": CONDITION}
    records = [{**record, "statement": statement}, told(ask, 1)]
    made = chain([IN_ORDER[0], IN_ORDER[1]], uses(FIRST, "1", "3"))
    return [made[0], _commit([], at(0), shown, records=records), *made[3:]]


def waived(ask: str = "finance/2/0", second: int = 1) -> list[Any]:
    """Policy waived both asks of the first round."""
    made = []
    for round, (one, count) in enumerate((("finance/1/0", 1), (ask, second)), 1):
        here = {"gate": "finance", "round": str(round)}
        shown = [[salt("waived", round, path), path, value] for _, path, value in PROPOSAL]
        record = {**_policy("ALLOW", "waiver"), **here}
        records = [record, *[told(one, round)] * count]
        made.append(_commit([], at(round), shown, records=records))
    done = chain([], uses(FIRST, "1", "2"))
    return [done[0], *made, done[-1]]


def waivable(manifest: dict[str, Any]) -> None:
    gate = manifest["gates"]["finance"]
    gate["waived"] = "refund_limits"
    del gate["only_if"]
    for row in manifest["automaton"]:
        row[2] = [site.replace(":unasked", ":waived") for site in row[2]]
    following = {row[0]: row[2] for row in manifest["automaton"]}
    manifest["automaton"] = [
        *(row for row in manifest["automaton"] if not row[0].endswith(":unasked")),
        ["finance/1:waived", "RUNNING", ["finance/2", "finance/2:waived"]],
        ["finance/2:waived", "RUNNING", following["finance/2:resumed"]],
    ]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (waived(), ""),
        (waived(second=0), "record"),
        (waived(second=2), "record"),
        (waived("finance/1/0"), "ask_twice"),
        (waived("finance/1/1"), "automaton"),
    ],
    ids=["each", "not told", "told twice", "one twice", "another one"],
)
def test_a_waiver_is_of_its_ask(made: list[Any], code: str, tmp_path: Path) -> None:
    report = judged(tmp_path, made, Forge(manifest=waivable))
    assert [one.code for one in report.findings] == ([code] if code else [])


def judged(folder: Path, made: list[Any], forge: Forge | None = None) -> Report:
    scene = build({**inputs("approved"), "commits": made}, program(), forge)
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


@pytest.mark.parametrize("made", [chain(), unasked()], ids=["asked", "unasked"])
def test_the_chain_is_valid(made: list[Any], tmp_path: Path) -> None:
    report = judged(tmp_path, made)
    assert (report.verdict, report.findings) == ("VALID", ())


def only(call: str, order: str, amount: str) -> list[Any]:
    """All four asks, and this call alone."""
    return chain(records=uses(call, order, amount))


def stray() -> list[Any]:
    made = only(FIRST, "2", "5")
    return [*made[:3], _commit([], at(3), "same", records=[told("finance/2/0", 1)]), *made[3:]]


SWAPPED = ["finance/2/0", "finance/1/0", *IN_ORDER[2:]]
# What is wrong -> the rule that refuses it, the chain.
CHAINS: dict[str, tuple[str, list[Any]]] = {
    "asked in another order than the program's": (
        "automaton",
        chain(SWAPPED, uses(FIRST, "4", "2")),
    ),
    "one ask, executed twice": (
        "ask_twice",
        chain([*IN_ORDER[:2], *IN_ORDER[:2]], uses(FIRST, "2", "4")),
    ),
    "a round that its loop has not": (
        "ask",
        chain([*IN_ORDER[:3], "finance/2/2"], uses(FIRST, "2", "4")),
    ),
    "an ask without its round": (
        "ask",
        chain([*IN_ORDER[:3], "finance/2"], uses(FIRST, "2", "4")),
    ),
    "an ask record of nothing": ("ask", stray()),
    "nobody was asked at one ask, and it was another": (
        "ask",
        unasked(statement="finance/3"),
    ),
    "one yes of each round": ("released", only(FIRST, "2", "8")),
    "both of another round": ("released", only(SECOND, "2", "4")),
    "swapped": ("argument", only(FIRST, "4", "2")),
    "one yes for both": ("argument", only(FIRST, "2", "2")),
    "no use under the yes that shows the order": (
        "under",
        chain(records=uses(FIRST, "2", "4")[1::2]),
    ),
    "no use under the yes that shows the amount": (
        "under",
        chain(records=uses(FIRST, "2", "4")[::2]),
    ),
}


def entry(name: str, value: Any) -> Forge:
    """Of the first ask's plan."""

    def edit(manifest: dict[str, Any]) -> None:
        ask = manifest["gates"]["finance"]["asks"]["finance/1"]
        ask["plan"]["payments.refund/1"][name] = value

    return Forge(manifest=edit)


def gate(**clauses: Any) -> Forge:
    return Forge(manifest=lambda made: made["gates"]["finance"].update(clauses))


def asks(**more: Any) -> Forge:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["gates"]["finance"]["asks"]["finance/1"].update(more)

    return Forge(manifest=edit)


MANIFESTS: dict[str, tuple[str, Forge]] = {
    "a plan beside those of the asks": ("form", gate(plan={})),
    "an ask that is nowhere": (
        "manifest",
        Forge(manifest=put("gates.finance.asks.finance/9", {"plan": {}})),
    ),
    "an ask that is not told": (
        "manifest",
        Forge(manifest=lambda made: made["gates"]["finance"]["asks"].pop("finance/3")),
    ),
    "a call outside of the loop of its ask": ("manifest", asks(loops=["2", "3"])),
    "a call in another loop than its ask": ("manifest", asks(loops=["3"])),
    "loops that are none": ("manifest", asks(loops=[])),
    "asked both ways, where each ask says it": ("manifest", entry("asked", "always")),
    "an unknown operation": ("manifest", entry("operation", "payments.other")),
    "asked only if, each of them": (
        "manifest",
        gate(only_if={"finance/1": CONDITION, "finance/2": CONDITION}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CHAINS))
def test_a_forgery_is_invalid(name: str, tmp_path: Path) -> None:
    code, made = CHAINS[name]
    report = judged(tmp_path, made)
    assert (report.verdict, report.findings[-1].code) == ("INVALID", code)


@pytest.mark.parametrize("name", list(MANIFESTS))
def test_a_manifest_that_says_two_things_is_refused(name: str, tmp_path: Path) -> None:
    code, forge = MANIFESTS[name]
    report = judged(tmp_path, chain(), forge)
    assert (report.verdict, report.findings[-1].code) == ("INVALID", code)


def test_a_gate_that_does_not_tell_its_asks_apart_is_told_none(tmp_path: Path) -> None:
    scene = build(inputs("approved"), MANIFEST, Forge(order={1: told_too}))
    for path, data in scene.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    report = verify_folder(tmp_path, TrustFile.load(scene.trust))
    assert (report.verdict, report.findings[-1].code) == ("INVALID", "ask")


def told_too(order: dict[str, Any]) -> None:
    order["records"].append(told("finance/1", 1))


@pytest.mark.parametrize("member", ["gate", "round"])
def test_an_ask_record_is_of_this_gate_and_round(member: str, tmp_path: Path) -> None:
    other = {"gate": "other", "round": "2"}[member]
    report = judged(tmp_path, chain(), Forge(order={1: put(f"records.2.{member}", other)}))
    assert (report.verdict, report.findings[-1].code) == ("INVALID", "record")


# The others find nothing to go on with, or a second rule.
REFUSED = [
    name
    for name, (code, _) in CHAINS.items()
    if code not in ("released", "automaton") and name != "one yes for both"
]


@pytest.mark.parametrize("name", REFUSED)
def test_without_the_rule_the_forgery_would_stand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, {CHAINS[name][0]})
    assert judged(tmp_path, CHAINS[name][1]).verdict == "VALID"

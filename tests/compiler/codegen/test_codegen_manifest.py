"""What the manifest says of a program: automaton, plan, digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from gantral.authority import TRANSITIONS, State
from gantral.compiler import Project, analyse
from gantral.compiler.digest import canonical, program_digest, tagged_hash
from gantral.compiler.manifest import manifest
from gantral.compiler.program import Program
from gantral.evidence.cases import chosen
from gantral.evidence.manifest import check_manifest
from hypothesis import given
from hypothesis import strategies as st

FRAME = """
role clerk
role head
workflow pay version "1.0.0" {
  team payments
  start by clerk
  input { invoice: string(max: 64), amount: decimal(scale: 2, min: 0), fast: bool }
  output { reference: string }
  service bank on queue "bank" {
    read look(invoice: string) -> { invoice: string } { timeout 10s }
    effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  policy small = rego "p.rego" query "data.p.decision"
  gate finance(invoice: string, amount: decimal(scale: 2)) {
    releases bank.pay
    decide 1 of head
    WAIVED
    clock { after 24h reject }
    lasts 30m, uses 4
  }
  run { RUN }
}
"""
ASK = "let ok = ask finance(invoice: input.invoice, amount: input.amount)\n"
PAY = "let done = bank.pay(invoice: ok.invoice, amount: ok.amount) under ok\n"
END = "complete { reference: done.reference }"


def program(run: str, waived: str = "") -> Program:
    text = FRAME.replace("RUN", run).replace("WAIVED", waived)
    analysis = analyse(Project({"x": text}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    return analysis.programs[0]


def tree(run: str, waived: str = "") -> Any:
    return json.loads(manifest(program(run, waived)).data)


def sites(run: str, waived: str = "") -> dict[str, list[str]]:
    return {site: following for site, _, following in tree(run, waived)["automaton"]}


def test_one_gate() -> None:
    assert sites(ASK + PAY + END) == {
        "start": ["finance/1", "terminated"],
        "finance/1": ["finance/1:rejected", "finance/1:resumed"],
        "finance/1:rejected": [],
        "finance/1:resumed": ["complete/1", "terminated"],
        "complete/1": [],
        "terminated": [],
    }


def test_a_gate_that_policy_waives_is_passed_without_people() -> None:
    found = sites(ASK + PAY + END, "waived by policy small")
    assert found["start"] == ["finance/1", "finance/1:waived", "terminated"]
    assert found["finance/1:waived"] == found["finance/1:resumed"] == ["complete/1", "terminated"]


def test_branches_and_early_ends_are_exact() -> None:
    found = sites(
        'if input.fast { complete { reference: "none" } }\n'
        'if input.amount > 5.00 { terminate "too much" }\n' + ASK + PAY + END
    )
    assert found["start"] == ["complete/1", "finance/1", "terminated"]
    assert found["finance/1:resumed"] == ["complete/2", "terminated"]


def test_a_branch_with_its_own_gate() -> None:
    more = "bank.pay(invoice: ok.invoice, amount: ok.amount) under ok\n"
    found = sites(f"if input.fast {{ {ASK} {more} }}\nlet two = 2\n{ASK.replace('ok', 'go')}"
                  + PAY.replace("ok", "go") + END)  # fmt: skip
    assert found["start"] == ["finance/1", "finance/2", "terminated"]
    assert found["finance/1:resumed"] == ["finance/2", "terminated"]
    assert found["finance/2:resumed"] == ["complete/1", "terminated"]


def test_a_handler_that_ends_leads_nowhere_else() -> None:
    found = sites(
        'let seen = bank.look(invoice: input.invoice) else { complete { reference: "none" } }\n'
        + ASK + PAY + END
    )  # fmt: skip
    assert found["start"] == ["complete/1", "finance/1", "terminated"]


def test_after_a_parallel_comes_what_follows_when_every_branch_is_through() -> None:
    looks = 'parallel { branch a { sleep 1m } branch b { if input.fast { terminate "no" } } }\n'
    assert sites(ASK + looks + PAY + END)["finance/1:resumed"] == ["complete/1", "terminated"]
    never = 'parallel { branch a { terminate "no" } branch b { sleep 1m } }\n'
    found = sites("if input.fast {\n" + ASK + PAY + never + "}\n" + 'complete { reference: "x" }')
    assert found["start"] == ["complete/1", "finance/1", "terminated"]
    assert found["finance/1:resumed"] == ["terminated"]


def test_every_step_of_an_automaton_is_in_the_authority_table() -> None:
    ways = {
        (State.RUNNING, State.RUNNING),  # a waiver moves no state
        (State.WAITING_FOR_HUMAN, State.RUNNING),  # APPROVED and RESUMED are of the same commit
        *TRANSITIONS,
    }
    rows = tree(ASK + PAY + END, "waived by policy small")["automaton"]
    states = {site: State(state) for site, state, _ in rows}
    assert {(states[a], states[b]) for a, _, following in rows for b in following} <= ways


@pytest.mark.parametrize(
    ("argument", "term"),
    [
        ("ok.amount", {"path": "/amount"}),
        ("12.50", {"const": ["decimal", "12.50"]}),
        ("12", {"const": ["decimal", "12.00"]}),
        (
            "ok.amount + 1.00",
            {"expr": {"+": [{"path": ["decimal", "/amount"]}, {"const": ["decimal", "1.00"]}]}},
        ),
    ],
)
def test_plan_terms(argument: str, term: object) -> None:
    found = tree(ASK + PAY.replace("ok.amount", argument) + END)
    plan = found["gates"]["finance"]["plan"]["bank.pay/1"]
    assert plan["arguments"] == {"invoice": {"path": "/invoice"}, "amount": term}
    assert (plan["operation"], plan["at_most"], plan["undo"]) == ("bank.pay", "1", "none")


def test_lets_and_results_are_seen_through() -> None:
    run = (
        ASK + "let what = { amount: ok.amount, invoice: ok.invoice }\nlet price = what.amount\n"
        + PAY.replace("ok.amount", "price")
        + "let again = bank.pay(invoice: done.reference, amount: price) under ok\n" + END
    )  # fmt: skip
    plan = tree(run)["gates"]["finance"]["plan"]
    assert plan["bank.pay/1"]["arguments"]["amount"] == {"path": "/amount"}
    assert plan["bank.pay/2"]["arguments"]["invoice"] == {"result": ["bank.pay/1", ".reference"]}


@pytest.mark.parametrize(
    "other",
    [
        FRAME.replace("RUN", f"\n# a comment\n   {ASK}\n\n{PAY} ## doc\n {END}\n"),
        "# first\n" + FRAME.replace("RUN", ASK + PAY + END).replace("  ", " "),
    ],
)
def test_the_digest_is_of_the_meaning(other: str) -> None:
    analysis = analyse(Project({"y": other.replace("WAIVED", "")}.get), "y")
    assert program_digest(analysis.programs[0]) == program_digest(program(ASK + PAY + END))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 of head", "2 of head"),
        ("30m", "31m"),
        ("uses 4", "uses 3"),
        ("max: 64", "max: 65"),
        ('"bank"', '"bunk"'),
        ("ok.amount)", "1.00)"),
        ("min: 0", "min: 1"),
    ],
)
def test_another_meaning_is_another_digest(old: str, new: str) -> None:
    text = FRAME.replace("RUN", ASK + PAY + END).replace("WAIVED", "")
    analysis = analyse(Project({"x": text.replace(old, new)}.get), "x")
    assert program_digest(analysis.programs[0]) != program_digest(program(ASK + PAY + END))


KEYS = st.text(st.characters(max_codepoint=127))
TREES = st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(TREES)
def test_canonical_bytes_are_those_of_the_standard(value: Any) -> None:
    try:
        wanted = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return
    assert canonical(value) == wanted


def test_a_tagged_hash() -> None:
    wanted = hashlib.sha256(b"gantral.dev/program/v1\nx").hexdigest()
    assert tagged_hash("program", b"x") == wanted


CASES = """
role clerk
role head
workflow pay version "1.0.0" {
  team payments
  start by clerk
  input {
    fee: decimal(scale: 2), days: int, fast: bool, kind: "rent" | "gift",
    on: date, at: instant, long: duration, note: string
  }
  output {}
  gate g(
    fee: decimal(scale: 2), days: int, fast: bool, kind: "rent" | "gift",
    on: date, at: instant, long: duration, note: string, part: { fee: decimal(scale: 3) }
  ) {
    CASES
    clock { after 24h reject }
  }
  run {
    ask g(
      fee: input.fee, days: input.days, fast: input.fast, kind: input.kind,
      on: input.on, at: input.at, long: input.long, note: input.note, part: { fee: 1.000 }
    )
    complete {}
  }
}
"""
VALUES = {
    "/fee": "10.00",
    "/days": "-3",
    "/fast": "true",
    "/kind": "gift",
    "/on": "2026-02-28",
    "/at": "2026-02-28T10:00:00.000Z",
    "/long": "PT1H30M",
    "/note": "b",
    "/part/fee": "0.100",
}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("fee <= 10", True),
        ("10 > fee", False),
        ("fee * part.fee == 1", True),
        ("fee - 0.001 < 10", True),
        ("-days > 2 and not (days >= 0)", True),
        ("fast", True),
        ("not fast", False),
        ("fast == false", False),
        ('kind == "gift" and note < "c"', True),
        ('kind == "rent" or note != "a"', True),
        ('kind != "gift"', False),
        ("long > 89m", True),
        ("long * 2 == 3h", True),
        ("long + 30m == 2h", True),
        ("at == at and on == on", True),
    ],
)
def test_a_case_is_chosen_as_its_condition_says(when: str, holds: bool) -> None:
    decide = f"decide 1 of clerk when {when}\n    decide 3 points of {{ head: 2, clerk: 1 }}"
    analysis = analyse(Project({"x": CASES.replace("CASES", decide)}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    made = manifest(analysis.programs[0])
    assert made.diagnostics == ()
    gate = check_manifest(made.data)["gates"]["g"]
    assert chosen(gate, VALUES) == (0 if holds else 1)
    assert gate["decide"][1] == {
        "when": "always",
        "formula": {"points": ["3", [["head", "2"], ["clerk", "1"]]]},
    }

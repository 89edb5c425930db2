"""What the manifest says of several approvals under one effect: which gate, and which ask of it,
shows what."""

from __future__ import annotations

import json
from typing import Any

from gantral.compiler import Project, analyse
from gantral.compiler.manifest import manifest
from gantral.compiler.program import Program
from gantral.evidence.manifest import check_manifest

SEVERAL = """
role head
workflow pay version "1.0.0" {
  team payments
  start by head
  input { iban: string, amount: decimal(scale: 2) }
  output {}
  service bank on queue "bank" {
    effect pay(iban: string, amount: decimal(scale: 2), cost: decimal(scale: 4)) { timeout 1m }
  }
  gate sum(amount: decimal(scale: 2)) {
    releases bank.pay
    decide 1 of head
    clock { after 24h reject }
    lasts 30m
  }
  gate payee(to: { iban: string, fee: decimal(scale: 2) }) {
    releases bank.pay
    decide 1 of head
    clock { after 24h reject }
    lasts 30m
    apart deciders of sum
  }
  run {
    let a = ask sum(amount: input.amount)
    let b = ask WHOM
    bank.pay(iban: IBAN, amount: a.amount, cost: 1 + FEE * a.amount) under a, b
    complete {}
  }
}
"""
WHOM = "payee(to: { iban: input.iban, fee: 0.50 })"


def several(whom: str, iban: str, fee: str) -> Program:
    text = SEVERAL.replace("WHOM", whom).replace("IBAN", iban).replace("FEE", fee)
    analysis = analyse(Project({"x": text}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    return analysis.programs[0]


def test_each_gate_says_which_gate_shows_the_rest() -> None:
    gates = json.loads(manifest(several(WHOM, "b.to.iban", "b.to.fee")).data)["gates"]

    def cost(fee: Any, amount: Any) -> Any:
        return {"expr": {"+": [{"const": ["decimal", "1.0000"]}, {"*": [fee, amount]}]}}

    assert gates["sum"]["plan"]["bank.pay/1"]["arguments"] == {
        "amount": {"path": "/amount"},
        "iban": {"under": ["payee", "/to/iban"]},
        "cost": cost({"under": ["decimal", "payee:/to/fee"]}, {"path": ["decimal", "/amount"]}),
    }
    assert gates["payee"]["plan"]["bank.pay/1"]["arguments"] == {
        "amount": {"under": ["sum", "/amount"]},
        "iban": {"path": "/to/iban"},
        "cost": cost({"path": ["decimal", "/to/fee"]}, {"under": ["decimal", "sum:/amount"]}),
    }


def told_apart(run: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The gates `sum` and `payee` of this run, held to the form of a manifest."""
    head, _, _ = SEVERAL.partition("  run {")
    head = head.replace("input {", "input { lines: list(max: 3) of { iban: string },")
    text = f"{head}  run {{\n{run}\n    complete {{}}\n  }}\n}}\n"
    analysis = analyse(Project({"x": text}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    gates = check_manifest(manifest(analysis.programs[0]).data)["gates"]
    return gates["sum"], gates["payee"]


def test_each_of_two_asks_of_one_gate_has_a_plan_of_its_own() -> None:
    summed, payee = told_apart(f"""
    let a = ask sum(amount: input.amount)
    let whom = ask {WHOM.replace("IBAN", "input.iban")}
    let b = ask sum(amount: 2)
    bank.pay(iban: whom.to.iban, amount: a.amount, cost: a.amount * b.amount) under b, whom, a
    let c = ask sum(amount: 3)
    bank.pay(iban: "DE", amount: c.amount, cost: 1) under c
    """)
    assert "plan" not in summed
    assert [*summed["asks"]] == ["sum/1", "sum/2", "sum/3"]
    first, second, third = (one["plan"] for one in summed["asks"].values())

    def cost(a: Any, b: Any) -> Any:
        return {"expr": {"*": [a, b]}}

    own = {"path": ["decimal", "/amount"]}
    a, b = ({"under": ["decimal", f"sum/{number}:/amount"]} for number in (1, 2))
    iban = {"under": ["payee", "/to/iban"]}
    assert first["bank.pay/1"]["arguments"] == {
        "amount": {"path": "/amount"}, "iban": iban, "cost": cost(own, b),
    }  # fmt: skip
    assert second["bank.pay/1"]["arguments"] == {
        "amount": {"under": ["sum/1", "/amount"]}, "iban": iban, "cost": cost(a, own),
    }  # fmt: skip
    assert payee["plan"]["bank.pay/1"]["arguments"] == {
        "amount": {"under": ["sum/1", "/amount"]}, "iban": {"path": "/to/iban"}, "cost": cost(a, b),
    }  # fmt: skip
    # What acts under the third one alone is in the plan of that one alone.
    assert [[*one] for one in (first, second, third)] == [
        ["bank.pay/1"], ["bank.pay/1"], ["bank.pay/2"],
    ]  # fmt: skip


def test_where_two_gates_are_asked_in_a_loop_each_yes_is_of_its_round() -> None:
    summed, payee = told_apart(f"""
    for each line in input.lines at most 3 {{
      let a = ask sum(amount: input.amount)
      let whom = ask {WHOM.replace("input.iban", "line.iban")}
      bank.pay(iban: whom.to.iban, amount: a.amount, cost: 1) under a, whom
    }}
    """)
    for one, name in ((summed, "sum/1"), (payee, "payee/1")):
        assert one["asks"][name]["loops"] == ["3"]
        assert one["asks"][name]["plan"]["bank.pay/1"]["loops"] == ["3"]


def test_where_two_gates_are_asked_twice_each_yes_is_of_its_ask() -> None:
    pair = f"""
    let a = ask sum(amount: input.amount)
    let whom = ask {WHOM}
    bank.pay(iban: whom.to.iban, amount: a.amount, cost: 1) under a, whom
    """
    other = pair.replace("a =", "b =").replace("a.", "b.").replace("under a", "under b")
    summed, payee = told_apart(pair + other.replace("whom", "who"))
    for one, name in ((summed, "sum"), (payee, "payee")):
        assert [[*each["plan"]] for each in one["asks"].values()] == [
            ["bank.pay/1"],
            ["bank.pay/2"],
        ]
        assert [*one["asks"]] == [f"{name}/1", f"{name}/2"]


def test_one_of_them_in_a_loop_needs_no_telling() -> None:
    summed, payee = told_apart(f"""
    let a = ask sum(amount: input.amount)
    for each line in input.lines at most 1 {{
      let whom = ask {WHOM.replace("input.iban", "line.iban")}
      bank.pay(iban: whom.to.iban, amount: a.amount, cost: 1) under a, whom
    }}
    """)
    assert "asks" not in summed
    assert "asks" not in payee


def test_apart_is_said_by_both_gates() -> None:
    gates = json.loads(manifest(several(WHOM, "b.to.iban", "b.to.fee")).data)["gates"]
    assert gates["sum"]["apart"] == ["initiator", {"deciders": "payee"}]
    assert gates["payee"]["apart"] == ["initiator", {"deciders": "sum"}]

"""Conditions before an ask, judged again with what was decided (LANGUAGE section 8, rule 5)."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate
from gantral.dsl.diagnostics import Diagnostic

FRAME = """
role clerk
role head
workflow pay version "1.0.0" {
  team payments
  start by clerk
  input { invoice: string(max: 64), amount: decimal(scale: 2, min: 0), limit: decimal(scale: 2) }
  output { reference: string }
  service bank on queue "bank" {
    notify tell(text: string) { timeout 10s }
    effect pay(invoice: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate finance(invoice: string, amount: decimal(scale: 2)) {
    releases bank.pay
    decide 1 of head
    amend amount where new > 0.00
    clock { after 24h reject }
    lasts 30m
  }
  run {
    BEFORE
    let ok = ask finance(invoice: input.invoice, amount: ARGUMENT)
    let done = bank.pay(invoice: ok.invoice, amount: ok.amount) under ok
    complete { reference: done.reference }
  }
}
"""


def compiled(before: str, argument: str = "input.amount") -> tuple[str, tuple[Diagnostic, ...]]:
    text = FRAME.replace("BEFORE", before).replace("ARGUMENT", argument)
    analysis = analyse(Project({"x": text}.get), "x")
    errors = tuple(one for one in analysis.diagnostics if one.severity == "error")
    if errors:
        return "", errors
    return generate(analysis.programs[0], {"x": text}).files["workflow.py"].decode(), ()


def judged(before: str, argument: str = "input.amount") -> str:
    """What `still_finance_1_` returns, on one line; empty when nothing is judged again."""
    code, errors = compiled(before, argument)
    assert errors == ()
    if "still_finance_1_" not in code:
        return ""
    body = code.split("-> bool:\n", 1)[1].split("\n\n", 1)[0]
    line = " ".join(body.split()).removeprefix("return ")
    return line[2:-2] if line.startswith("( ") else line


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ("", ""),
        ('require input.invoice != "" else "x"', ""),
        ('require input.amount <= input.limit else "x"', "decided_.amount <= input.limit"),
        ('let a = input.amount require a <= input.limit else "x"', "decided_.amount <= input.limit"),
        (
            'if input.amount > input.limit { terminate "x" }',
            "not decided_.amount > input.limit",
        ),
        (
            'if input.amount > 5.00 { bank.tell(text: "much") }',
            '(decided_.amount > Decimal("5.00")) == (input.amount > Decimal("5.00"))',
        ),
        (
            'if input.limit > 5.00 { require input.amount < 9.00 else "x" }',
            'not input.limit > Decimal("5.00") or decided_.amount < Decimal("9.00")',
        ),
    ],
)
def test_what_reads_the_amended_field_is_judged_again(before: str, again: str) -> None:
    assert judged(before) == again


def test_both_sides_of_an_early_end() -> None:
    before = (
        'if input.amount > 9.00 { terminate "x" } else if input.amount > 5.00 '
        '{ terminate "y" } require input.amount >= 1.00 else "z"'
    )
    assert judged(before) == (
        'not decided_.amount > Decimal("9.00") and not decided_.amount > Decimal("5.00") '
        'and decided_.amount >= Decimal("1.00")'
    )


def test_a_computed_argument_with_such_a_condition_is_refused() -> None:
    code, errors = compiled('require input.amount < 9.00 else "x"', "input.amount + 1.00")
    assert code == ""
    assert [(one.code, one.message.split(":")[0]) for one in errors] == [("G0001", "not built yet")]


def test_a_computed_argument_without_one_is_not() -> None:
    assert judged('require input.limit < 9.00 else "x"', "input.amount + 1.00") == ""

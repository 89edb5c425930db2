"""Conditions before an ask, judged again with what was decided (LANGUAGE section 8, rule 5)."""

from __future__ import annotations

import re
import sys

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
    read look() -> { v: decimal(scale: 2) } { timeout 10s }
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
    line = line[2:-2] if line.startswith("( ") else line
    return line.replace("( ", "(").replace(", )", ")").replace(" )", ")")


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ("", ""),
        ('require input.invoice != "" else "x"', ""),
        ('require input.amount <= input.limit else "x"', "decided_.amount <= input.limit"),
        (
            'let a = input.amount require a <= input.limit else "x"',
            "decided_.amount <= input.limit",
        ),
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


SOME = ("input { invoice", "input { most: decimal(scale: 2)?, deep: { a: string? }?, invoice")


@pytest.mark.parametrize(
    ("before", "again"),
    [
        (
            'require input.most is some else "x" require input.amount < input.most else "y"',
            "input.most is not None and decided_.amount < input.most",
        ),
        (
            'require input.most is some and input.amount < input.most else "y"',
            "input.most is not None and decided_.amount < input.most",
        ),
        (
            'if input.most is some { require input.amount < input.most else "y" }',
            "input.most is None or decided_.amount < input.most",
        ),
        (
            'if input.deep?.a is none { terminate "x" } '
            'if input.deep.a == "x" or input.amount > 5 { bank.tell(text: "x") }',
            "input.deep is not None and input.deep.a is not None and "
            '((input.deep.a == "x" or decided_.amount > Decimal("5.00")) '
            '== (input.deep.a == "x" or input.amount > Decimal("5.00")))',
        ),
        (
            'if input.limit > 1 { require input.most is some else "x" '
            'require input.most > input.amount else "y" }',
            'not input.limit > Decimal("1.00") '
            "or (input.most is not None and input.most > decided_.amount)",
        ),
    ],
)
def test_what_was_shown_to_be_some_is_tested_there_again(
    before: str, again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "FRAME", FRAME.replace(*SOME))
    found = judged(before)
    assert re.sub(r"\( | \)", lambda m: m[0].strip(), found) == again


def test_an_earlier_approval_called_decided_is_not_what_is_decided() -> None:
    before = (
        "let decided = ask finance(invoice: input.invoice, amount: 1) "
        'require input.amount < decided.amount else "x"'
    )
    code, errors = compiled(before)
    assert errors == ()
    assert "return decided_.amount < decided.amount" in code


def test_a_decision_that_is_amended_again_is_judged_by_what_was_asked_of_it() -> None:
    before = (
        'require input.amount < 9.00 else "x" '
        "let first = ask finance(invoice: input.invoice, amount: input.amount)"
    )
    code, errors = compiled(before, "first.amount")
    assert errors == ()
    assert code.count('return decided_.amount < Decimal("9.00")') == 2


@pytest.mark.parametrize(
    "before",
    [
        'bank.tell(text: "x") else { require input.amount < 9.00 else "x" }',
        'bank.tell(text: "x") else { if input.amount > 9.00 { terminate "x" } }',
        'bank.tell(text: "x") else { bank.tell(text: "y") '
        'else { if input.amount > 9.00 { complete { reference: "x" } } } }',
        'let g = bank.look() else { if input.amount > 9.00 { give none } terminate "x" }',
        'let g = bank.look() else { give { v: input.amount } } require g.v < 9.00 else "x"',
    ],
)
def test_what_a_handler_judged_or_gave_is_refused(before: str) -> None:
    code, errors = compiled(before)
    assert code == ""
    assert {one.code for one in errors} == {"G0352"}


def test_a_handler_that_ends_the_run_judged_nothing_that_goes_on() -> None:
    before = (
        'bank.tell(text: "x") else '
        '{ if input.amount > 9.00 { terminate "x" } else { terminate "y" } }'
    )
    assert judged(before) == ""


def test_a_computed_argument_with_such_a_condition_is_refused() -> None:
    code, errors = compiled('require input.amount < 9.00 else "x"', "input.amount + 1.00")
    assert code == ""
    assert [one.code for one in errors] == ["G0352"]


def test_a_computed_argument_without_one_is_not() -> None:
    assert judged('require input.limit < 9.00 else "x"', "input.amount + 1.00") == ""


def test_what_a_comprehension_reads_is_judged_again() -> None:
    before = 'require count(x for x in [1.00, 2.00] where x < input.amount) > 1 else "x"'
    items = '(Decimal("1.00"), Decimal("2.00"))'
    assert judged(before) == f"expressions.count(x for x in {items} if x < decided_.amount) > 1"


@pytest.mark.parametrize(
    "before",
    [
        'require input.amount < 9.00 and now() > instance.started_at else "x"',
        'let early = input.amount < 9.00 and now() < instance.started_at require early else "x"',
        'if now() < instance.started_at { require input.amount < 9.00 else "x" }',
    ],
)
def test_the_time_is_not_judged_again(before: str) -> None:
    code, errors = compiled(before)
    assert code == ""
    assert {one.code for one in errors} == {"G0225"}


def test_a_time_that_was_read_before_is() -> None:
    before = 'let at = now() require input.amount < 9.00 and at > instance.started_at else "x"'
    assert judged(before) == 'decided_.amount < Decimal("9.00") and at > self.started_at'


def test_what_where_shows_of_an_element_is_tested_nowhere_else() -> None:
    before = (
        "let notes = [if input.amount > 1.00 then none else input.invoice] "
        "require sum(len(x) for x in notes where x is some) > 1 and input.amount < 9.00 "
        'else "x"'
    )
    assert judged(before).startswith("expressions.sum((expressions.len(x) for x in ")
    assert judged(before).count(" is not None") == 1

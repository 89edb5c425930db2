"""Expressions as text: what is written as code is read as the same again, and words say it."""

from __future__ import annotations

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.digest import meaning
from gantral.compiler.phrases import code, condition
from gantral.compiler.program import Expr, Require

SPEC = """
role clerk

workflow sample version "1.0.0" {
  team payments
  start by clerk
  type Item = { id: string, amount: decimal(scale: 2), count: int, ok: bool }
  input { items: list(max: 9) of Item, by: int }
  run {
    require CONDITION else "no"
    complete
  }
}
"""

SAID = [
    (
        "count(x for x in input.items where x.ok) > 1",
        "count(x for each x in the input's items where x ok is true) is more than 1",
    ),
    (
        "len([x.id for x in input.items where x.count > 1 and x.ok]) == 2",
        "len(x id for each x in the input's items where x count is more than 1 and x ok) is 2",
    ),
    ("any(x.ok for x in input.items)", "any(x ok for each x in the input's items) is true"),
    (
        'join([x.id for x in input.items], "; ") != "x"',
        "join([x id for each x in the input's items], “; ”) is not “x”",
    ),
    (
        'div(input.by, by: 3, scale: 2, rounding: "half_up") > 1.00',
        "div(the input's by, by: 3, scale: 2, rounding: “half_up”) is more than 1.00",
    ),
    (
        'round(1.55, rounding: "down") == mod(input.by, by: 2)',
        "round(1.55, rounding: “down”) is mod(the input's by, by: 2)",
    ),
    (
        'instant(date(now(), zone: "UTC"), zone: "UTC") <= now()',
        "instant(date(the time then, zone: “UTC”), zone: “UTC”) is at most the time then",
    ),
    (
        "sum(x.amount for x in (input.items + input.items)) > 1.00",
        "sum(x amount for each x in (the input's items plus the input's items)) is more than 1.00",
    ),
    (
        "all([y.ok for y in input.items] + [true])",
        "all([y ok for each y in the input's items] plus [true]) is true",
    ),
]


def typed(text: str) -> Expr:
    spec = SPEC.replace("CONDITION", text)
    analysis = analyse(Project({"x": spec}.get), "x")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    (program,) = analysis.programs
    (first,) = (one for one in program.run if isinstance(one, Require))
    return first.condition


@pytest.mark.parametrize(("text", "words"), SAID, ids=[text for text, _ in SAID])
def test_an_expression_is_said(text: str, words: str) -> None:
    made = typed(text)
    assert meaning(typed(code(made))) == meaning(made)
    assert condition(made) == words

"""The path of a finding is a run: each of these once was none, or another finding's."""

from __future__ import annotations

import pytest
from gantral.compiler import check_text

FRAME = """
role clerk
role head
policy limits = rego "limits.rego" query "data.limits.decision"
workflow sample version "1.0.0" {
  team payments
  start by clerk
  input  { amount: int, sure: bool, late: bool }
  service bank on queue "bank" {
    read look(amount: int) -> { amount: int } { timeout 1m }
    effect fee(amount: int) { timeout 1m }
    effect more(amount: int) { timeout 1m }
    critical effect wire(amount: int) { timeout 1m  needs 1 of head }
  }
  gate one(amount: int) {
    releases bank.fee
    decide   1 of head
    clock    { after 24h reject }
    lasts    30m, uses 2
  }
  gate other(amount: int) {
    releases bank.wire
    decide   1 of head
    clock    { after 24h reject }
    lasts    30m
  }
  gate easy(amount: int) {
    releases bank.fee
    decide   1 of head
    waived   by policy limits
    clock    { after 24h reject }
    lasts    30m
  }
  gate maybe(amount: int) {
    releases bank.fee
    decide   1 of head
    waived   by policy limits
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    if input.amount == 0 {
      let few = ask one(amount: 0)
      let last = ask other(amount: 0)
      let all = ask easy(amount: 0)
      bank.wire(amount: last.amount) under last
      complete { }
    }
BODY
  }
}
"""

CASES = [
    (
        "in a handler",
        """
        let found = bank.look(amount: 1) else { bank.fee(amount: 1)  give none }
        complete { }
        """,
        "G0301",
        ["the condition does not hold", "`bank.look` is called and fails"],
    ),
    (
        "nobody is asked where the condition is false",
        """
        let ok = ask maybe(amount: 1) only if input.sure
        bank.fee(amount: 1) under ok
        complete { }
        """,
        "G0349",
        [
            "the condition does not hold",
            "the condition does not hold",
            "nobody is asked at `maybe`: the condition of its `only if` is false",
        ],
    ),
    (
        "policy waives what people are needed for",
        """
        let ok = ask easy(amount: 1)
        bank.wire(amount: 1) under ok
        complete { }
        """,
        "G0330",
        ["the condition does not hold", "policy waives `easy`"],
    ),
    (
        "every use on the way",
        """
        let ok = ask one(amount: 1)
        if input.sure { bank.fee(amount: 1) under ok }
        if input.late { bank.fee(amount: 2) under ok }
        bank.fee(amount: 3) under ok
        complete { }
        """,
        "G0304",
        [
            "the condition does not hold",
            "`one` is asked and says yes",
            "the condition holds",
            "`bank.fee` is called and answers",
            "the condition holds",
            "`bank.fee` is called and answers",
        ],
    ),
    (
        # What another round might use on the other side was told of as well: then none was left
        # for the side that uses the approval up.
        "every use of one round",
        """
        let ok = ask one(amount: 1)
        repeat at most 2 {
          if input.sure { bank.fee(amount: 1) under ok } else {
            bank.fee(amount: 2) under ok
            bank.fee(amount: 3) under ok
          }
        } else { }
        complete { }
        """,
        "G0304",
        [
            "the condition does not hold",
            "`one` is asked and says yes",
            "the loop begins its next round",
            "the condition does not hold",
            "`bank.fee` is called and answers",
        ],
    ),
]


def found(body: str, code: str) -> list[list[str]]:
    told = check_text("s", FRAME.replace("BODY", body))
    return [[step.text for step in one.path[1:]] for one in told if one.code == code]


@pytest.mark.parametrize(("title", "body", "code", "path"), CASES, ids=[case[0] for case in CASES])
def test_a_path_shows_what_the_finding_says(
    title: str, body: str, code: str, path: list[str]
) -> None:
    assert found(body, code) == [path]


def test_each_finding_has_the_path_to_its_own_place() -> None:
    body = """
    let ok = ask one(amount: 1)
    if input.sure { bank.more(amount: 1) under ok } else { bank.more(amount: 2) under ok }
    complete { }
    """
    first, second = found(body, "G0303")
    assert first[-1] == "the condition holds"
    assert second[-1] == "the condition does not hold"


def test_of_what_is_not_obtained_no_uses_are_counted() -> None:
    body = """
    if input.sure { let ok = ask one(amount: 1)  bank.fee(amount: 1) under ok }
    bank.fee(amount: 2) under ok
    bank.fee(amount: 3) under ok
    complete { }
    """
    told = check_text("s", FRAME.replace("BODY", body))
    assert {one.code for one in told if one.severity == "error"} == {"G0302"}

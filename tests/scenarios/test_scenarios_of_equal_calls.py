"""What one yes lets a run do twice, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_project import play

SPEC = """
role support_agent
role finance_director

workflow payout version "1.0.0" {
  team payments
  start by support_agent

  input  { amount: decimal(scale: 2), often: bool }
  output { references: string }

  service bank on queue "bank" {
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate once(amount: decimal(scale: 2), other: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m, uses 2
  }
  gate twice(amount: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m, uses 2 alike
  }

  run {
    if input.often {
      let ok = ask twice(amount: input.amount)
      let a = bank.pay(amount: ok.amount) under ok else { give none }
      let b = bank.pay(amount: ok.amount) under ok
      complete { references: b.reference }
    }
    # Equal by chance: that it is never done twice by the same words is the compiler's to say.
    let ok = ask once(amount: input.amount, other: input.amount)
    let a = bank.pay(amount: ok.amount) under ok
    let b = bank.pay(amount: ok.other) under ok
    complete { references: b.reference }
  }
}
"""

STORY = """
about: {name}
start: {{ by: carol, input: {{ amount: 40.00, often: {often} }} }}
given: {{ bank.pay: [{given}] }}
decisions: [{{ at: 5m, by: dora, vote: approve }}]
expect:
  effects: [{effects}]
  end: {end}
  cause: {cause}
"""
PAY = "{ bank.pay: { amount: 40.00 } }"
DONE = "{ result: { reference: R-1 } }"


def story(name: str, often: str, given: str, effects: int, cause: str) -> str:
    end = "COMPLETED" if cause == "completed" else "TERMINATED"
    calls = ", ".join([PAY] * effects)
    return STORY.format(name=name, often=often, given=given, effects=calls, end=end, cause=cause)


STORIES = {
    one: story(one, *rest)
    for one, *rest in (
        ("not_alike", "false", DONE, 1, "spent"),
        ("alike", "true", f"{DONE}, {DONE}", 2, "completed"),
        ("alike_after_a_no", "true", f"{{ failure: not_done }}, {DONE}", 2, "completed"),
        ("alike_after_nobody_knows", "true", "{ failure: unknown }", 1, "spent"),
    )
}  # fmt: skip


def test_equal_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, monkeypatch, capfd, "payout", SPEC, STORIES)

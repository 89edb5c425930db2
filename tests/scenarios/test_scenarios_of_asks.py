"""Two approvals of one gate under one effect: each ask shows, is decided and is claimed for itself
(ADR 0152). Both are in the evidence that every story is held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

HEAD = """
role support_agent
role finance_manager
role finance_director

workflow NAME version "1.0.0" {
  team payments
  start by support_agent

  input  { from: string(max: 34), to: string(max: 34), amount: decimal(scale: 2) }
  output { reference: string }

  service bank on queue "bank" {
    critical effect move(from: string(max: 34), to: string(max: 34), amount: decimal(scale: 2))
      -> { reference: string } {
      timeout 1m  needs 1 of finance_manager or 1 of finance_director
      undo back(from: args.from, amount: args.amount)
    }
    effect back(from: string(max: 34), amount: decimal(scale: 2)) { timeout 1m }
    effect note(reference: string) { timeout 1m }
  }
"""

ACCOUNTS = (
    HEAD.replace("NAME", "accounts")
    + """
  gate account(iban: string(max: 34), amount: decimal(scale: 2)) {
    releases bank.move, bank.note
    decide   1 of finance_manager or 1 of finance_director
    apart    deciders of account
    amend    amount where new <= old
    clock    { after 24h reject }
    lasts    30m, uses 2
  }

  run {
    let source = ask account(iban: input.from, amount: input.amount)
    let target = ask account(iban: input.to, amount: 1.50)
    let moved = bank.move(
      from: source.iban, to: target.iban, amount: source.amount - target.amount,
    ) under target, source
    bank.note(reference: moved.reference) under source, target
    complete { reference: moved.reference }
  }
}
"""
)

START = """
about: {about}
start:
  by: carol
  input: {{ from: DE-1, to: FR-2, amount: {amount} }}
given:
  bank.move:
    - result: {{ reference: R-1 }}
  bank.note:
    - {note}
{back}decisions:
"""

BOTH = """
  - { at: 5m, by: alice, vote: SOURCE }
  - { at: 6m, by: alice, vote: approve, refused: excluded }
  - { at: 7m, by: dora, vote: TARGET }
expect:
  effects:
    - bank.move: { from: DE-1, to: FR-2, amount: AMOUNT }
    - bank.note: { reference: R-1 }
"""
PAID = "  end: COMPLETED\n  cause: completed\n  output: { reference: R-1 }\n"
BACK = """    - bank.back: { from: DE-1, amount: 38.50 }
  end: TERMINATED
  cause: action_failed
"""


def both(source: str, target: str, amount: str) -> str:
    return BOTH.replace("SOURCE", source).replace("TARGET", target).replace("AMOUNT", amount)


def test_each_argument_is_what_its_own_ask_showed(told: Told) -> None:
    start = START.format(about="both", amount="40.00", note="{}", back="")
    failed = START.format(
        about="undone", amount="40.00", note="failure: not_done", back="  bank.back:\n    - {}\n"
    )
    told(
        "accounts",
        ACCOUNTS,
        {
            "approved": start + both("approve", "approve", "38.50") + PAID,
            "first_amended": start
            + both("amend, values: { amount: 25.00 }", "approve", "23.50")
            + PAID,
            "second_amended": start
            + both("approve", "amend, values: { amount: 0.50 }", "39.50")
            + PAID,
            "undone": failed + both("approve", "approve", "38.50") + BACK,
        },
    )


SOMETIMES = (
    HEAD.replace("NAME", "sometimes")
    + """
  gate review(iban: string(max: 34), amount: decimal(scale: 2)) {
    releases bank.move, bank.note
    decide   1 of finance_manager
    clock    { after 24h reject }
    lasts    30m, uses 2
  }

  run {
    let large = ask review(iban: input.to, amount: input.amount) only if input.amount > 1000.00
    let source = ask review(iban: input.from, amount: input.amount)
    let target = ask review(iban: input.to, amount: input.amount)
    let moved = bank.move(from: source.iban, to: target.iban, amount: source.amount)
      under source, target, large
    bank.note(reference: "R-1") under source
    complete { reference: moved.reference }
  }
}
"""
)
EACH = "  - {{ at: 5m, by: alice, vote: approve }}\n"
SAID = """expect:
  effects:
    - bank.move: {{ from: DE-1, to: FR-2, amount: {amount} }}
    - bank.note: {{ reference: R-1 }}
"""


def sometimes(amount: str, asks: int) -> str:
    return (START + EACH * asks + SAID).format(about="a", amount=amount, note="{}", back="") + PAID


def test_one_of_three_is_asked_only_if(told: Told) -> None:
    told(
        "sometimes",
        SOMETIMES,
        {"small": sometimes("1000.00", 2), "large": sometimes("1000.01", 3)},
    )


ROUNDS = """
role support_agent
role finance_manager
role finance_director

workflow rounds version "1.0.0" {
  team payments
  start by support_agent

  input  { lines: list(max: 3) of { from: string(max: 34), to: string(max: 34) } }
  output { done: int }

  service bank on queue "bank" {
    effect move(from: string(max: 34), to: string(max: 34)) -> { reference: string } { timeout 1m }
  }
  gate account(iban: string(max: 34)) {
    releases bank.move
    decide   1 of finance_manager
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let moved = for each line in input.lines at most 3 {
      let source = ask account(iban: line.from)
      let target = ask account(iban: line.to)
      let one = bank.move(from: source.iban, to: target.iban) under target, source
      collect one.reference
    }
    complete { done: len(moved) }
  }
}
"""
LINES = """
about: both asks in each round
start:
  by: carol
  input:
    lines:
      - { from: A-1, to: B-1 }
      - { from: A-2, to: B-2 }
given:
  bank.move:
    - result: { reference: R-1 }
    - result: { reference: R-2 }
decisions:
  - { at: 1m, by: alice, vote: approve }
  - { at: 2m, by: bob, vote: approve }
  - { at: 3m, by: alice, vote: approve }
  - { at: 4m, by: bob, vote: approve }
expect:
  effects:
    - bank.move: { from: A-1, to: B-1 }
    - bank.move: { from: A-2, to: B-2 }
  end: COMPLETED
  cause: completed
  output: { done: 2 }
"""


def test_each_round_of_a_loop_has_both(told: Told) -> None:
    told("rounds", ROUNDS, {"twice": LINES})


# Asked in each round as well, but of a gate of its own: which yes goes with which is told as well.
TWO_GATES = ROUNDS.replace(
    "\n  run {",
    """
  gate payee(iban: string(max: 34)) {
    releases bank.move
    decide   1 of finance_manager
    apart    deciders of account
    clock    { after 24h reject }
    lasts    30m
  }

  run {""",
).replace("ask account(iban: line.to)", "ask payee(iban: line.to)")


def test_each_round_of_a_loop_has_a_yes_of_both_gates(told: Told) -> None:
    told("rounds", TWO_GATES, {"twice": LINES})

"""What loops do really comes to people, the bank and the output, and its evidence is VALID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

SPEC = """
role support_agent
role finance_director

workflow payroll version "1.0.0" {
  team payments
  start by support_agent

  type Line = { iban: string, amount: decimal(scale: 2) }

  input  { lines: list(max: 6) of Line, confirm: bool }
  output { refs: list(max: 3) of string, state: string, asked: int }

  service bank on queue "bank" {
    read status(day: int) -> { state: string, done: bool } { timeout 10s }
    effect pay(iban: string, amount: decimal(scale: 2)) -> { reference: string } {
      timeout 1m
      undo recall(reference: result.reference, iban: args.iban)
    }
    effect recall(reference: string, iban: string) { timeout 1m }
    effect note(text: string) { timeout 1m }
    effect double(amount: decimal(scale: 2), reference: string) { timeout 1m }
  }
  gate sign(iban: string) {
    releases bank.note
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m
  }
  gate batch(lines: list(max: 6) of Line) {
    releases bank.pay, bank.double
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    2h, uses 6
  }

  run {
    var asked: int = 0
    if input.confirm {
      for each line in input.lines at most 3 {
        let signed = ask sign(iban: line.iban)
        bank.note(text: signed.iban) under signed
        set asked = asked + 1
      }
    }
    let ok = ask batch(lines: input.lines)
    let refs = for each line in ok.lines at most 3 {
      let paid = bank.pay(iban: line.iban, amount: line.amount) under ok
      bank.double(amount: line.amount + line.amount, reference: paid.reference) under ok
      if line.amount > 1.00 { collect paid.reference }
    }
    let state = repeat at most 3 every 10m {
      let seen = bank.status(day: asked)
      if seen.done { give seen.state }
    } else {
      terminate "the bank never settles"
    }
    sleep 15m
    complete { refs: refs, state: state, asked: asked }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ lines: {lines}, confirm: {confirm} }}
given:{given}
decisions:{decisions}
expect:
  effects:{effects}
{end}
"""

TWO = "[{ iban: AA, amount: 1.00 }, { iban: BB, amount: 2.50 }]"
FOUR = "[{ iban: A, amount: 1.00 }, { iban: B, amount: 1.00 }, { iban: C, amount: 1.00 }, { iban: D, amount: 1.00 }]"  # noqa: E501
YES = "\n  - { at: 5m, by: dora, vote: approve }"
PAID = "\n  bank.pay: [{ result: { reference: R-1 } }, { result: { reference: R-2 } }]"
DOUBLED = "\n  bank.double: [{}, {}]"
ACTED = """
    - bank.pay: { iban: AA, amount: 1.00 }
    - bank.double: { amount: 2.00, reference: R-1 }
    - bank.pay: { iban: BB, amount: 2.50 }
    - bank.double: { amount: 5.00, reference: R-2 }"""


def status(*done: bool) -> str:
    said = [
        f"{{ result: {{ state: s{n}, done: {str(one).lower()} }} }}" for n, one in enumerate(done)
    ]
    return f"\n  bank.status: [{', '.join(said)}]"


STORIES = {
    "settled at once": STORY.format(
        about="paid one by one, settled in the first round",
        lines=TWO,
        confirm="false",
        given=PAID + DOUBLED + status(True),
        decisions=YES,
        effects=ACTED,
        end="  end: COMPLETED\n  output: { refs: [R-2], state: s0, asked: 0 }",
    ),
    "settled late": STORY.format(
        about="settled in the last round",
        lines=TWO,
        confirm="false",
        given=PAID + DOUBLED + status(False, False, True),
        decisions=YES,
        effects=ACTED,
        end="  end: COMPLETED\n  output: { refs: [R-2], state: s2, asked: 0 }",
    ),
    "never settled": STORY.format(
        about="what was done in the loop is undone, last first",
        lines=TWO,
        confirm="false",
        given=PAID + DOUBLED + status(False, False, False) + "\n  bank.recall: [{}, {}]",
        decisions=YES,
        effects=ACTED
        + "\n    - bank.recall: { reference: R-2, iban: BB }"
        + "\n    - bank.recall: { reference: R-1, iban: AA }",
        end="  end: TERMINATED\n  cause: terminated_by_spec",
    ),
    "asked for each": STORY.format(
        about="each round asks anew, and its yes releases once",
        lines=TWO,
        confirm="true",
        given="\n  bank.note: [{}, {}]" + PAID + DOUBLED + status(True),
        decisions=YES * 3,
        effects="\n    - bank.note: { text: AA }\n    - bank.note: { text: BB }" + ACTED,
        end="  end: COMPLETED\n  output: { refs: [R-2], state: s0, asked: 2 }",
    ),
    "one no": STORY.format(
        about="a no in the second round ends it",
        lines=TWO,
        confirm="true",
        given="\n  bank.note: [{}]",
        decisions=YES + "\n  - { at: 5m, by: dora, vote: reject, reason: never }",
        effects="\n    - bank.note: { text: AA }",
        end="  end: REJECTED\n  cause: rejected",
    ),
    "the same twice": STORY.format(
        about="two elements that are equal are no two payments, unless the gate says `alike`",
        lines="[{ iban: AA, amount: 1.00 }, { iban: AA, amount: 1.00 }]",
        confirm="false",
        given="\n  bank.pay: [{ result: { reference: R-1 } }]\n  bank.double: [{}]"
        + "\n  bank.recall: [{}]",
        decisions=YES,
        effects="""
    - bank.pay: { iban: AA, amount: 1.00 }
    - bank.double: { amount: 2.00, reference: R-1 }
    - bank.recall: { reference: R-1, iban: AA }""",
        end="  end: TERMINATED\n  cause: spent",
    ),
    "nothing to do": STORY.format(
        about="an empty list",
        lines="[]",
        confirm="true",
        given=status(True),
        decisions=YES,
        effects=" []",
        end="  end: COMPLETED\n  output: { refs: [], state: s0, asked: 0 }",
    ),
    "too many": STORY.format(
        about="more elements than the loop takes are a failed action, before the first",
        lines=FOUR,
        confirm="false",
        given=" {}",
        decisions=YES,
        effects=" []",
        end="  end: TERMINATED\n  cause: action_failed",
    ),
}


def test_loops_come_round(told: Told) -> None:
    told("payroll", SPEC, {name.replace(" ", "_"): text for name, text in STORIES.items()})

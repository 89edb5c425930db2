"""What runs at once really comes to the services, fails as one, and its evidence is VALID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

SPEC = """
role support_agent
role finance_director

workflow twofold version "1.0.0" {
  team payments
  start by support_agent

  input  { iban: string, amount: decimal(scale: 2), tags: list(max: 2) of string }
  output { refs: string, seen: int?, told: int }

  service bank on queue "bank" {
    read look(tag: string) -> { count: int } { timeout 10s }
    effect pay(iban: string, amount: decimal(scale: 2)) -> { reference: string } {
      timeout 1m
      undo recall(reference: result.reference)
    }
    effect recall(reference: string) { timeout 1m }
  }
  service ledger on queue "ledger" {
    effect book(amount: decimal(scale: 2)) -> { entry: string } {
      timeout 1m
      undo strike(entry: result.entry)
    }
    effect strike(entry: string) { timeout 1m }
    notify tell(text: string) { timeout 10s }
  }
  gate yes(iban: string, amount: decimal(scale: 2)) {
    releases bank.pay, ledger.book
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    4h, uses 4
  }

  run {
    let ok = ask yes(iban: input.iban, amount: input.amount)
    let both = parallel {
      branch paid {
        sleep 10m
        let done = bank.pay(iban: ok.iban, amount: ok.amount) under ok
        sleep 1h
        give done.reference
      }
      branch booked {
        let done = ledger.book(amount: ok.amount) under ok
        let found = bank.look(tag: "first") else { give none }
        if found is some {
          require found.count > 0 else "the bank knows nothing"
          give done.entry
        }
      }
      branch seen {
        for each tag in input.tags at most 2 {
          let found = bank.look(tag: tag)
          if found.count > 5 { give found.count }
        }
      }
    }
    for each tag in input.tags at most 1 {
      parallel {
        branch one { bank.pay(iban: "AA", amount: 1.00) under ok }
        branch two { ledger.book(amount: 2.00) under ok }
        branch three {
          parallel {
            branch a { ledger.tell(text: tag) }
            branch b { sleep 5m }
          }
        }
      }
    }
    let entry = both.booked ?? "none"
    complete { refs: "{both.paid} {entry}", seen: both.seen, told: len(input.tags) }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ iban: DE, amount: 7.00, tags: {tags} }}
given:{given}
decisions:
  - {{ at: 5m, by: dora, vote: approve }}
expect:
  effects:{effects}
{end}
"""


def look(*counts: int) -> str:
    said = ", ".join(f"{{ result: {{ count: {one} }} }}" for one in counts)
    return f"\n  bank.look: [{said}]"


PAID = "\n  bank.pay: [{ result: { reference: R-1 } }]"
BOOKED = "\n  ledger.book: [{ result: { entry: E-1 } }]"
TWICE = """
  bank.pay: [{ result: { reference: R-1 } }, { result: { reference: R-2 } }]
  ledger.book: [{ result: { entry: E-1 } }, { result: { entry: E-2 } }]
  ledger.tell: [{}]"""
PAY = "\n    - bank.pay: { iban: DE, amount: 7.00 }"
BOOK = "\n    - ledger.book: { amount: 7.00 }"

STORIES = {
    "both": STORY.format(
        about="two ledgers under one yes, and neither waits for the other",
        tags="[]",
        given=PAID + BOOKED + look(1),
        effects=BOOK + PAY,
        end="  end: COMPLETED\n  output: { refs: R-1 E-1, told: 0 }",
    ),
    "in_a_loop": STORY.format(
        about="the call ids in the branches of a loop end in its round",
        tags="[x]",
        given=TWICE + look(9, 9),
        effects=BOOK
        + PAY
        + "\n    - bank.pay: { iban: AA, amount: 1.00 }\n    - ledger.book: { amount: 2.00 }",
        end="  end: COMPLETED\n  output: { refs: R-1 E-1, seen: 9, told: 1 }",
    ),
    "a_handler_in_a_branch": STORY.format(
        about="a branch handles its own failure, and the others go on",
        tags="[]",
        given=PAID + BOOKED + "\n  bank.look: [{ failure: not_done, reason: away }]",
        effects=BOOK + PAY,
        end="  end: COMPLETED\n  output: { refs: R-1 none, told: 0 }",
    ),
    "one_fails": STORY.format(
        about="one branch fails, so what has not begun does not begin, what is done is undone",
        tags="[]",
        given=BOOKED + look(0) + "\n  ledger.strike: [{}]",
        effects=BOOK + "\n    - ledger.strike: { entry: E-1 }",
        end="  end: TERMINATED\n  cause: terminated_by_spec",
    ),
    "an_effect_fails": STORY.format(
        about="an effect of one branch fails late, and the other's is undone",
        tags="[]",
        given="\n  bank.pay: [{ failure: not_done, reason: closed }]"
        + BOOKED
        + look(1)
        + "\n  ledger.strike: [{}]",
        effects=BOOK + PAY + "\n    - ledger.strike: { entry: E-1 }",
        end="  end: TERMINATED\n  cause: action_failed",
    ),
    "unknown": STORY.format(
        about="nobody knows whether it was paid, so that is not undone by guess, the other is",
        tags="[]",
        given="\n  bank.pay: [{ failure: unknown, reason: gone }]"
        + BOOKED
        + look(1)
        + "\n  ledger.strike: [{}]",
        effects=BOOK + PAY + "\n    - ledger.strike: { entry: E-1 }",
        end="  end: TERMINATED\n  cause: effect_unknown",
    ),
}


def test_branches_run_at_once(told: Told) -> None:
    told("twofold", SPEC, STORIES)


WAITING = """
role support_agent
role finance_director
event bill { total: int(min: 0) } from support_agent
event note { text: string(max: 20) } from finance_director
event stop {} from finance_director

workflow paired version "1.0.0" {
  team payments
  start by support_agent

  input  { id: string }
  output { total: int, notes: string }

  service ledger on queue "ledger" {
    effect book(id: string) -> { entry: string } { timeout 1m  undo strike(entry: result.entry) }
    effect strike(entry: string) { timeout 1m }
    notify tell(text: string) { timeout 10s }
  }
  gate yes(id: string) {
    releases ledger.book
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    12h
  }
  run {
    let ok = ask yes(id: input.id)
    let came = parallel {
      branch total {
        # Not four hours, as the notes take: the time-skipping server wedges when timers meet.
        let found = wait for bill within 210m else { terminate "no bill" }
        give found.total
      }
      branch notes {
        repeat at most 2 {
          wait {
            for note as it { if it.text != "" { give it.text } }
            for stop { }
          } within 2h else { }
        } else { give "none" }
      }
      branch acts {
        let done = ledger.book(id: ok.id) under ok
        sleep 30m
        ledger.tell(text: done.entry)
      }
    }
    complete { total: came.total, notes: came.notes }
  }
}
"""

HEARD = """
about: {about}
start:
  by: carol
  input: {{ id: A-1 }}
given:
  ledger.book: [{{ result: {{ entry: E-1 }} }}]{given}
decisions:
  - {{ at: 5m, by: dora, vote: approve }}
{acts}
expect:
  effects:
    - ledger.book: {{ id: A-1 }}{effects}
{end}
"""
TOLD = "\n  ledger.tell: [{}]"
SENT = """  - {{ at: 1m, by: dora, send: {0}, data: {1} }}
  - {{ at: {2}, by: carol, send: bill, data: {{ total: 7 }} }}"""

HEARINGS = {
    "both": HEARD.format(
        about="two branches wait at once, and each takes what it waits for",
        given=TOLD,
        acts=SENT.format("note", "{ text: fine }", "1h"),
        effects="",
        end="  end: COMPLETED\n  output: { total: 7, notes: fine }",
    ),
    "one_is_silent": HEARD.format(
        about="the note never comes, twice, and the bill comes while that goes on",
        given=TOLD,
        acts=SENT.format("stop", "{}", "3h"),
        effects="",
        end="  end: COMPLETED\n  output: { total: 7, notes: none }",
    ),
    "no_bill": HEARD.format(
        about="the silence of one branch ends the other's wait, and what was done is undone",
        given=TOLD + "\n  ledger.strike: [{}]",
        acts="",
        effects="\n    - ledger.strike: { entry: E-1 }",
        end="  end: TERMINATED\n  cause: terminated_by_spec",
    ),
}


def test_branches_wait_at_once(told: Told) -> None:
    told("paired", WAITING, HEARINGS, on_server=("one_is_silent", "no_bill"))

"""What a `match` and a variable decide really comes to the gate, the bank and the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

SPEC = """
role support_agent
role finance_director

workflow parcel version "1.0.0" {
  team payments
  start by support_agent

  input  { speed: "plain" | "express" | "never", count: int }
  output { note: string, fee: decimal(scale: 2) }

  service bank on queue "bank" {
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate review(fee: decimal(scale: 2), why: string) {
    releases bank.pay
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    var fee: decimal(scale: 2) = 1
    var why: string = "plain"
    match input.speed {
      "express" -> {
        set fee = 5
        set why = "express"
      }
      "plain" -> { }
      "never" -> { terminate "it never leaves" }
    }
    if input.count > 3 { set fee = fee + 2.50 }
    let ok = ask review(fee: fee, why: why)
    var note: string = "not paid"
    let paid = bank.pay(amount: ok.fee) under ok else { give none }
    if paid is some { set note = paid.reference }
    complete { note: note, fee: ok.fee }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ speed: {speed}, count: {count} }}
given:{given}
decisions:{decisions}
expect:
  effects: {effects}
{end}
"""

YES = "\n  - { at: 5m, by: dora, vote: approve }"


def story(speed: str, count: int, fee: str, answer: str, note: str) -> str:
    return STORY.format(
        about=f"{speed} {count} {note}",
        speed=speed,
        count=count,
        given=f"\n  bank.pay:\n    - {answer}",
        decisions=YES,
        effects=f"\n    - bank.pay: {{ amount: {fee} }}",
        end=f"  end: COMPLETED\n  cause: completed\n  output: {{ note: {note}, fee: {fee} }}",
    )


STORIES = {
    "plain": story("plain", 1, "1.00", "result: { reference: R-1 }", "R-1"),
    "many": story("plain", 4, "3.50", "result: { reference: R-2 }", "R-2"),
    "express": story("express", 3, "5.00", "result: { reference: R-3 }", "R-3"),
    "both": story("express", 9, "7.50", "failure: not_done", "not paid"),
    "never": STORY.format(
        about="never",
        speed="never",
        count=1,
        given=" {}",
        decisions=" []",
        effects="[]",
        end="  end: TERMINATED\n  cause: terminated_by_spec",
    ),
}


def test_choices_decide(told: Told) -> None:
    told("parcel", SPEC, STORIES)

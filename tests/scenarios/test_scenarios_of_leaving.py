"""Values that leave more than one block come to what they are for, and the evidence is VALID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

SPEC = """
role support_agent
role finance_director

workflow sorting version "1.0.0" {
  team payments
  start by support_agent

  input  { groups: list(max: 3) of { name: string, tags: list(max: 3) of string } }
  output { first: string, sorted: list(max: 3) of string }

  service bank on queue "bank" {
    read status(ref: string) -> { state: string } { timeout 10s }
    effect note(text: string) { timeout 1m }
  }
  gate sign(name: string) {
    releases bank.note
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let first = repeat at most 2 {
      if input.groups != [] {
        let names = for each group in input.groups at most 3 {
          for each tag in group.tags at most 3 {
            if tag == "first" { give group.name }
            if tag == "skip" { collect "skipped" }
          }
          collect group.name
        }
        if len(names) == 3 { give join(names, ",") }
      }
    } else {
      for each group in input.groups at most 3 { if group.name == "AA" { give "only" } }
      give "none"
    }
    let sorted = for each group in input.groups at most 3 {
      let seen = bank.status(ref: group.name) else {
        repeat at most 2 { if first == "only" { give { state: "given" } } } else { }
        collect "failed {group.name}"
      }
      let tries = repeat at most 2 {
        let ok = ask sign(name: group.name)
        bank.note(text: ok.name) under ok
        for each tag in group.tags at most 3 {
          if tag == seen.state { collect "{tag} {group.name}" }
        }
        if seen.state == "given" { give 1 }
      } else { give 2 }
      collect "{tries} {group.name}"
    }
    complete { first: first, sorted: sorted }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ groups: [{groups}] }}
given:
  bank.status: [{status}]
  bank.note: [{notes}]
decisions:{decisions}
expect:
  effects:{effects}
{end}
"""
YES = "\n  - { at: 5m, by: dora, vote: approve }"


def story(about: str, groups: str, status: str, asked: str, end: str) -> str:
    return STORY.format(
        about=about,
        groups=groups,
        status=status,
        notes=", ".join("{}" for _ in asked.split()),
        decisions=YES * len(asked.split()) or " []",
        effects="".join(f"\n    - bank.note: {{ text: {one} }}" for one in asked.split()) or " []",
        end=end,
    )


STORIES = {
    "given_out_of_a_list": story(
        "the second group's tag gives its name, and no list is made; collected in the first round",
        "{ name: AA, tags: [a, b] }, { name: BB, tags: [b, first, skip] }",
        "{ result: { state: b } }, { result: { state: skip } }",
        "AA BB",
        "  end: COMPLETED\n  output: { first: BB, sorted: [b AA, skip BB] }",
    ),
    "the_list_is_made": story(
        "what is skipped is collected by an inner loop, once a round",
        "{ name: AA, tags: [skip, skip] }, { name: BB, tags: [] }, { name: CC, tags: [x, skip] }",
        "{ failure: not_done }, { result: { state: given } }, { result: { state: no } }",
        "BB CC CC",
        '  end: COMPLETED\n  output: { first: "skipped,BB,skipped",'
        " sorted: [failed AA, 1 BB, 2 CC] }",
    ),
    "given_out_of_the_else": story(
        "nothing in two rounds, then by the loop in the `else`; a handler's inner loop gives",
        "{ name: AA, tags: [given] }",
        "{ failure: not_done }",
        "AA",
        "  end: COMPLETED\n  output: { first: only, sorted: [given AA] }",
    ),
    "nothing_to_leave": story(
        "an empty list", "", "", "", "  end: COMPLETED\n  output: { first: none, sorted: [] }"
    ),
}


def test_values_leave_loops_and_handlers(told: Told) -> None:
    told("sorting", SPEC, STORIES)

"""Of each part of the digest (ADR 0178): a workflow in which points are taken for one when it is
left out, so that the table is another than that of every course."""

from __future__ import annotations

from pathlib import Path

import pytest
from both import Kept, both, the_same
from gantral.simulation.exploring import Choice
from simulated import HEAD

SHOP = """\
  service shop on queue "shop" {
    read price(name: string) -> { amount: int(min: 0, max: 20) } { timeout 1m }
    effect pay(name: string) -> { ref: string } {
      timeout 15m  idempotent
      undo back(ref: result.ref)
    }
    effect back(ref: string) { timeout 15m  idempotent }
    effect book(name: string) -> { ref: string } {
      timeout 1m  idempotent
      undo free(ref: result.ref)
    }
    effect free(ref: string) { timeout 1m  idempotent }
    effect send(name: string) { timeout 1m }
    notify tell(name: string) { timeout 1m }
  }
"""
RELEASE = """\
  gate release(name: string) {
    releases shop.pay, shop.book, shop.send
    decide   1 of boss
    clock    { after 1h reject }
    lasts    1d, uses 4
  }
"""


def workflow(rest: str, name: str = "trial", given: str = "name: string") -> str:
    return f"""\
workflow {name} version "1.0.0" {{
  team payments
  start by clerk
  input  {{ {given} }}
  output {{ how: string }}
{rest}}}
"""


# A loop has two more rounds where both were false from the start, and one where they became so.
COUNTERS = HEAD + workflow(
    SHOP
    + """\
  run {
    var now: bool = input.far
    var later: bool = input.far
    let last = repeat at most 3 every 1h {
      let found = shop.price(name: input.name)
      if found.amount > 10 { give "dear" }
      if now { shop.tell(name: input.name) }
      set now = later
      set later = false
    } else { terminate "too often" }
    complete { how: last }
  }
""",
    given="name: string, far: bool",
)
# Of a list that nothing reads, how long it is: a second element is one too many.
LENGTHS = HEAD + workflow(
    SHOP
    + """\
  run {
    var seen: list(max: 1) of bool = []
    let first = shop.price(name: input.name)
    if first.amount > 10 { set seen = seen + [true] }
    shop.tell(name: input.name)
    set seen = seen + [true]
    complete { how: "told" }
  }
"""
)
# Who decided first may not decide then: one boss is left, or two.
VOTERS = """\
role clerk
role boss
role aide
""" + workflow(
    SHOP
    + """\
  gate first(name: string) {
    decide   1 of [boss, aide]
    clock    { after 1h reject }
  }
  gate second(name: string) {
    decide   2 of boss
    apart    deciders of first
    clock    { after 1h reject }
  }
  run {
    let one = ask first(name: input.name)
    shop.tell(name: one.name)
    let two = ask second(name: one.name)
    complete { how: two.name }
  }
"""
)
# Of both it is said that they stand; of one nobody knows whether it was done: it is not undone.
KNOWN = HEAD + workflow(
    SHOP
    + RELEASE
    + """\
  run {
    let ok = ask release(name: input.name)
    shop.pay(name: ok.name) under ok else { }
    shop.tell(name: input.name)
    terminate "enough"
  }
"""
)
# Undone last first: where the first of two is being undone, the other was tried, or comes after it.
TRIED = HEAD + workflow(
    SHOP
    + RELEASE
    + """\
  run {
    let ok = ask release(name: input.name)
    parallel {
      branch a { shop.pay(name: ok.name) under ok }
      branch b { shop.book(name: ok.name) under ok }
    }
    terminate "enough"
  }
"""
)
# What is undone first takes a quarter of an hour or a minute, and something is waited for beside.
ORDER = (
    HEAD
    + workflow(
        SHOP
        + RELEASE
        + """\
  run {
    let ok = ask release(name: input.name)
    parallel {
      branch a { shop.pay(name: ok.name) under ok }
      branch b { shop.book(name: ok.name) under ok }
    }
    complete { how: "done" }
  }
""",
        name="made",
    )
    + workflow(
        SHOP
        + """\
  run {
    let kid = run workflow made(name: input.name)
    match kid {
      completed as got -> {
        shop.tell(name: input.name)
        parallel {
          branch undoes { undo kid }
          branch sleeps { sleep 10m }
        }
        complete { how: "undone" }
      }
      rejected as got -> { complete { how: "no" } }
      terminated as got -> { complete { how: "failed" } }
    }
  }
"""
    )
)


def early(choice: Choice) -> bool:
    """Approved as soon as it is asked; of the ways to fail the two that take no time and long."""
    if choice.do == "vote":
        return choice.of["kind"] == "APPROVE"
    if choice.do == "fails":
        return choice.of["happened"] == "unknown"
    return choice.do not in ("cancel", "left")


def undoing(choice: Choice) -> bool:
    """The same, and only what undoes something may fail."""
    return early(choice) and (choice.do not in ("fails", "lost") or choice.of.get("undo") is True)


def answered(choice: Choice) -> bool:
    """Every call is answered; who approved may take that back."""
    if choice.do == "vote":
        return choice.of["kind"] in ("APPROVE", "RETRACT")
    return early(choice) and choice.do not in ("fails", "lost")


PARTS: dict[str, tuple[str, Kept]] = {
    "counters of loops": (COUNTERS, early),
    "lengths": (LENGTHS, early),
    "who voted": (VOTERS, answered),
    "what is known to be done": (KNOWN, early),
    "what was tried to undo": (TRIED, undoing),
    "the order of undoing": (ORDER, undoing),
}


@pytest.mark.parametrize("part", PARTS)
def test_points_that_are_told_apart_by_one_part(tmp_path: Path, part: str) -> None:
    ours, every = both(tmp_path, *PARTS[part])
    assert every.whole
    the_same(ours, every)
    if "run workflow made" in PARTS[part][0]:
        # What a child did is told by its workflow.
        stood = {call for end in ours.ends for call in end.standing}
        assert stood == {"made/shop.pay/1", "made/shop.book/1"}

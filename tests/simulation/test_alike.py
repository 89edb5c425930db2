"""What simulate takes for one point is one: the ends, with their times and how many courses come to
each, are those of an exploration that takes nothing for the same but votes in another order."""

from __future__ import annotations

from pathlib import Path

import pytest
from both import both, everything, the_same, unreduced
from gantral.simulation import Simulation
from gantral.simulation.exploring import Limits, explore
from hypothesis import settings
from simulated import HEAD, by_chance, staged

# Of programs made by chance: the bytes that one is made of, and how far it is explored.
LENGTH, SMALL = 28, Limits(250, 400)
MANY = settings.default.max_examples // 12

SERVICES = """\
  service shop on queue "shop" {
    read price(name: string) -> { amount: int(min: 0, max: 20), note: string } { timeout 1m }
    effect pay(name: string) -> { ref: string } { timeout 1m }
    notify tell(name: string) { timeout 1m }
  }
"""


def workflow(rest: str, name: str = "trial", output: str = "{ how: string }") -> str:
    return f"""\
workflow {name} version "1.0.0" {{
  team payments
  start by clerk
  input  {{ name: string }}
  output {output}
{SERVICES}{rest}}}
"""


ROUNDS = HEAD + workflow(
    """\
  run {
    var dear: int = 0
    let last = repeat at most 2 {
      let found = shop.price(name: input.name)
      if found.amount > 10 { give found.note }
      shop.tell(name: found.note) else as f {
        if f.happened == "unknown" { set dear = dear + 1 }
        give "nobody knows"
      }
    } else { terminate "too often" }
    if dear > 0 { complete { how: "dear" } }
    complete { how: last }
  }
"""
)
EACH = HEAD + workflow(
    """\
  gate release(names: list(max: 2) of string) {
    releases shop.pay
    decide   1 of boss
    clock    { after 1h reject }
    lasts    30m, uses 2
  }
  run {
    let ok = ask release(names: ["a", input.name])
    var lost: list(max: 1) of string = []
    for each one in ok.names at most 2 {
      shop.pay(name: one) under ok else as f {
        if f.happened == "unknown" { set lost = lost + [one] }
      }
    }
    complete { how: "paid" }
  }
"""
)
SLEEPS = HEAD + workflow(
    """\
  run {
    let known = parallel {
      branch slow { sleep 1h  sleep 1h  sleep 1h  give 1 }
      branch told { shop.tell(name: input.name)  give 2 }
    }
    complete { how: "{known.slow}" }
  }
"""
)
WAITS = HEAD + workflow(
    """\
  run {
    let last = repeat at most 3 every 1h {
      let found = shop.price(name: input.name)
      if found.amount > 10 { give found.note }
    } else { terminate "too often" }
    complete { how: last }
  }
"""
)
UNDONE = (
    HEAD
    + """\
workflow trial version "1.0.0" {
  team payments
  start by clerk
  input  { name: string }
  output { how: string }
  service shop on queue "shop" {
    effect pay(name: string) -> { ref: string } {
      timeout 1m  idempotent
      undo back(ref: result.ref)
    }
    effect back(ref: string) { timeout 1m  idempotent }
    notify tell(name: string) { timeout 1m }
  }
  gate release(name: string) {
    releases shop.pay
    decide   1 of boss
    clock    { after 1h reject }
    lasts    30m
  }
  run {
    let ok = ask release(name: input.name)
    let paid = shop.pay(name: ok.name) under ok
    shop.tell(name: paid.ref)
    complete { how: paid.ref }
  }
}
"""
)
SPECS = {
    "rounds": ROUNDS,
    "each": EACH,
    "sleeps": SLEEPS,
    "waits": WAITS,
    "undone": UNDONE,
}
# Of these the courses that are cancelled are tried too; there are as many again.
CANCELLED = {"rounds", "sleeps", "undone"}


@pytest.mark.parametrize("name", SPECS)
def test_the_table_is_that_of_every_course(tmp_path: Path, name: str) -> None:
    kept = everything if name in CANCELLED else lambda choice: choice.do != "cancel"
    ours, every = both(tmp_path, SPECS[name], kept)
    assert every.whole
    the_same(ours, every)


@pytest.mark.hypothesis
def test_so_it_is_of_programs_made_by_chance(tmp_path: Path) -> None:
    """Only the smallest are seen whole when nothing is taken for the same."""
    seen = 0
    for _, text, _ in by_chance(tmp_path, MANY, LENGTH):
        with staged(tmp_path, text, "sample") as scene:
            story = Simulation(scene.deployment)
            every = explore(scene.world, story.fork, "sample", scene.inputs, SMALL, unreduced)
            if every.whole:
                seen += 1
                the_same(explore(scene.world, story.fork, "sample", scene.inputs, SMALL), every)
    print(f"{seen} of {MANY} seen whole both ways")
    assert seen >= MANY // 4

"""Small specs, and their scenes."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from confirming import compiled
from gantral.cli.simulating.code import code, read
from gantral.cli.simulating.exploring import Scene, scene
from gantral.compiler.program import Program
from generator import OTHERS, Tape, program

HEAD = """\
role clerk
role boss
"""
PAYOUT = (
    HEAD
    + """\
workflow payout version "1.0.0" {
  team payments
  start by clerk
  input  { name: string, amount: int(min: 0, max: 100) }
  output { ref: string }
  service bank on queue "bank" {
    effect pay(name: string, amount: int) -> { ref: string } { timeout 1m }
  }
  gate release(name: string, amount: int) {
    releases bank.pay
    decide   1 of boss
    clock    { after 2h reject }
    lasts    30m
  }
  run {
    require input.amount > 0 else "nothing to pay"
    let ok = ask release(name: input.name, amount: input.amount)
    let paid = bank.pay(name: ok.name, amount: ok.amount) under ok
    complete { ref: paid.ref }
  }
}
"""
)

Command = Callable[..., tuple[int, str]]


@contextlib.contextmanager
def staged(folder: Path, text: str, workflow: str) -> Iterator[Scene]:
    """The scene of a spec given as text."""
    spec = folder / f"{workflow}.gantral"
    spec.write_text(text, "utf-8")
    with code(read(str(spec)), workflow, None) as made, scene(made, workflow) as found:
        yield found


def by_chance(folder: Path, many: int, length: int) -> Iterator[tuple[Path, str, Program]]:
    """Of so many programs made by chance of ``length`` bytes, those that are proved, each written
    beside the files that it may import: spec, text, program."""
    for name, other in OTHERS.items():
        (folder / name).write_text(other, "utf-8")
    for seed in range(many):
        text = program(Tape(random.Random(seed).randbytes(length)), "")
        found = compiled(text, OTHERS)
        if found.program is not None and not found.errors:
            spec = folder / f"sample{seed}.gantral"
            spec.write_text(text, "utf-8")
            yield spec, text, found.program


TOGETHER = (
    HEAD
    + """\
workflow fund version "1.0.0" {
  team payments
  start by clerk
  input  { amount: int(min: 0, max: 100) }
  output { left: int }
  gate lend(amount: int) {
    decide   1 of boss
    clock    { after 1h reject }
  }
  run {
    let ok = ask lend(amount: input.amount)
    complete { left: ok.amount }
  }
}
workflow order version "1.0.0" {
  team payments
  start by clerk
  input  { name: string }
  output { how: "paid" | "late" | "no" }
  event paid { amount: int(min: 0, max: 100) } from boss
  service shop on queue "shop" {
    read price(name: string) -> { amount: int(min: 0, max: 100) } { timeout 1m }
    read stock(name: string) -> { there: bool } { timeout 1m }
  }
  run {
    let known = parallel {
      branch price { let found = shop.price(name: input.name) give found.amount }
      branch stock { let found = shop.stock(name: input.name) give found.there }
    }
    require known.stock else "out of stock"
    let lent = run workflow fund(amount: known.price)
    match lent {
      completed as got -> { }
      rejected as got -> { complete { how: "no" } }
      terminated as got -> { terminate "{got.cause}" }
    }
    wait for paid within 1d else { complete { how: "late" } }
    complete { how: "paid" }
  }
}
"""
)

"""A whole spec: its frame, its gates, and a body of statements."""

from __future__ import annotations

from generator.body import FAULTS, Body
from generator.gates import gate
from generator.tape import Tape

__all__ = ["FAULTS", "program"]

_HEAD = """\
role clerk
role head
role board
role boss
policy limits = rego "limits.rego" query "data.limits.decision"
"""
_CHILD = """
workflow settle version "1.0.0" {
  team payments
  start by clerk
  input  { name: string, amount: int }
  output { name: string, flag: bool }
  service fund on queue "fund" {
    effect move(name: string, amount: int) -> { ref: string } { timeout 1m }
  }
  gate release(name: string, amount: int) {
    releases fund.move
    decide   1 of boss
    waived   by policy limits
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let ok = ask release(name: input.name, amount: input.amount)
    if ok.amount > 3 { terminate "much" }
    let moved = fund.move(name: ok.name, amount: ok.amount) under ok
    complete { name: moved.ref, flag: true }
  }
}
"""
_FRAME = """
workflow sample version "1.0.0" {
  team payments
  start by clerk
  input  {
    name: string, amount: int, flag: bool, sure: bool, late: bool, kind: "low" | "high",
    lines: list(max: 2) of { name: string, amount: int }
  }
  output { name: string? }
  event paid { name: string, amount: int } from initiator, head
  event stop { } from head
  service bank on queue "bank" {
    read look(name: string) -> { name: string, amount: int, ok: bool } { timeout 1m }
    notify tell(text: string) { timeout 1m }
    effect pay(name: string, amount: int) -> { ref: string } {
      timeout 1m
      undo    recall(ref: result.ref)
    }
    effect recall(ref: string) { timeout 1m }
    effect fee(amount: int) { timeout 1m }
    effect mark(name: string) -> { ref: string } { timeout 1m }
    critical effect close(name: string) -> { ref: string } { timeout 1m }
    critical effect wire(amount: int) -> { ref: string } {
      timeout 1m
      needs   2 of head or 1 of board
    }
  }
  service books on queue "books" {
    effect enter(ref: string, amount: int) { timeout 1m }
  }
"""


def program(tape: Tape, fault: str | None = None) -> str:
    """The text of a spec whose file holds a workflow `sample`, and maybe a child of it. The fault
    aimed at is by chance, and often none, where it is not given."""
    if fault is None:
        fault = tape.one(FAULTS) if tape.chance(8) else ""
    least = 2 if fault == "weaker argument" else 1
    gates = [gate(tape, f"g{at + 1}", fault) for at in range(least + tape.below(3))]
    child = tape.chance(2)
    body = Body(tape, gates, fault, child)
    run = "\n".join(f"    {line}" for line in body.whole())
    failing = '\n  on failure { bank.tell(text: "failed") }' if tape.chance(2) else ""
    shown = "\n".join(one.text for one in gates)
    child_text = _CHILD if child else ""
    return f"{_HEAD}{child_text}{_FRAME}{shown}\n  run {{\n{run}\n  }}{failing}\n}}\n"

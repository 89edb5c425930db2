"""A whole spec: its frame, its gates, and a body of statements."""

from __future__ import annotations

from generator.body import FAULTS, Body
from generator.gates import gate
from generator.tape import Tape

__all__ = ["FAULTS", "OTHERS", "program"]

_HEAD = """\
role clerk
role head
role board
role boss
policy limits = rego "limits.rego" query "data.limits.decision"
"""
_SETTLE = """
workflow settle version "1.0.0" {
  team payments
  start by clerk
@  input  { name: string, amount: int }
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
_BOOK = """
workflow book version "1.0.0" {
  team payments
  start by clerk
  input  { name: string, amount: int }
  output { name: string, flag: bool }
  service seats on queue "seats" {
    effect take(name: string) -> { ref: string } { timeout 1m  undo back(ref: result.ref) }
    effect back(ref: string) { timeout 1m }
  }
  gate sure(name: string) {
    releases seats.take
    decide   1 of boss
    clock    { after 24h reject }
    lasts    30m
  }
  run {
    let ok = ask sure(name: input.name)
    let taken = seats.take(name: ok.name) under ok
    complete { name: taken.ref, flag: input.amount > 3 }
  }
}
"""
_ELSEWHERE = "other.gantral"
OTHERS = {
    _ELSEWHERE: 'role clerk\nrole boss\npolicy limits = rego "limits.rego" query "data.limits.x"\n'
    + _SETTLE.replace("@", "")
    + _BOOK
}
"""The files that a program may import."""

_CALENDAR = """
calendar office { zone "Europe/Berlin" days mon .. fri hours 09:00 .. 17:30 }
"""
_EVENTS = {
    "paid": "  event paid { name: string } from initiator, head\n",
    "stop": "  event stop { } from head\n",
    "told": "  event told { name: string } from board\n",
}
_FRAME = """
workflow sample version "1.0.0" {
  team payments
  start by clerk
@  type Held = { name: string, amount: int }
  type Known = { who: person }
  input  {
    name: string, amount: int, flag: bool, sure: bool, late: bool, kind: "low" | "high",
    lines: list(max: 2) of Held, extra: json, who: person,
    paper: document
  }
  output { name: string? }
  service bank on queue "bank" {
    read look(name: string) -> {
      name: string, amount: int, ok: bool, who: person, body: json, paper: document
    } {
      timeout 1m
    }
    notify tell(text: string) { timeout 1m }
    effect pay(name: string, amount: int) -> { ref: string } {
      timeout 1m
      undo    recall(ref: result.ref)
    }
    effect recall(ref: string) { timeout 1m }
    effect fee(amount: int) { timeout 1m }
    effect mark(name: string) -> { ref: string } { timeout 1m }
    effect file(doc: json) { timeout 1m }
    effect keep(paper: document) { timeout 1m }
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
    """The text of a spec whose file holds a workflow `sample`, and maybe children of it; it may
    import `OTHERS`. The fault aimed at is by chance, and often none, where it is not given."""
    if fault is None:
        fault = tape.one(FAULTS) if tape.chance(8) else ""
    least = 2 if fault == "weaker argument" else 1
    names = [f"g{at + 1}" for at in range(least + tape.below(3))]
    gates = [gate(tape, name, names[:at], fault) for at, name in enumerate(names)]
    child = fault in ("child beside", "unasked child", "stranded child") or tape.chance(2)
    body = Body(tape, gates, fault, child)
    elsewhere = child and tape.chance(2)
    body.elsewhere = elsewhere
    once = child and tape.chance(6)
    key = tape.one(("once per input.name", "one at a time per input.name, input.amount"))
    own = tape.chance(2)
    run = "\n".join(f"    {line}" for line in body.whole())
    failing = '\n  on failure { bank.tell(text: "failed") }' if tape.chance(2) else ""
    shown = "\n".join(one.text(body.asked_gates) for one in gates)
    frame = _FRAME.replace("@", f"  {key}\n" if own else "")
    head, children = _HEAD, ""
    if elsewhere and "run workflow" in run:
        head = f'import "{_ELSEWHERE}" as other\n{_HEAD}'
        for role in ("clerk", "boss"):
            head = head.replace(f"role {role}\n", "")
            frame = frame.replace(f"by {role}", f"by other.{role}")
            shown = shown.replace(f"to {role}", f"to other.{role}")
            for before in ("of ", "{ ", "[", ", "):
                shown = shown.replace(f"{before}{role}", f"{before}other.{role}")
            shown = shown.replace(f"widen {role}", f"widen other.{role}")
    else:
        children = _SETTLE.replace("@", f"  {key}\n" if once else "") if " settle(" in run else ""
        children += _BOOK if " book(" in run else ""
    calendar = _CALENDAR if "on office" in shown else ""
    shown = "".join(text for name, text in _EVENTS.items() if f"for {name} " in run) + shown
    return f"{head}{children}{calendar}{frame}{shown}\n  run {{\n{run}\n  }}{failing}\n}}\n"

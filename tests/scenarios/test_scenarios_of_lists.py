"""What comprehensions and functions compute really comes to the gate, the bank and the output; what
has no value is a failed action."""

from __future__ import annotations

from collections.abc import Callable

SPEC = """
role support_agent
role finance_director

workflow parcel version "1.0.0" {
  team payments
  start by support_agent

  type Item = {
    id: string, amount: decimal(scale: 2), count: int, note: string?, kind: "a" | "b"
  }
  input  {
    items: list(max: 9) of Item, by: int, by_amount: decimal(scale: 2), large: int,
    small: int(max: 2), day: date,
    name: string
  }
  output {
    said: string, ids: list(max: 9) of string, numbers: list(max: 9) of decimal(scale: 2),
    whole: list(max: 9) of int, zero: decimal(scale: 2)
  }

  service bank on queue "bank" {
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate review(total: decimal(scale: 2), items: list(max: 9) of Item, by: int) {
    title    "{total} for {count(x for x in items where x.count > 0)}, {mod(9, by: by)} left"
    releases bank.pay
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let items = input.items
    let total = sum(x.amount for x in items where x.count > 0)
    let share = div(total, by: input.by_amount, scale: 2, rounding: "half_even")
    let numbers = [
      share, round(share, scale: 1, rounding: "up"), mod(total, by: input.by_amount),
      sum(x.amount for x in items where x.count > 99)
    ]
    # Neither the first nor the other side says alone what the whole may be.
    let mixed = { n: if input.by < 0 then input.small else input.large }
    let whole = [
      count(x for x in items where x.note is some), max(x.count for x in items) ?? 0,
      min([x.count for x in items]) ?? 0, mod(input.by, by: 3),
      sum(len(x.note) for x in items where x.note is some), mixed.n,
      sum(p.n for p in [{ n: x } for x in [input.small, input.large]])
    ]
    let names = sorted(distinct(upper(trim(x.id)) for x in items))
    let good = any(x.kind == "a" for x in items) and all(x.count >= 0 for x in items)
    let first_note = first(x.note for x in items where x.note is some) ?? "none"
    let last_note = last(x.note for x in items where x.note is some) ?? "none"
    let midnight = instant(input.day, zone: "UTC")
    let tenths = [1.5]
    let cents = [2.25]
    let told = [
      text(good), first_note, last_note, text(midnight), text(date(midnight + 25h, zone: "UTC")),
      text(now() >= instance.started_at), text(input.large * input.large),
      join([text(n) for n in tenths + cents], "/")
    ]
    let ok = ask review(total: total, items: items, by: input.by)
    let paid = bank.pay(amount: ok.total) under ok
    complete {
      said: join(told + [paid.reference, lower(input.name)], "; "), ids: names,
      numbers: numbers, whole: whole, zero: -1 * 0.00
    }
  }
}
"""

START = """
about: {about}
start:
  by: carol
  input: {{ items: {items}, by: {by}, by_amount: {by_amount}, large: {large}, small: 1,
    day: 2026-02-27, name: XÉ }}
"""
PAID = """
given:
  bank.pay:
    - result: {{ reference: R-1 }}
decisions:
  - {{ at: 5m, by: dora, vote: approve }}
expect:
  effects:
    - bank.pay: {{ amount: {total} }}
  end: COMPLETED
  cause: completed
  output:
    said: "{said}"
    ids: {ids}
    numbers: {numbers}
    whole: {whole}
    zero: 0.00
"""
FAILED = """
given: {}
decisions: []
expect:
  effects: []
  end: TERMINATED
  cause: action_failed
"""


def start(about: str, items: str, by: int = 5, by_amount: str = "3.00", large: int = 3) -> str:
    return START.format(about=about, items=items, by=by, by_amount=by_amount, large=large)


STORIES = {
    "some": start(
        "some",
        '[{ id: " b ", amount: 1.10, count: 2, note: one, kind: a }, '
        "{ id: a, amount: 2.00, count: 1, kind: b }, { id: B, amount: 0.05, count: 0, kind: b }, "
        "{ id: c, amount: 4.00, count: 7, note: four, kind: b }]",
    )
    + PAID.format(
        total="7.10",
        said="true; one; four; 2026-02-27T00:00:00.000Z; 2026-02-28; true; 9; 1.50/2.25; R-1; xé",
        ids="[A, B, C]",
        numbers="[2.37, 2.40, 1.10, 0.00]",
        whole="[2, 7, 0, 2, 7, 3, 4]",
    ),
    "nothing": start("nothing", "[]")
    + PAID.format(
        total="0.00",
        said="false; none; none; 2026-02-27T00:00:00.000Z; 2026-02-28; true; 9; 1.50/2.25; R-1; xé",
        ids="[]",
        numbers="[0.00, 0.00, 0.00, 0.00]",
        whole="[0, 0, 0, 2, 0, 3, 4]",
    ),
    "zero": start("a division by zero", "[]", by_amount="0.00") + FAILED,
    "large": start("an int that is too large to be written", "[]", large=10**2_500) + FAILED,
    "title": start("a title without a value", "[]", by=0) + FAILED,
}


def test_what_is_computed_is_what_is_done(told: Callable[..., str]) -> None:
    told("parcel", SPEC, {name.replace(" ", "_"): text for name, text in STORIES.items()})

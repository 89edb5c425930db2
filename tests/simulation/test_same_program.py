"""Of two versions of which `gantral diff` says that they are the same program, each does what the
other's recorded runs did, value for value; and runs of any other program are refused. Each kind of
change alone, to a spec that has all there is; `test_same_by_chance.py` has programs and changes
made by chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gantral.simulation.exploring import Limits
from replaying import Recorded, recorded, replayed, same, written

OLD = """\
role clerk
role boss
## What is lent.
workflow fund version "1.0.0" {
  team payments
  start by clerk
  input  { amount: int(min: 0, max: 100) }
  output { left: int }
  gate lend(amount: int) {
    title    "Lend {amount}"
    decide   1 of boss
    clock    { after 1h reject }
  }
  run {
    let ok = ask lend(amount: input.amount)
    complete { left: ok.amount }
  }
}
## Orders, paid.
workflow order version "1.0.0" {
  team payments
  start by clerk
  type Money = { amount: int(min: 0, max: 100), unit: "EUR" | "USD" }
  type Found = { cost: Money, note: string? }
  type Line = { name: string, ref: string }
  input  { name: string, cost: Money }
  output { how: "paid" | "late", lines: list(max: 2) of Line }
  event paid { amount: int(min: 0, max: 100) } from boss
  service shop on queue "shop" {
    ## What it costs.
    read price(name: string) -> Found { timeout 1m  retry 2 }
    effect pay(name: string, cost: Money) -> { ref: string } { timeout 1m }
    notify tell(name: string) { timeout 1m }
  }
  gate release(names: list(max: 2) of string, cost: Money) {
    title    "Pay {cost.amount}"
    releases shop.pay
    decide   1 of boss
    clock    { after 2h reject }
    lasts    30m, uses 2
  }
  run {
    let found = shop.price(name: input.name)
    require found.cost.amount > 0 else "nothing to pay"
    let lent = run workflow fund(amount: found.cost.amount)
    match lent {
      completed as got -> { }
      rejected as got -> { terminate "{got.cause}" }
      terminated as got -> { terminate "{got.cause}" }
    }
    let ok = ask release(names: ["a", input.name], cost: found.cost)
    var lines: list(max: 2) of Line = []
    for each one in ok.names at most 2 {
      let paid = shop.pay(name: one, cost: ok.cost) under ok
      set lines = lines + [{ name: one, ref: paid.ref }]
    }
    wait for paid within 1d else { complete { how: "late", lines: lines } }
    complete { how: "paid", lines: lines }
  }
  on failure { shop.tell(name: failure.cause) else { } }
}
"""
EVENT = "  event paid { amount: int(min: 0, max: 100) } from boss\n"
Change = Callable[[str, random.Random], str]


def _line(text: str, chance: random.Random, what: str) -> str:
    lines = text.splitlines()
    lines.insert(chance.randrange(len(lines) + 1), what)
    return "\n".join(lines) + "\n"


def _swap(one: str, other: str) -> Change:
    def change(text: str, chance: random.Random) -> str:
        return text.replace(one, "\0").replace(other, one).replace("\0", other)

    return change


def _put(one: str, other: str) -> Change:
    return lambda text, chance: text.replace(one, other)


# Which of them leave the program what it is is for `diff` to say.
CHANGES: dict[str, Change] = {
    "comment": lambda text, chance: _line(text, chance, "# a remark"),
    "empty line": lambda text, chance: _line(text, chance, ""),
    "layout": lambda text, chance: text.replace("  ", " " * chance.randrange(1, 5)),
    "end of line": lambda text, chance: text.replace("\n", "  # so it is\n", 3),
    "doc": _put("## What it costs.", "## What it costs, at most."),
    "doc gone": _put("## Orders, paid.\n", ""),
    "roles": _swap("role clerk\n", "role boss\n"),
    "types": _swap(
        '  type Money = { amount: int(min: 0, max: 100), unit: "EUR" | "USD" }\n',
        "  type Line = { name: string, ref: string }\n",
    ),
    "operations": _swap(
        "    effect pay(name: string, cost: Money) -> { ref: string } { timeout 1m }\n",
        "    notify tell(name: string) { timeout 1m }\n",
    ),
    "members": lambda text, chance: text.replace(EVENT, "").replace(
        "  gate rel", EVENT + "  gate rel"
    ),
    "fields": _put("{ name: string, ref: string }", "{ ref: string, name: string }"),
    "arguments": _put("(name: one, cost: ok.cost)", "(cost: ok.cost, name: one)"),
    "name of a type": _put("Money", "Sum"),
    "name of a value": _put("found", "known"),
    "name of a child": _put(" lent", " loan"),
    "words": _swap('"EUR"', '"USD"'),
    "title": _put("Lend {amount}", "Do lend {amount}"),
    "hours": _put("after 2h", "after 3h"),
    "minutes": _put("after 2h", "after 120m"),
    "default": _put("{ timeout 1m  retry 2 }", "{ retry 2  timeout 1m }"),
    "brackets": _put("found.cost.amount > 0", "(found.cost.amount > 0)"),
    "unused type": _put("  type Line", "  type Other = { at: date }\n  type Line"),
    "unused role": _put("role boss\n", "role boss\nrole auditor\n"),
    "unused event": _put("  event paid", "  event other { why: string } from boss\n  event paid"),
    "unused operation": _put(
        "    notify tell", "    read rate() -> { rate: int } { timeout 1m }\n    notify tell"
    ),
    "version": _put('order version "1.0.0"', 'order version "1.1.0"'),
    "child": _put('fund version "1.0.0"', 'fund version "1.1.0"'),
    "time limit": _put("{ timeout 1m  retry 2 }", "{ timeout 2m  retry 2 }"),
    "condition": _put("amount > 0", "amount > 1"),
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    file = tmp_path_factory.mktemp("old") / "order.gantral"
    with recorded(file, OLD, "order", Limits(100, 100)) as found:
        assert len(found.stories) > 8
        yield found


def test_what_diff_calls_the_same_does_the_same(
    old: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts: Counter[str] = Counter()
    texts = {name: change(OLD, random.Random(0)) for name, change in CHANGES.items()}
    assert OLD not in texts.values()
    for name, text in texts.items():
        with written(tmp_path / "order.gantral", text, "order") as (checked, made):
            kept = same(old.checked, checked)
            wrong = replayed(old, made)
            assert bool(wrong) != kept, (name, wrong[:1])
        verdicts["same" if kept else "another"] += 1
        capsys.readouterr()
    print(f"of {len(texts)} versions {verdicts['same']} are the same program")
    assert min(verdicts["same"], verdicts["another"]) >= len(texts) // 4

"""What the checker knows of a value, a type checker of the generated code knows too; one run over
many small specs, each a way by which it could know less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate

FRAME = """
role clerk
role head
workflow sample version "1.0.0" {
  team payments
  start by clerk
  type Address = { street: string, zip: string }
  input {
    amount: decimal(scale: 2), whole: decimal(scale: 0)?, limit: decimal(scale: 2)?, note: string?,
    flag: bool, level: "low" | "high", addr: Address, maybe: { a: int, s: string? }?
  }
  output { total: decimal(scale: 2)? }
  service bank on queue "bank" {
    read look(q: string) -> { amount: decimal(scale: 2), addr: { street: string, zip: string } } {
      timeout 10s
    }
    notify tell(text: string) { timeout 10s }
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate bounded(amount: decimal(scale: 2)) {
    releases bank.pay
    decide 1 of head
    clock  { after 24h reject }
    amend  amount where new <= old
    lasts  30m
  }
  run {
    BODY
    let ok = ask bounded(amount: input.amount)
    let done = bank.pay(amount: ok.amount) under ok
    complete { total: ok.amount }
  }
}
"""
BODIES = [
    'require input.maybe?.s is some else "x" bank.tell(text: "{input.maybe.s}")',
    'if input.maybe?.s is none { complete } bank.tell(text: "{input.maybe.a}")',
    """let one = (if input.flag then input.maybe else none)?.s ?? "z"
    let got = bank.look(q: "x") else { give none }
    let two = (if input.flag then got else none)?.amount ?? 1
    bank.tell(text: "{one} {two}")""",
    "if (if input.flag then input.maybe else none)?.s is some { complete }",
    """let whole = input.whole ?? 0.50
    let wide: decimal(scale: 4) = input.amount
    let most: decimal(scale: 4)? = input.limit
    bank.tell(text: "{whole} {wide} {most ?? 1}")""",
    """let got = bank.look(q: "x") else { give none }
    let one: Address? = got?.addr
    let two: Address = (if input.flag then got?.addr else none) ?? input.addr
    bank.tell(text: "{one?.street ?? two.street}")""",
    """require input.limit is some else "x"
    require input.amount < input.limit else "y" """,
    """if input.limit is some { require input.amount < input.limit else "y" }""",
    """if input.maybe is none { terminate "x" }
    require input.maybe.a > 3 and input.amount > 3.00 else "y" """,
    """if input.maybe is some {
      if input.flag {
        require input.maybe.s is some else "l"
        if input.maybe.s == "x" or input.amount > 3 { bank.tell(text: "x") }
      }
    }""",
    """let a = bank.look(q: "1") else as f {
      bank.tell(text: "1") else as g {
        if g.happened == "no" { give none }
        bank.tell(text: f.cause) else { give { amount: 3, addr: input.addr } }
      }
      bank.tell(text: "3")
      give none
    }
    if a is some { complete { total: a.amount } }""",
    """if input.level == "low" { complete }
    let level: "high" = input.level
    bank.tell(text: level)""",
]


def test_mypy_and_ruff_find_nothing(tmp_path: Path) -> None:
    for number, body in enumerate(BODIES):
        text = FRAME.replace("BODY", body)
        analysis = analyse(Project({"x": text}.get), "x")
        assert [one for one in analysis.diagnostics if one.severity == "error"] == []
        folder = tmp_path / "found" / f"p{number}"
        folder.mkdir(parents=True)
        for name, data in generate(analysis.programs[0], {"x": text}).files.items():
            (folder / name).write_bytes(data)
    (tmp_path / "found" / "__init__.py").touch()
    cache = ["--cache-dir", str(tmp_path / "cache"), "--config-file", os.devnull]
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *cache, "found"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout


def test_a_handler_in_a_handler_gives_to_the_one_that_is_bound() -> None:
    text = FRAME.replace(
        "BODY",
        """let got = bank.look(q: "1") else {
          bank.tell(text: "1") else {
            ask bounded(amount: 1)
            give { amount: 3, addr: input.addr }
          }
          give none
        }
        let last = got?.amount ?? 1
        bank.tell(text: "{last}")""",
    ).replace("amend  amount where new <= old", "")
    (program,) = analyse(Project({"x": text}.get), "x").programs
    files = generate(program, {"x": text}).files
    handler = files["workflow.py"].decode().split("except ActionFailed:")[2]
    assert "got = BankLookResult(" in handler
    assert handler.index("break") < handler.index("got = None") < handler.rindex("break")
    sites = {row[0]: row[2] for row in json.loads(files["manifest.json"])["automaton"]}
    # What follows the give is what follows the whole call.
    assert sites["bounded/1:resumed"] == ["bounded/2", "terminated"]

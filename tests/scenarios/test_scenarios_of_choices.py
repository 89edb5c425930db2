"""What a `match` and a variable decide really comes to the gate, the bank and the output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.cli.main import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"

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


def test_choices_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "parcel.gantral").write_text(SPEC, "utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "parcel-app"\nversion = "1.0.0"\n[tool.gantral]\n'
        'specs = ["parcel.gantral"]\ngenerate.to = "src/parcel_app/gen"\n'
        'generate.package = "parcel_app.gen"\n',
        "utf-8",
    )
    settings = (EXAMPLE / "gantral.toml").read_text("utf-8")
    settings = settings.replace("refund_app.gen.refund", "parcel_app.gen.parcel")
    (tmp_path / "gantral.toml").write_text(settings, "utf-8")
    (tmp_path / "personas.toml").write_text((EXAMPLE / "personas.toml").read_text("utf-8"))
    (tmp_path / "scenarios").mkdir()
    for name, text in STORIES.items():
        (tmp_path / "scenarios" / f"{name}.yaml").write_text(text, "utf-8")
    package = tmp_path / "src" / "parcel_app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["compile"]) == 0
    code = main(["test"])
    said = capfd.readouterr()
    assert code == 0, said.out + said.err
    assert re.search(rf"^{len(STORIES)} scenarios: {len(STORIES)} ok, 0 failed", said.out, re.M)

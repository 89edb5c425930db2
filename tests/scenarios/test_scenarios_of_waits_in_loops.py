"""A wait that opens once a round: evidence tells its rounds apart, and each takes one event."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.cli.main import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "refund"

SPEC = """
role support_agent
role finance_manager
role finance_director

workflow access version "1.0.0" {
  team payments
  start by support_agent

  input  { systems: list(max: 2) of string }
  output { told: list(max: 2) of string, how: string, granted: int }

  service directory on queue "directory" {
    effect grant(system: string) -> { ticket: string } { timeout 1m  idempotent }
  }
  gate review(system: string) {
    releases directory.grant
    decide   1 of finance_director
    clock    { after 24h reject }
    lasts    30m
  }
  event note { text: string(max: 20) } from initiator

  run {
    let told = for each system in input.systems at most 2 {
      let got = wait for note within 1h else { give none }
      collect if got is some then got.text else system
    }
    var granted: int = 0
    let how = repeat at most 2 {
      let ok = ask review(system: "prod")
      wait {
        for note as it {
          if it.text == "stop" { give "stopped" }
          directory.grant(system: ok.system) under ok
          set granted = granted + 1
        }
      } within 10m else { give "silence" }
    } else { give "done" }
    complete { told: told, how: how, granted: granted }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ systems: [a, b] }}
given: {{ {given} }}
decisions:
{acts}
expect:
  effects: [{effects}]
  end: COMPLETED
  output: {{ {output} }}
"""


def sent(at: str, text: str, rest: str = "") -> str:
    return f"  - {{ at: {at}, by: carol, send: note, data: {{ text: {text} }}{rest} }}\n"


def yes(at: str) -> str:
    return f"  - {{ at: {at}, by: dora, vote: approve }}\n"


GIVEN = "directory.grant: [{ result: { ticket: T-1 } }, { result: { ticket: T-2 } }]"
GRANT = "{ directory.grant: { system: prod } }"
STORIES = {
    "silence": (yes("1m"), "", "told: [a, b], how: silence, granted: 0"),
    "second round": (
        sent("1h1m", "x") + yes("1m") + sent("2m", "stop"),
        "",
        "told: [a, x], how: stopped, granted: 0",
    ),
    "all rounds": (
        sent("1m", "x")
        + sent("2m", "y")
        + sent("3m", "z", ", refused: event_not_awaited")
        + yes("4m")
        + sent("5m", "go")
        + yes("6m")
        + sent("7m", "go"),
        f"{GRANT}, {GRANT}",
        "told: [x, y], how: done, granted: 2",
    ),
}


def test_each_round_takes_one_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "access.gantral").write_text(SPEC, "utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "access-app"\nversion = "1.0.0"\n[tool.gantral]\n'
        'specs = ["access.gantral"]\ngenerate.to = "src/access_app/gen"\n'
        'generate.package = "access_app.gen"\n',
        "utf-8",
    )
    settings = (EXAMPLE / "gantral.toml").read_text("utf-8")
    settings = settings.replace("refund_app.gen.refund", "access_app.gen.access")
    (tmp_path / "gantral.toml").write_text(settings, "utf-8")
    (tmp_path / "personas.toml").write_text((EXAMPLE / "personas.toml").read_text("utf-8"))
    (tmp_path / "scenarios").mkdir()
    for name, (acts, effects, output) in STORIES.items():
        text = STORY.format(
            about=name, given=GIVEN if effects else "", acts=acts, effects=effects, output=output
        )
        (tmp_path / "scenarios" / f"{name}.yaml").write_text(text, "utf-8")
    package = tmp_path / "src" / "access_app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["compile"]) == 0
    code = main(["test"])
    said = capfd.readouterr()
    assert code == 0, said.out + said.err
    assert re.search(rf"^{len(STORIES)} scenarios: {len(STORIES)} ok, 0 failed", said.out, re.M)

"""A wait that opens once a round: evidence tells its rounds apart, and each takes one event."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_project import play

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
    stories = {
        name: STORY.format(
            about=name, given=GIVEN if effects else "", acts=acts, effects=effects, output=output
        )
        for name, (acts, effects, output) in STORIES.items()
    }
    last = list(stories)[-1:]
    play(tmp_path, monkeypatch, capfd, "access", SPEC, stories, on_server=last)

"""What an event and silence bring about, judged by the real verifier."""

from __future__ import annotations

import re
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

  input  { system: string, hours: int(min: 1, max: 12) }
  output { how: string, by: string, at: string }

  service directory on queue "directory" {
    read manager_of(person: person) -> { manager: person } { timeout 10s }
    effect grant(system: string) -> { ticket: string } {
      timeout 1m  undo revoke(ticket: result.ticket)
    }
    effect revoke(ticket: string) { timeout 1m  idempotent retry 2 }
  }
  gate review(system: string, hours: int(min: 1, max: 12)) {
    releases directory.grant
    decide   1 of finance_director
    amend    hours where new >= 1 and new <= old
    clock    { after 24h reject }
    lasts    30m
  }
  gate closing(place: string) {
    decide 1 of finance_director
    clock  { after 24h reject }
  }
  event surrender { place: string(max: 20), to: person, secret: string? personal } from initiator
  event recall {} from finance_manager, finance_director

  run {
    let ok = ask review(system: input.system, hours: input.hours)
    let given = directory.grant(system: ok.system) under ok
    var how: string = "silence"
    wait {
      for surrender as it {
        if it.secret is some { set how = it.secret }
        else { set how = it.place }
      }
      for recall { set how = "recalled" }
    } within ok.hours * 1h else { }
    undo given
    let after = wait for surrender within 10m else {
      if how == "recalled" { terminate "recalled" }
      give none
    }
    if after is some { ask closing(place: after.place) }
    complete { how: how, by: if after is some then "{after.to}" else "nobody", at: "x" }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ system: prod, hours: 8 }}
given:
  directory.grant: [{{ result: {{ ticket: T-1 }} }}]
  directory.revoke: [{{}}]
decisions:
  - {{ at: 5m, by: dora, vote: amend, values: {{ hours: 3 }} }}
{acts}
expect:
  effects:
    - directory.grant: {{ system: prod }}
    - directory.revoke: {{ ticket: T-1 }}
  transitions: [CREATED, RUNNING, WAITING_FOR_HUMAN, OVERRIDDEN, RESUMED, RUNNING{more}, {end}]
  end: {end}
{output}
"""


def story(acts: str, output: str, end: str = "COMPLETED", more: str = "") -> str:
    about = " ".join(re.findall(r"\w+", acts + output)) or "silence"
    told = f"  output: {{ {output}, at: x }}" if output else ""
    return STORY.format(about=about[:70], acts=acts, output=told, end=end, more=more)


def sent(at: str, by: str, event: str, rest: str = "") -> str:
    return f"  - {{ at: {at}, by: {by}, send: {event}{rest} }}\n"


DATA = ", data: { place: desk, to: bob }"
SECRET = ", data: { place: desk, to: bob, secret: hidden }"
STORIES = {
    "silence": story("", "how: silence, by: nobody"),
    "surrendered": story(sent("2h", "carol", "surrender", DATA), "how: desk, by: nobody"),
    "secret": story(sent("2h59m", "carol", "surrender", SECRET), "how: hidden, by: nobody"),
    "twice": story(
        sent("1m", "carol", "surrender", DATA)
        + sent("9m", "carol", "surrender", DATA)
        + "  - { at: 1h, by: dora, vote: approve }",
        "how: desk, by: bob",
        more=", WAITING_FOR_HUMAN, APPROVED, RESUMED, RUNNING",
    ),
    "recalled": story(sent("1h", "alice", "recall"), "", "TERMINATED"),
    "refused, then recalled": story(
        sent("1m", "carol", "recall", ", refused: event_sender")
        + sent("1m", "dora", "surrender", DATA + ", refused: event_sender")
        + sent("1m", "carol", "surrender", ", data: { place: nowhere }, refused: event_refused")
        + sent(
            "1m",
            "carol",
            "surrender",
            ", data: { place: 123456789012345678901, to: bob }, refused: event_refused",
        )
        + sent("2m", "dora", "recall"),
        "",
        "TERMINATED",
    ),
    "late": story(
        # The first wait is over by then, and the second waits for no recall.
        sent("3h1m", "alice", "recall", ", refused: event_not_awaited"),
        "how: silence, by: nobody",
    ),
}


def test_events_and_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server = ("late",)
    play(tmp_path, monkeypatch, capfd, "access", SPEC, STORIES, on_server=server)

"""A run that an operator asks to cancel: at a gate, before it, in a wait, in a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gantral.cli.main import main
from own_project import write

if TYPE_CHECKING:
    from conftest import Told

SPEC = """\
role clerk
role boss

workflow rent version "1.0.0" {
  team shop
  start by clerk

  input  { item: string }
  output { how: string }

  service stock on queue "stock" {
    read find(item: string) -> { shelf: string } { timeout 1m }
    effect hand_out(item: string) -> { slip: string } {
      timeout 1m  idempotent
      undo take_back(slip: result.slip)
    }
    effect take_back(slip: string) { timeout 1m  idempotent }
    notify tell(text: string) { timeout 1m }
  }
  gate lend(item: string) {
    releases stock.hand_out
    decide   1 of boss
    clock    { after 24h reject }
    lasts    1h
  }
  event back { note: string } from clerk

  run {
    let found = stock.find(item: input.item)
    let ok = ask lend(item: input.item)
    stock.hand_out(item: ok.item) under ok
    wait for back within 8h else { complete { how: "kept" } }
    complete { how: "back on {found.shelf}" }
  }
  on failure { stock.tell(text: "no rent: {failure.cause}") else { } }
}
"""
FOUND = "stock.find: [{ result: { shelf: A } }]"
HANDED = "stock.hand_out: [{ result: { slip: s1 } }]"
UNDONE = "stock.take_back: [{}], stock.tell: [{}]"
YES = "{ at: 5m, by: { name: dora, roles: [boss] }, vote: approve }"
STOPPED = "end: TERMINATED, cause: cancelled"
TAKEN_BACK = "[stock.hand_out: { item: ladder }, stock.take_back: { slip: s1 }]"


def story(about: str, given: str, acts: str, expected: str) -> str:
    return f"""\
about: {about}
start: {{ by: {{ name: carol, roles: [clerk] }}, input: {{ item: ladder }} }}
given: {{ {given} }}
decisions: [{acts}]
expect: {{ {expected} }}
"""


STORIES = {
    "at_the_gate": story(
        "while it waits for people, and a vote that comes after it",
        FOUND,
        "{ at: 20m, cancel: rent, gate: lend },"
        " { at: 30m, by: { name: dora, roles: [boss] }, vote: approve, refused: not_waiting }",
        "end: REJECTED, cause: cancelled, effects: [],"
        " transitions: [CREATED, RUNNING, WAITING_FOR_HUMAN, REJECTED]",
    ),
    "before_the_gate": story(
        "while the gate is being opened, so that nobody is ever asked",
        f"{FOUND}, stock.tell: [{{}}]",
        "{ cancel: rent, before: lend }",
        f"{STOPPED}, effects: [], transitions: [CREATED, RUNNING, TERMINATED]",
    ),
    "in_the_wait": story(
        "while it waits for the ladder, which is then taken back",
        f"{FOUND}, {HANDED}, {UNDONE}",
        f"{YES}, {{ at: 1h, cancel: rent }}",
        f"{STOPPED}, effects: {TAKEN_BACK}",
    ),
    "in_the_call": story(
        "while the ladder is handed out; the call is let to its end, and undone",
        f"{FOUND}, {HANDED}, {UNDONE}",
        f"{YES}, {{ cancel: rent, during: stock.hand_out }}",
        f"{STOPPED}, effects: {TAKEN_BACK}",
    ),
    "in_a_read": story(
        "while it looks for the ladder",
        f"{FOUND}, stock.tell: [{{}}]",
        "{ cancel: rent, during: stock.find }",
        f"{STOPPED}, effects: []",
    ),
}


def test_a_run_is_cancelled_where_it_stands(told: Told) -> None:
    told("rent", SPEC, STORIES, on_server=["at_the_gate", "before_the_gate", "in_the_call"])


def test_one_that_does_not_come_to_pass_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = {
        "never_called": story(
            "nothing is taken back",
            f"{FOUND}, {HANDED}",
            f"{YES}, {{ cancel: rent, during: stock.take_back }}",
            "end: COMPLETED",
        ),
        "too_late": story(
            "it has ended by then",
            f"{FOUND}, {HANDED}",
            f"{YES}, {{ at: 9h, cancel: rent }}",
            "end: COMPLETED",
        ),
    }
    write(tmp_path, "rent", SPEC, stories)
    monkeypatch.chdir(tmp_path)
    assert main(["test", "--format", "json"]) == 1
    found = {one["file"]: one["told"] for one in json.loads(capsys.readouterr().out)["scenarios"]}
    assert found == {
        "scenarios/never_called.yaml": [
            "line 4: nobody is cancelled: stock.take_back is never called"
        ],
        "scenarios/too_late.yaml": ["line 4: no run of rent could be cancelled"],
    }

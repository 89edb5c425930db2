"""Who decides, on the real workers: cases of `decide`, points, a veto by a person, nobody left."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_project import EXAMPLE, play

SPEC = """
role support_agent
role finance_manager
role finance_director

workflow parcel version "1.0.0" {
  team payments
  start by support_agent

  input  { fee: decimal(scale: 2) }
  output { fee: decimal(scale: 2) }

  service book on queue "book" {
    read owners() -> { owner: person, second: person } { timeout 1m }
  }
  service bank on queue "bank" {
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate review(fee: decimal(scale: 2), owner: person, second: person) {
    releases bank.pay
    decide   1 of finance_director when fee <= 10
    decide   2 points of { actor owner: 1, actor second: 1 } when fee > 1000
    decide   4 points of { finance_manager: 2, finance_director: 3 }
    veto     actor owner
    amend    fee where new > 0.00 and new <= old
    clock    { after 8h widen finance_director to finance_manager  after 24h reject }
    lasts    30m
  }

  run {
    let who = book.owners()
    let ok = ask review(fee: input.fee, owner: who.owner, second: who.second)
    bank.pay(amount: ok.fee) under ok
    complete { fee: ok.fee }
  }
}
"""

STORY = """
about: "{about}"
start:
  by: carol
  input: {{ fee: {fee} }}
given:
  book.owners:
    - result: {{ owner: erin, second: erin }}{given}
decisions:{decisions}
expect:
  effects: {effects}
  end: {end}
  cause: {cause}
"""


def story(about: str, fee: str, decisions: str, end: str, paid: str = "") -> str:
    return STORY.format(
        about=about,
        fee=fee,
        given="\n  bank.pay:\n    - result: { reference: R-1 }" if paid else "",
        decisions="".join(f"\n  - {{ {one.strip()} }}" for one in decisions.split(";") if one)
        or " []",
        effects=f"\n    - bank.pay: {{ amount: {paid} }}" if paid else "[]",
        end="COMPLETED" if paid else "REJECTED",
        cause=end,
    )


LESS = "values: { fee: 9.00 }"
STORIES = {
    "two_managers": story(
        "two managers bring four points, and a director alone does not",
        "40.00",
        "at: 1m, by: dora, vote: approve; at: 2m, by: alice, vote: approve",
        "completed",
        "40.00",
    ),
    "three_points": story(
        "a director brings three points, and four are wanted",
        "40.00",
        "at: 1m, by: dora, vote: approve",
        "deadline",
    ),
    "managers_are_no_directors": story(
        "a small fee is a director's",
        "10.00",
        "at: 1m, by: alice, vote: approve, refused: role; at: 2m, by: dora, vote: approve",
        "completed",
        "10.00",
    ),
    "widened": story(
        "after eight hours a manager counts as a director: in a small fee, and for three points",
        "10.00",
        "at: 9h, by: alice, vote: approve",
        "completed",
        "10.00",
    ),
    "widened_points": story(
        "two managers bring six points then, one brings three",
        "40.00",
        "at: 9h, by: alice, vote: approve; at: 10h, by: bob, vote: approve",
        "completed",
        "40.00",
    ),
    "both_cases": story(
        "a change to a small fee wants a director as well as four points",
        "40.00",
        f"at: 1m, by: alice, vote: amend, {LESS}; at: 2m, by: bob, vote: amend, {LESS};"
        f"at: 3m, by: dora, vote: amend, {LESS}",
        "completed",
        "9.00",
    ),
    "until_widened": story(
        "two managers bring the points, and count as directors for the change from eight hours on",
        "40.00",
        f"at: 1m, by: alice, vote: amend, {LESS}; at: 2m, by: bob, vote: amend, {LESS}",
        "completed",
        "9.00",
    ),
    "one_case_alone": story(
        "a director decides on the change, and brings too little for what was asked",
        "40.00",
        f"at: 1m, by: dora, vote: amend, {LESS}",
        "deadline",
    ),
    "veto": story(
        "the owner, who holds no role, says no",
        "40.00",
        "at: 1m, by: alice, vote: approve; at: 2m, by: erin, vote: approve, refused: role;"
        "at: 3m, by: erin, vote: reject",
        "veto",
    ),
    "nobody_left": story(
        "two owners who are one person bring one point, and two are wanted",
        "2000.00",
        "",
        "no_eligible",
    ),
}


def test_who_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    people = (EXAMPLE / "personas.toml").read_text("utf-8")
    people += '\n[erin]\nname = "Erin Sato"\ngroups = []\nacr = "mfa"\n'
    files = {"personas.toml": people}
    play(tmp_path, monkeypatch, capfd, "parcel", SPEC, STORIES, files)

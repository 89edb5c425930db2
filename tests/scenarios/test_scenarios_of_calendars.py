"""On a calendar the clock counts open time: a yes comes in time after more hours than it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_project import play

SPEC = """
role support_agent
role finance_director

calendar halves { zone "UTC" days mon .. sun hours 00:00 .. 12:00 }

workflow payout version "1.0.0" {
  team payments
  start by support_agent

  input  { amount: decimal(scale: 2) }
  output { amount: decimal(scale: 2) }

  gate review(amount: decimal(scale: 2)) {
    decide 1 of finance_director
    clock  on halves { after 1h remind  after 24h reject }
  }

  run {
    let ok = ask review(amount: input.amount)
    complete { amount: ok.amount }
  }
}
"""

STORY = """
about: {name}
start: {{ by: carol, input: {{ amount: 40.00 }} }}
decisions: {decisions}
expect:
  transitions: [CREATED, RUNNING, WAITING_FOR_HUMAN, {transitions}]
  end: {end}
  cause: {cause}
"""
# 24 hours of open time are two half days: between 36 and 60 hours, whenever the gate opens.
STORIES = {
    "in_time": STORY.format(
        name="a yes after a day and a half is in time",
        decisions="[{ at: 35h, by: dora, vote: approve }]",
        transitions="APPROVED, RESUMED, RUNNING, COMPLETED",
        end="COMPLETED",
        cause="completed",
    ),
    "too_late": STORY.format(
        name="silence is rejection in open time too",
        decisions="[]",
        transitions="REJECTED",
        end="REJECTED",
        cause="deadline",
    ),
}


def test_open_time_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, monkeypatch, capfd, "payout", SPEC, STORIES)

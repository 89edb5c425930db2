"""A decision at the moment of a timer, and a server that falls silent (ADR 0161)."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from gantral.cli.main import main
from gantral.cli.scenarios import clock
from gantral.cli.tools import servers
from gantral.runtime.gate import Gates

if TYPE_CHECKING:
    from conftest import Told

SPEC = """
role clerk
role boss

workflow leave version "1.0.0" {
  team people
  start by clerk
  input { days: int(min: 1, max: 30) }
  gate grant(days: int(min: 1, max: 30)) {
    decide 1 of boss
    clock  { after 1h remind  after 24h reject }
  }
  event taken {} from boss
  run {
    ask grant(days: input.days)
    wait for taken within 24h else { terminate "not taken" }
    complete {}
  }
}
"""
STORY = """workflow: leave
about: {about}
start:
  by: {{ name: carol, roles: [clerk] }}
  input: {{ days: 3 }}
decisions:
  - {{ at: {vote}, by: {{ name: dora, roles: [boss] }}, vote: approve{refused} }}{sent}
expect: {{ end: {end} }}
"""


def story(about: str, vote: str, end: str, refused: str = "", sent: str = "") -> str:
    return STORY.format(about=about, vote=vote, end=end, refused=refused, sent=sent)


def test_what_happens_at_the_moment_of_a_timer_comes_after_it(
    told: Told, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    taken = "\n  - { at: 1h, by: { name: dora, roles: [boss] }, send: taken }"
    told(
        "leave",
        SPEC,
        {
            "at the reminder": story("at the reminder", "1h", "COMPLETED", sent=taken),
            "at the deadline": story("late", "24h", "REJECTED", ", refused: not_waiting"),
        },
    )
    # A slow machine: the timer fires a while after it was due, in the midst of the task that counts
    # the vote and cancels it.
    waits: Any = Gates._decision
    counts: Any = Gates.decide

    async def waits_late(self: Gates, *given: Any) -> Any:
        time.sleep(0.5)
        return await waits(self, *given)

    async def counts_slowly(self: Gates, delivery: dict[str, Any]) -> Any:
        time.sleep(0.8)
        return await counts(self, delivery)

    monkeypatch.setattr(Gates, "_decision", waits_late)
    monkeypatch.setattr(Gates, "decide", counts_slowly)
    assert main(["test", "--server"]) == 0, capfd.readouterr().out


def test_a_server_that_falls_silent_fails_one_scenario_and_no_other(
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    taken = "\n  - { at: 2h, by: { name: dora, roles: [boss] }, send: taken }"
    stories = {
        name: story(f"the {name} one", "2h", "COMPLETED", sent=taken)
        for name in ("first", "second")
    }
    told("leave", SPEC, stories)
    processes: list[int] = []
    start = servers.start_test_server

    def started(*args: Any, **more: Any) -> servers.TestServer:
        server = start(*args, **more)
        processes.append(server.process.pid)
        return server

    leap = clock.Clock.leap

    async def stopped(self: clock.Clock, by: timedelta) -> None:
        if len(processes) == 1:
            os.kill(processes[0], signal.SIGSTOP)
        await leap(self, by)

    monkeypatch.setattr(servers, "start_test_server", started)
    monkeypatch.setattr(clock.Clock, "leap", stopped)
    monkeypatch.setattr(clock, "_LONGEST", timedelta(seconds=1))
    assert main(["test", "--server"]) == 1
    said = capfd.readouterr()
    assert re.search(r"^FAIL  scenarios/first", said.out, re.M)
    assert "the time-skipping server did not answer" in said.out
    assert re.search(r"^ok    scenarios/second", said.out, re.M)
    assert "bug in gantral" not in said.out + said.err

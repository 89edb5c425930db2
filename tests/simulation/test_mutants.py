"""Code and checks altered by hand: simulate finds each, and replay tells it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.simulating.code import code, read
from gantral.runtime import gate, votes
from gantral.runtime.workers import commit, effects
from simulated import PAYOUT, Command


def mutated(folder: Path, *changes: tuple[str, str]) -> None:
    """Write the generated package of PAYOUT with its workflow.py changed."""
    (folder / "payout.gantral").write_text(PAYOUT, "utf-8")
    with code(read("payout.gantral"), "payout", None) as made:
        package = Path(__import__(made.packages["payout"], fromlist=["workflow"]).__file__).parent
        (folder / "code" / "payout").mkdir(parents=True)
        for file in package.iterdir():
            if file.is_file():
                (folder / "code" / "payout" / file.name).write_bytes(file.read_bytes())
    file = folder / "code" / "payout" / "workflow.py"
    text = file.read_text("utf-8")
    for pattern, other in changes:
        text, count = re.subn(pattern, other, text, flags=re.DOTALL)
        assert count == 1, (pattern, text)
    file.write_text(text, "utf-8")


def broken(command: Command, rule: str, *more: str) -> str:
    """Simulate what is there: this rule is broken, and the story replayed tells it. Its words."""
    status, told = command("simulate", "payout.gantral", "--states", "40", *more)
    assert status == 1, told
    file = f"stories/payout.{rule.replace(' ', '_')}.json"
    assert f"gantral replay {file}" in told
    status, steps = command("replay", file, *more)
    assert status == 1
    assert steps.startswith("  1 ")
    assert "BROKEN" in steps.splitlines()[-1]
    return steps


UNASKED = (
    (r"ok = await self\.ask\(.*?\n        \)\n        paid", "paid"),
    (r"name=ok\.name, amount=ok\.amount", "name=input.name, amount=input.amount"),
    (r"under=\(ok,\)", "under=()"),
)


def test_code_without_its_ask_is_stopped_and_found(tmp_path: Path, command: Command) -> None:
    mutated(tmp_path, *UNASKED)
    told = broken(command, "program", "--code", "code")
    assert "no approval is named" in told


def test_code_without_its_ask_whose_worker_checks_nothing_acts(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unchecked(call: Any) -> Any:
        await call.made.call(
            None or _context(call), call.made.arguments(call.command["arguments"]), None
        )
        return effects._answer("not_done", effects.Cause.NONE, "none")

    monkeypatch.setattr(effects._Call, "answer", unchecked)
    mutated(tmp_path, *UNASKED)
    told = broken(command, "authority", "--code", "code")
    assert "without a committed approval of release" in told


def _context(call: Any) -> Any:
    return effects.call_context(
        team=call.command["team"],
        workflow_id=call.command["workflow_id"],
        instance_id=call.command["instance_id"],
        call=call.command["call"],
        operation=call.made.operation,
    )


def test_a_validator_that_lets_all_pass_is_found(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The recount of the evidence worker still refuses to sign: the run fails.
    monkeypatch.setattr(votes, "accept_vote", lambda *rest: None)
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    assert "may not decide at release, and the vote was counted" in broken(command, "voters")


def test_code_that_is_not_deterministic_is_found(tmp_path: Path, command: Command) -> None:
    mutated(
        tmp_path,
        (r"from typing import", "from itertools import count\nfrom typing import"),
        (r"class Gates:", "COUNT = count()\n\n\nclass Gates:"),
        (r"name=ok\.name, amount=ok\.amount", "name=ok.name + str(next(COUNT)), amount=ok.amount"),
    )
    status, told = command("simulate", "payout.gantral", "--states", "40", "--code", "code")
    assert status == 1
    assert "BROKEN  played again from its history, a run does the same" in told


def test_a_gate_that_closes_on_nothing_is_refused_by_the_recount(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = votes.count

    def lenient(*rest: Any) -> Any:
        standing = real(*rest)
        if standing.outcome == "rejected":
            return type(standing)("approved", standing.by, standing.votes, ())
        return standing

    monkeypatch.setattr(votes, "count", lenient)
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    assert "the votes amount to rejected" in broken(command, "evidence")


def test_a_clock_that_never_ends_a_gate_is_found(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(self: gate.Gates, opened: Any) -> Any:
        while opened.outcome is None and not self._notes.cancelled:
            await gate.until(lambda: opened.closed or self._notes.cancelled)
        return opened.outcome or gate.Cause.CANCELLED

    monkeypatch.setattr(gate.Gates, "_outcome", forever)
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    status, told = command("simulate", "payout.gantral", "--states", "60")
    assert status == 1
    assert "BROKEN  every course ends" in told


def test_a_commit_that_signs_an_illegal_move_is_found(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The machine's own table is what is left to see it.
    monkeypatch.setattr(commit, "judge", lambda *rest: commit.Judged("none", ()))
    (tmp_path / "payout.gantral").write_text(PAYOUT, "utf-8")
    status, told = command("simulate", "payout.gantral", "--states", "40")
    assert status == 1
    assert "BROKEN  evidence is committed, and VALID at the end" in told

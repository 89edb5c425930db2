"""A scenario that does not come out as it says fails, and says what came out instead."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from gantral.api.temporal import Gateway, Rejected
from gantral.cli.main import main
from gantral.cli.scenarios import play
from gantral.runtime.workers.replaying import Recorded

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "examples/refund/scenarios/amended_by_two_who_join.yaml").read_text("utf-8")

# name -> (what is changed, into what, lines that must be said)
STORIES = {
    "transitions": (
        "    - OVERRIDDEN",
        "    - APPROVED",
        [
            "the transitions differ (- expected, + got):",
            "    WAITING_FOR_HUMAN     +0.",
            "  - APPROVED",
            "  + OVERRIDDEN              +1h  amended",
            "    COMPLETED               +1h  completed",
        ],
    ),
    "effects": (
        "amount: { amount: 25.00,",
        "amount: { amount: 40.00,",
        [
            "the effects differ (- expected, + got):",
            '  - payments.refund({"amount": {"amount": "40.00", "currency": "EUR"}',
            '  + payments.refund({"amount": {"amount": "25.00", "currency": "EUR"}',
        ],
    ),
    "end": ("  end: COMPLETED", "  end: REJECTED", ["end: expected REJECTED, got COMPLETED"]),
    "cause": ("cause: completed", "cause: veto", ["cause: expected veto, got completed"]),
    "output": ("output: { receipt_id: R-0001", "output: { receipt_id: R-7", ["output: expected"]),
    "refused": (
        "    by: alice\n",
        "    by: frank\n",
        ["line 15: frank's amend was refused by the rule assurance"],
    ),
    "not_refused": (
        "    vote: amend\n",
        "    vote: amend\n    refused: role\n",
        ["line 15: alice's amend was to be refused by the rule role, and was counted"],
    ),
    "unforeseen": (
        "  payments.refund:\n    - result: { receipt_id: R-0001 }\n",
        "",
        ["payments.refund is called, and given says no further answer of it"],
    ),
    "left_over": (
        "    - result: { receipt_id: R-0001 }\n",
        "    - result: { receipt_id: R-0001 }\n    - result: { receipt_id: R-0002 }\n",
        ["given.payments.refund has more answers than were asked for"],
    ),
    "policy_left_over": (
        "finance: REQUIRE_HUMAN",
        "finance: [REQUIRE_HUMAN, ALLOW]",
        ["policy.finance has more answers than were asked for"],
    ),
    "start": (
        "    reason: the lamp arrived broken\n",
        "    reason: the lamp arrived broken\n  refused: start_not_allowed\n",
        ["the start was to be refused by the rule start_not_allowed, and was not"],
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "refund"
    left_out = shutil.ignore_patterns("build", "gen", "scenarios", "__pycache__")
    shutil.copytree(ROOT / "examples" / "refund", home, ignore=left_out)
    (home / "scenarios").mkdir()
    monkeypatch.chdir(home)
    return home


def test_each_difference_fails_and_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (old, new, _) in STORIES.items():
        assert old in GOOD
        changed = GOOD.replace(old, new, 1)
        (project / "scenarios" / f"{name}.yaml").write_text(changed)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    failures = r"^FAIL  scenarios/(\w+)\.yaml  [^\n]*\n((?:      [^\n]*\n)+)"
    told = dict(re.findall(failures, out, re.MULTILINE))
    assert told.keys() == STORIES.keys()
    for name, (_, _, lines) in STORIES.items():
        for line in lines:
            assert f"      {line}" in told[name], f"{name}: {line}\n{told[name]}"
    assert f"0 ok, {len(STORIES)} failed" in out


def test_evidence_that_is_not_valid_fails_a_scenario(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = play.export_instance

    def export_and_tamper(store: object, team: str, instance: str, folder: Path) -> None:
        real(store, team, instance, folder)  # type: ignore[arg-type]
        lines = (folder / "artifacts.jsonl").read_bytes().splitlines(keepends=True)
        changed = json.loads(lines[0])["cause"].encode()
        (folder / "artifacts.jsonl").write_bytes(b"".join([*lines[1:], changed]))

    monkeypatch.setattr(play, "export_instance", export_and_tamper)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "FAIL  scenarios/story.yaml" in out
    assert "the evidence is INVALID, expected VALID" in out


def test_a_run_that_goes_another_way_when_it_is_played_again_fails_a_scenario(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = play.read_history

    def read_another(data: bytes) -> Recorded:
        recorded = real(data)
        recorded.activities[-1].arguments[0]["timestamp"] = "another"
        return recorded

    monkeypatch.setattr(play, "read_history", read_another)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "played again from its history, refund goes another way" in out
    assert 'at /0/timestamp, not "another"' in out


def test_the_spec_is_compiled_anew_so_that_no_scenario_runs_stale_code(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    spec = project / "refund.gantral"
    spec.write_text(spec.read_text("utf-8").replace("decide   2 of", "decide   3 of"))
    assert main(["test"]) == 1
    assert "+ REJECTED" in capsys.readouterr().out


def test_a_vote_that_comes_before_the_workflow_hears_of_its_gate_is_delivered_again(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = Gateway.decide
    delivered: list[str] = []

    async def late(self: Gateway, instance: str, update: str, delivery: Any) -> Any:
        delivered.append(update)
        if delivered.count(update) < 3:
            return Rejected("gate", "no gate is open")
        return await real(self, instance, update, delivery)

    monkeypatch.setattr(Gateway, "decide", late)
    assert main(["test"]) == 0
    assert "ok    scenarios/story.yaml" in capsys.readouterr().out
    assert [delivered.count(one) for one in dict.fromkeys(delivered)] == [3, 3]

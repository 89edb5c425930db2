"""A scenario that does not come out as it says fails, and says what came out instead."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gantral.api.temporal import Gateway, Rejected
from gantral.cli.main import main
from gantral.cli.scenarios import play, world
from gantral.runtime.workers.replaying import Recorded
from gantral.simulation.run import Run
from gantral.simulation.server import Server

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


@pytest.mark.parametrize(
    ("way", "names"),
    [((), tuple(STORIES)), (("--server",), ("effects", "refused", "unforeseen", "start"))],
    ids=["simulated", "server"],
)
def test_each_difference_fails_and_is_told(
    way: tuple[str, ...],
    names: tuple[str, ...],
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in names:
        old, new, _ = STORIES[name]
        assert old in GOOD
        changed = GOOD.replace(old, new, 1)
        (project / "scenarios" / f"{name}.yaml").write_text(changed)
    assert main(["test", *way]) == 1
    out = capsys.readouterr().out
    failures = r"^FAIL  scenarios/(\w+)\.yaml  [^\n]*\n((?:      [^\n]*\n)+)"
    told = dict(re.findall(failures, out, re.MULTILINE))
    assert told.keys() == set(names)
    for name in names:
        for line in STORIES[name][2]:
            assert f"      {line}" in told[name], f"{name}: {line}\n{told[name]}"
        happened = told[name].split("      what happened:\n")[1]
        assert "carol starts refund\n" in happened
    assert f"0 ok, {len(names)} failed" in out


def test_a_failure_tells_what_happened_and_where_in_the_spec(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD.replace("  end: COMPLETED", "  end: REJECTED").replace(
        "    by: bob\n", "    by: frank\n    refused: assurance\n"
    )
    (project / "scenarios" / "story.yaml").write_text(text)
    lines = (project / "refund.gantral").read_text("utf-8").splitlines()
    fetch, asked = (
        next(number for number, line in enumerate(lines, 1) if what in line)
        for what in ("let order =", "let approved =")
    )
    assert main(["test"]) == 1
    told = capsys.readouterr().out.split("      what happened:\n")[1].splitlines()
    told = [re.sub(" +", " ", line.strip()) for line in told if line.startswith("        ")]
    assert told[0] == "+0.0s carol starts refund"
    assert told[1] == "+0.0s CREATED, RUNNING"
    assert told[2].startswith(f'+0.0s refund.gantral:{fetch} orders.fetch({{"id": "A-1001"}}) → {{')
    assert told[3:] == [
        f"+0.0s refund.gantral:{asked} the policy of finance says REQUIRE_HUMAN",
        f"+0.0s refund.gantral:{asked} WAITING_FOR_HUMAN at finance",
        "+20m alice: amend: refund.amount = 25.00",
        "+1h frank: amend: refund.amount = 25.00",
        "+1h refused by the rule assurance: this decision asks for a login with the assurance mfa",
        f"+72h refund.gantral:{asked} REJECTED, deadline at finance",
    ]


def test_programs_read_what_came_of_each(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "scenarios" / "bad.yaml").write_text(GOOD.replace("end: COMPLETED", "end: REJECTED"))
    (project / "scenarios" / "good.yaml").write_text(GOOD)
    (project / "scenarios" / "unread.yaml").write_text(GOOD.replace("about:", "abuot:"))
    assert main(["test", "--format", "json"]) == 1
    tree = json.loads(capsys.readouterr().out)
    bad, good = tree["scenarios"]
    assert (bad["ok"], bad["told"]) == (False, ["end: expected REJECTED, got COMPLETED"])
    assert bad["happened"][-1]["what"] == "COMPLETED, completed"
    assert bad["happened"][-1]["after"] == "+1h"
    assert (good["ok"], good["told"], good["happened"]) == (True, [], [])
    assert "unknown_key" in tree["wrong"][0]
    (one,) = tree["coverage"]
    reached = {item["what"]: item["scenarios"] for item in one["items"]}
    assert (reached["finance amended"], reached["finance approved"]) == (2, 0)
    assert (reached["complete"], reached["finance: a vote rejects"]) == (2, 0)


@pytest.mark.parametrize("format", ["text", "json"])
def test_of_a_spec_with_an_error_nothing_is_played(
    project: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    (project / "scenarios" / "good.yaml").write_text(GOOD)
    spec = project / "refund.gantral"
    spec.write_text(spec.read_text().replace(" under approved", ""))
    assert main(["test", "--format", format]) == 1
    told = capsys.readouterr()
    findings = told.err if format == "json" else told.out
    assert "error[G0301]" in findings
    assert (told.out == "") == (format == "json")
    assert "good.yaml" not in told.out + told.err


class Forged:
    """A store in which one signature is another."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str) -> bytes | None:
        data: bytes | None = self._store.get(key)
        if data is None or not key.endswith("commits/00000001.json"):
            return data
        tree = json.loads(data)
        signature = tree["signatures"][0]["sig"]
        tree["signatures"][0]["sig"] = ("B" if signature[0] == "A" else "A") + signature[1:]
        return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()

    def list(self, prefix: str) -> Any:
        return self._store.list(prefix)


def test_evidence_that_is_not_valid_fails_a_scenario(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = play.judged
    monkeypatch.setattr(play, "judged", lambda store, *rest: real(Forged(store), *rest))  # type: ignore[arg-type]
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "FAIL  scenarios/story.yaml" in out
    assert "the evidence is INVALID, expected VALID" in out


def test_a_run_that_goes_another_way_when_it_is_played_again_fails_a_scenario(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = world.read_history

    def read_another(data: bytes) -> Recorded:
        recorded = real(data)
        recorded.activities[-1].arguments[0]["timestamp"] = "another"
        return recorded

    monkeypatch.setattr(world, "read_history", read_another)
    assert main(["test", "--server"]) == 1
    out = capsys.readouterr().out
    assert "played again from its history, refund goes another way" in out
    assert 'at /0/timestamp, not "another"' in out


def test_nor_does_one_that_is_simulated(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)
    real = Run.replay

    def replay_another(self: Run) -> None:
        self._steps[-1] = replace(self._steps[-1], commands=[])
        real(self)

    monkeypatch.setattr(Run, "replay", replay_another)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "played again from its history, refund goes another way: " in out
    assert "its code is not deterministic" in out


def test_what_the_simulation_can_t_play_is_said_by_name(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scenarios" / "story.yaml").write_text(GOOD)

    def refuse(self: Server, *given: Any) -> None:
        raise NotImplementedError("a governed workflow gives no command of this kind")

    monkeypatch.setattr(Server, "_schedule", refuse)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "the simulation can't play this: a governed workflow gives no command of this" in out
    assert "gantral test --server can" in out


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

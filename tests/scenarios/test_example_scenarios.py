"""The examples' own scenarios pass; the refund's reach, between them, every end and clause."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "examples" / "refund" / "scenarios"
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_scenario_of_an_example_passes(
    example: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example)
    assert main(["test"]) == 0
    said = capfd.readouterr()
    count = len(list((example / "scenarios").glob("*.yaml")))
    assert len(re.findall(r"^ok    scenarios/\w+\.yaml  \w", said.out, re.MULTILINE)) == count
    assert re.search(rf"^{count} scenarios: {count} ok, 0 failed in", said.out, re.MULTILINE)
    # Nothing else, on the file descriptors too: native code writes there.
    assert len(said.out.splitlines()) == count + 1
    assert said.err == ""


@pytest.mark.parametrize(
    "wanted",
    [
        "cause: completed",
        "cause: rejected",
        "cause: deadline",
        "cause: withdrawn",
        "cause: policy_deny",
        "cause: policy_failure",
        "cause: action_failed",
        "cause: effect_unknown",
        "cause: terminated_by_spec",
        "- APPROVED",
        "- OVERRIDDEN",
        "finance: ALLOW",
        "at: 25h",
        "refused: excluded",
        "refused: assurance",
        "refused: reason",
        "refused: amendment",
        "refused: role",
        "refused: initiator",
        "refused: not_waiting",
        "refused: start_not_allowed",
        "refused: input_refused",
        "vote: retract",
    ],
)
def test_they_reach(wanted: str) -> None:
    assert any(wanted in file.read_text("utf-8") for file in SCENARIOS.glob("*.yaml"))

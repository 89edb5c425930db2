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
    # Nothing else but coverage, on the file descriptors too: native code writes there.
    workflows = len(re.findall(r"^coverage of \w+: gates ", said.out, re.MULTILINE))
    assert workflows >= 1
    assert len(said.out.splitlines()) == count + workflows + 1
    assert said.err == ""
    # Each gate, branch and end; a valuation that is terminated (cancelled) no scenario can tell.
    missed = re.findall(r"not reached: (.*)", said.out)
    valuation = _line("terminated as no -> { terminate", "the valuation")
    assert missed == ([f"loan.gantral:{valuation}"] if example.name == "loan" else [])


def _line(start: str, more: str) -> int:
    lines = (ROOT / "examples" / "loan" / "loan.gantral").read_text("utf-8").splitlines()
    return next(
        n for n, line in enumerate(lines, 1) if line.strip().startswith(start) and more in line
    )

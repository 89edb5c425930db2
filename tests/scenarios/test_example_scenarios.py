"""The examples' own scenarios pass, and reach each of their gates, branches and ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gantral.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_scenario_of_an_example_passes(
    example: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example)
    # Each gate, branch and end is reached.
    assert main(["test", "--fail-under", "100"]) == 0
    said = capfd.readouterr()
    count = len(list((example / "scenarios").glob("*.yaml")))
    assert len(re.findall(r"^ok    scenarios/\w+\.yaml  \w", said.out, re.MULTILINE)) == count
    assert re.search(rf"^{count} scenarios: {count} ok, 0 failed in", said.out, re.MULTILINE)
    # Nothing else but coverage, on the file descriptors too: native code writes there.
    workflows = len(re.findall(r"^coverage of \w+: gates ", said.out, re.MULTILINE))
    assert workflows >= 1
    assert len(said.out.splitlines()) == count + workflows + 1
    assert said.err == ""

"""Every example is proved and laid out, its generated code is current, its policies build."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.cli.main import main

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    "command", [["check"], ["fmt", "--check"], ["compile", "--check"]], ids=" ".join
)
def test_an_example_is_clean(
    example: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(example)
    assert main(command) == 0, capsys.readouterr()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_its_policies_build(example: Path, tmp_path: Path) -> None:
    if (example / "policies").is_dir():
        output = tmp_path / "bundle.tar.gz"
        assert main(["policy", "build", str(example / "policies"), "-o", str(output)]) == 0

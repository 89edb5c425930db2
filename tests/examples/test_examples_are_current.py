"""Every example is proved and laid out, its generated code is current, its policies build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gantral.cli.main import main
from gantral.cli.tools.opa import opa

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))
POLICIES = sorted((ROOT / "examples").glob("*/policies"))


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
    status = main(command)
    said = capsys.readouterr()
    assert status == 0, said
    # A description that is not what the spec says is a warning, no error.
    assert "G0008" not in said.out + said.err, said


@pytest.mark.parametrize("policies", POLICIES, ids=lambda path: path.parent.name)
def test_its_policies_build_and_pass_their_own_tests(policies: Path, tmp_path: Path) -> None:
    output = tmp_path / "bundle.tar.gz"
    assert main(["policy", "build", str(policies), "-o", str(output)]) == 0
    for command in (["check", "--strict"], ["test"], ["fmt", "--fail", "--list"]):
        done = subprocess.run([opa(), *command, policies], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

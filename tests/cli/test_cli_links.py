"""An import that a link leads astray is an import of no file."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.cli.main import main


@pytest.mark.parametrize("target", ["a.gantral", "../outside.gantral", "nowhere.gantral"])
def test_a_link_to_itself_out_of_the_project_or_nowhere(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outside.gantral").write_text("role b\n")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    Path("pyproject.toml").write_text("[tool.gantral]\n")
    Path("a.gantral").symlink_to(target)
    Path("b.gantral").write_text('import "a.gantral" as a\nrole b\n')
    assert main(["check", "b.gantral", "--output-format", "concise"]) == 1
    assert "error[G0213]: there is no file `a.gantral`" in capsys.readouterr().out

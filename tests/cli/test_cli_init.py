"""`gantral init` in a repository of git: what it ignores, and what it must not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gantral.cli.main import main


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"')
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_last_line_without_its_end_stays_a_line(repository: Path) -> None:
    assert main(["init"]) == 0
    assert '\nname = "shop"\n\n[tool.gantral]\n' in (repository / "pyproject.toml").read_text()


def test_what_git_ignores_already_is_not_written_again(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".gitignore").write_bytes(b"# caf\xe9\n/build\n")
    assert main(["init"]) == 0
    assert "current: .gitignore" in capsys.readouterr().out
    assert (repository / ".gitignore").read_bytes() == b"# caf\xe9\n/build\n"


def test_it_warns_where_git_would_drop_generated_code(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".gitignore").write_text("gen/\n")
    assert main(["init"]) == 0
    assert "warning: git ignores src/shop/gen" in capsys.readouterr().out
    (repository / ".gitignore").write_text("gen/\n!src/shop/gen/\n")
    assert main(["init"]) == 0
    assert "warning: git" not in capsys.readouterr().out

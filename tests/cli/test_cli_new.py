"""What `gantral new` writes works: its code is typed, its policy builds, its scenarios parse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gantral.cli.main import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "purchase"]) == 0
    monkeypatch.chdir(tmp_path / "purchase")
    assert main(["compile"]) == 0
    return tmp_path / "purchase"


def test_its_code_is_typed_and_formatted(project: Path) -> None:
    for arguments in (
        ["mypy", "--strict", "--config-file", os.devnull, "-p", "purchase_app"],
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
    ):
        told = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=project,
            env={**os.environ, "MYPYPATH": "src"},
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0, told.stdout + told.stderr


def test_its_policy_builds(project: Path) -> None:
    assert main(["policy", "build", "policies", "-o", "bundle.tar.gz"]) == 0


def test_its_package_loads(project: Path) -> None:
    code = (
        "from gantral.runtime import programs\n"
        "info = programs.load('purchase_app.gen.purchase')\n"
        "from purchase_app.services import make\n"
        "print(info.workflow_id, *[type(one).__name__ for one in make()])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
    )
    assert told.stdout == "purchase OurCatalog OurShop\n", told.stderr


@pytest.mark.parametrize("name", ["catalog", "shop", "limits", "approver", "copy", "date", "a_"])
def test_names_that_the_project_uses_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 0
    monkeypatch.chdir(tmp_path / name)
    assert main(["compile"]) == 0
    code = f"import {name}_app.services as made; print(len(made.make()))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
    )
    assert told.stdout == "2\n", told.stderr

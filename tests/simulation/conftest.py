"""Commands run in this process; the helpers of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gantral.cli.main import main

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "reference")]

from simulated import Command  # noqa: E402 - it lies in this folder


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command in an empty folder; its exit status and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(list(arguments))
        return status, capsys.readouterr().out

    return run

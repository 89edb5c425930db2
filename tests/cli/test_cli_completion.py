"""`gantral completion`, asked by a shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
source "$1"
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_shtab_gantral
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = subprocess.run(
        [sys.executable, "-c", "from gantral.cli.main import main; main()", "completion", "bash"],
        capture_output=True,
        check=True,
    )
    file = tmp_path_factory.mktemp("completion") / "gantral.bash"
    file.write_bytes(told.stdout)
    return file


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gantral comp", ["compile", "completion"]),
        ("gantral check --out", ["--output-format", "--output"]),
        ("gantral check --output-format s", ["sarif"]),
        ("gantral policy b", ["build"]),
        ("gantral check sp", ["spec.gantral"]),
    ],
)
def test_bash_completes(script: Path, words: str, found: list[str], tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "spec.gantral").touch()
    told = subprocess.run(
        [bash, "--norc", "-c", ASK.format(words=words), "ask", str(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert sorted(told.stdout.split()) == sorted(found), told.stderr

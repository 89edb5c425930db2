"""`gantral check --watch`, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GOOD = 'role boss\nworkflow w version "1.0.0" { team t start by boss run { complete } }\n'


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "w.gantral").write_text(GOOD)
    command = "from gantral.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "check", "--watch", "--output-format", "concise"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def told(process: subprocess.Popen[str]) -> list[str]:
    """The lines up to where it waits again."""
    lines = [line(process)]
    while lines[-1] and not lines[-1].startswith("watching "):
        lines.append(line(process))
    return lines


def save(file: Path, text: str) -> None:
    """In one step, as editors do: who watches never sees half of it."""
    made = file.with_suffix(".new")
    made.write_text(text)
    made.replace(file)


@pytest.mark.timeout(60)
def test_each_change_is_told_and_an_error_is_no_end(
    watching: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert told(watching)[0].startswith("ok: w.gantral: w 1.0.0")
    save(tmp_path / "w.gantral", GOOD.replace("complete", ""))
    assert "error[G0403]" in told(watching)[0]
    save(tmp_path / "w.gantral", GOOD.replace("1.0.0", "1.1.0"))
    assert told(watching)[0].startswith("ok: w.gantral: w 1.1.0")
    # A file that came, and one that an import reads.
    save(tmp_path / "roles.gantral", "role clerk\n")
    assert "ok: roles.gantral: no workflow in it, nothing to prove\n" in told(watching)
    (tmp_path / "w.gantral").unlink()
    (tmp_path / "roles.gantral").unlink()
    while "there is no .gantral or" not in line(watching):
        pass


@pytest.mark.timeout(60)
def test_a_file_that_is_imported_counts(watching: subprocess.Popen[str], tmp_path: Path) -> None:
    told(watching)
    save(tmp_path / ".hidden.gantral", "role boss\n")
    imported = GOOD.replace("role boss", 'import ".hidden.gantral" as h').replace("by b", "by h.b")
    save(tmp_path / "w.gantral", imported)
    assert told(watching)[0].startswith("ok: w.gantral: w 1.0.0")
    save(tmp_path / ".hidden.gantral", "role chief\n")
    assert "error[" in told(watching)[0]

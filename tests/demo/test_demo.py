"""`gantral demo` from an installed wheel, and again, and stopped, and where it must not work."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLONE = [sys.executable, "-m", "gantral.cli"]
EVIDENCE_STATES = (
    "CREATED RUNNING COMPLETED"
    " CREATED RUNNING WAITING_FOR_HUMAN OVERRIDDEN RESUMED RUNNING COMPLETED"
    " CREATED RUNNING WAITING_FOR_HUMAN REJECTED"
    " CREATED RUNNING WAITING_FOR_HUMAN REJECTED"
)


def uv() -> str:
    found = shutil.which("uv") or next(map(str, ROOT.glob(".tools/uv-*/bin/uv")), None)
    assert found is not None, "uv is not here: run `make setup`"
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `gantral` of a wheel, installed with the versions of the lock file, no clone in sight."""
    home = tmp_path_factory.mktemp("wheel")

    def run(*words: str | Path) -> None:
        command = [uv(), *map(str, words), "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    run("build", "--wheel", "--out-dir", home / "dist")
    wheel = next((home / "dist").glob("gantral-*.whl"))
    locked = home / "locked.txt"
    run("export", "--frozen", "--no-default-groups", "--all-extras", "--no-emit-project",
        "--no-hashes", "--output-file", locked)  # fmt: skip
    run("venv", "--python", sys.executable, home / "venv")
    run("pip", "install", "--python", home / "venv", "--no-deps", "-r", locked, wheel)
    return home / "venv" / "bin" / "gantral"


@pytest.fixture(scope="module")
def ran(
    installed: Path, environment: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The folder that a run from the wheel left, and what it said."""
    folder = tmp_path_factory.mktemp("newcomer")
    around = environment()
    done = subprocess.run(
        [installed, "demo"],
        cwd=folder,
        env=around.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert around.left() == []
    return folder / "build" / "demo", done.stdout


def states(said: str) -> str:
    return " ".join(re.findall(r"^  (?:\d\d:\d\d:\d\d|day \d)  +([A-Z_]+)", said, re.MULTILINE))


def verdicts(said: str) -> list[str]:
    return re.findall(r"^  (VALID|INVALID|INCONCLUSIVE) ", said, re.MULTILINE)


def test_a_newcomer_sees_every_transition_and_every_verdict(ran: tuple[Path, str]) -> None:
    _, said = ran
    assert states(said) == EVIDENCE_STATES
    assert verdicts(said) == ["VALID"] * 4 + ["INVALID"]
    assert " 11 proofs hold" in said
    assert "Carol Vega asked for it" in said
    assert "policy refund_limits waives gate finance: nobody is asked" in said
    assert "refund.amount 40.00 -> 25.00" in said
    assert "silence is a no" in said
    assert re.search(r"R-0001 +order A-1002 +12\.50 EUR\n  R-0002 +order A-1001 +25\.00 EUR", said)
    assert "\x1b" not in said
    assert all(len(line) <= 100 for line in said.splitlines())


def test_the_evidence_stays_and_can_be_judged_by_anybody(
    ran: tuple[Path, str], installed: Path
) -> None:
    work, _ = ran
    folders = sorted((work / "evidence").iterdir())
    assert len(folders) == 4

    def verify(folder: Path) -> subprocess.CompletedProcess[str]:
        command = [installed, "verify", folder, "--trust", work / "trust.json"]
        return subprocess.run(command, capture_output=True, text=True)

    assert [verify(folder).stdout for folder in folders] == ["VALID\n"] * 4
    (tampered,) = (work / "tampered").iterdir()
    assert verify(tampered).stdout == "INVALID\n"
    assert "text_hash" in verify(tampered).stderr


def test_the_paths_it_names_are_there(ran: tuple[Path, str]) -> None:
    work, said = ran
    for path in ("refund/refund.gantral", "refund/src/refund_app/gen", "evidence", "trust.json"):
        assert path in said
        assert (work / path).exists()


def test_a_second_run_replaces_the_first_and_fits_a_narrow_terminal(
    ran: tuple[Path, str], environment: Callable[..., Any]
) -> None:
    work, _ = ran
    before = {folder.name for folder in (work / "evidence").iterdir()}
    around = environment(COLUMNS="50")
    done = subprocess.run(
        [*CLONE, "demo", "--work", work], env=around.variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(done.stdout) == ["VALID"] * 4 + ["INVALID"]
    assert states(done.stdout) == EVIDENCE_STATES
    assert not before & {folder.name for folder in (work / "evidence").iterdir()}
    long = [line for line in done.stdout.splitlines() if len(line) > 50 and " " in line.strip()]
    assert [line for line in long if not re.search(r"\S{40}", line)] == []


def test_stopped_in_the_middle_it_leaves_nothing_running(
    tmp_path: Path, environment: Callable[..., Any]
) -> None:
    around = environment()
    command = [*CLONE, "demo", "--work", tmp_path / "demo"]
    with subprocess.Popen(
        command, env=around.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert any("identity" in line for line in running.stdout)
        assert len(around.left()) > 3
        running.send_signal(signal.SIGTERM)
        _, complaint = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in complaint
    assert around.left() == []


def test_a_folder_that_is_no_demos_is_never_replaced(
    tmp_path: Path, environment: Callable[..., Any]
) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    done = subprocess.run(
        [*CLONE, "demo", "--work", tmp_path], env=environment().variables, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 64
    assert "is not the folder of a demo" in done.stderr
    assert "--work" in done.stderr
    assert precious.read_text() == "years of work"

"""The command's face: its table, its exit statuses, and what a command may import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gantral.cli import main as face
from gantral.cli.failure import Failure

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "cli" / "gantral" / "cli" / "commands"
SPEC = ROOT / "examples" / "refund" / "refund.gantral"

# What reading and proving a spec has no use for (DESIGN section 11).
HEAVY = (
    "temporalio",
    "pydantic",
    "httpx",
    "jinja2",
    "cryptography",
    "pygls",
    "lsprotocol",
    "ruamel.yaml",
    "icalendar",
    "dateutil",
    "boto3",
)


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from gantral.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )


def test_the_table_is_the_folder() -> None:
    files = {path.stem for path in COMMANDS.glob("*.py")} - {"__init__"}
    assert set(face.COMMANDS) == files


def test_help_is_clean_and_lists_all() -> None:
    told = run("--help")
    assert told.returncode == 0
    assert all(f"  {name} " in told.stdout for name in face.COMMANDS)


def test_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("gantral ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: gantral"),
        (["polcy"], "did you mean policy?"),
        (["--verbose"], "unknown option --verbose"),
        (["policy"], "arguments are required"),
        (["policy", "build", "--twice", "x"], "unrecognized arguments"),
    ],
)
def test_misuse_is_64(arguments: list[str], said: str) -> None:
    told = run(*arguments)
    assert told.returncode == 64
    assert said in told.stderr
    assert told.stdout == ""


def crash(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def raises(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr(face, "_dispatch", raises)
    return face.main(["check", "secret.gantral"])


def test_our_crash_is_70_and_says_so_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crash(monkeypatch, ZeroDivisionError("division by zero")) == 70
    said = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in said
    assert "report it" in said
    assert "Traceback" not in said


def test_the_traceback_is_there_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANTRAL_DEBUG", "1")
    assert crash(monkeypatch, ZeroDivisionError("division by zero")) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_failure_has_its_own_status_and_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crash(monkeypatch, Failure("no such key", "gantral keys new", 1)) == 1
    assert capsys.readouterr().err == "error: no such key\n  help: gantral keys new\n"


def test_settings_that_can_not_be_read_are_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (
        ["worker"],
        ["serve"],
        ["doctor"],
        ["reconcile"],
        ["evidence", "export", "--out", "o"],
    ):
        assert face.main([*command, "--settings", "prod.toml"]) == 1
        said = "error: prod.toml: it can't be read: No such file or directory\n"
        assert capsys.readouterr().err == said + "  help: say --settings FILE\n"


def test_ctrl_c_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    assert crash(monkeypatch, KeyboardInterrupt()) == 130


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", str(SPEC)],
        ["describe", str(SPEC)],
        ["fmt", "--check", str(SPEC)],
        ["graph", str(SPEC)],
        ["lsp", "--help"],
        ["completion", "bash"],
    ],
)
def test_a_light_command_imports_nothing_heavy(arguments: list[str]) -> None:
    timed = [sys.executable, "-X", "importtime", "-c", "from gantral.cli.main import main; main()"]
    told = subprocess.run(
        [*timed, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert told.returncode == 0, told.stdout + told.stderr.rpartition("import time:")[2]
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines() if "|" in line}
    assert "gantral.cli.main" in loaded
    # Completion asks every command for its options; cryptography is a part of the base install.
    allowed = {"cryptography"} if arguments[0] == "completion" else set()
    assert [name for name in HEAVY if name in loaded - allowed] == []

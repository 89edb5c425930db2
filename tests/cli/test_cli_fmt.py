"""What `gantral fmt` does to files: whole or not at all, and never a spec that means another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from gantral.cli.commands import fmt
from gantral.cli.main import main

LOOSE = "role   a  # one\n"
TIGHT = "role a  # one\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.gantral"
    path.write_text(LOOSE, "utf-8")
    return path


def alone(spec: Path) -> bool:
    return list(spec.parent.iterdir()) == [spec]


@pytest.mark.parametrize("mode", [0o640, 0o755, 0o600])
def test_the_mode_is_kept_and_nothing_is_left_beside(spec: Path, mode: int) -> None:
    spec.chmod(mode)
    assert main(["fmt"]) == 0
    assert spec.read_text("utf-8") == TIGHT
    assert spec.stat().st_mode & 0o7777 == mode
    assert alone(spec)


def test_a_file_in_form_is_not_written_again(spec: Path) -> None:
    assert main(["fmt"]) == 0
    before = spec.stat()
    assert main(["fmt"]) == 0
    assert spec.stat().st_ino == before.st_ino


def test_line_ends_of_another_system_change(spec: Path) -> None:
    spec.write_bytes(TIGHT.replace("\n", "\r\n").encode())
    assert main(["fmt", "--check"]) == 1
    assert main(["fmt"]) == 0
    assert spec.read_bytes() == TIGHT.encode()


@pytest.mark.parametrize("option", [[], ["--check"], ["--diff"]])
def test_a_symbolic_link_is_refused(
    spec: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    link = spec.parent / "z.gantral"
    link.symlink_to(spec)
    assert main(["fmt", *option, "."]) == 1
    assert "z.gantral is a symbolic link\n  help: name the file" in capsys.readouterr().err
    assert link.is_symlink()
    assert spec.read_text("utf-8") == LOOSE


def test_a_read_only_file_is_left(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.chmod(0o444)
    assert main(["fmt"]) == 64
    assert "a.gantral can't be written: it is read-only" in capsys.readouterr().err
    assert spec.read_text("utf-8") == LOOSE
    assert main(["fmt", "--check"]) == 1


def test_what_is_no_file_is_refused(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(spec.parent / "pipe")
    assert main(["fmt", "pipe"]) == 1
    assert "pipe is no file" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["fsync", "chmod"])
def test_a_write_that_fails_leaves_the_file_whole(
    spec: Path, step: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    assert main(["fmt"]) == 64
    assert "can't be written: No space left on device" in capsys.readouterr().err
    assert spec.read_text("utf-8") == LOOSE
    assert alone(spec)


def test_a_file_that_cannot_be_read_is_told(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert main(["fmt", "a.gantral"]) == 1
    assert "a.gantral can't be read: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layout", "lost"),
    [
        ("role b  # one\n", "its tree is another"),
        ("role a\n", "its comments are others"),
        ("role\n", "it does not parse"),
    ],
)
@pytest.mark.parametrize("option", [[], ["--check"], ["--diff"]])
def test_a_layout_that_loses_something_is_our_crash_and_nothing_is_written(
    spec: Path,
    option: list[str],
    layout: str,
    lost: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = spec.parent / "0.gantral"
    other.write_text("role   a  # one\n", "utf-8")
    made = iter([TIGHT, layout])
    monkeypatch.setattr(fmt, "format_text", lambda text, file: next(made))
    assert main(["fmt", *option]) == 70
    out, err = capsys.readouterr()
    assert out == ""
    assert f"a.gantral laid out anew: {lost}" in err
    assert spec.read_text("utf-8") == other.read_text("utf-8") == LOOSE


def test_a_diff_says_that_the_last_line_had_no_end(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text("role a", "utf-8")
    assert main(["fmt", "--diff"]) == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "@@ -1 +1 @@",
        "-role a",
        "\\ No newline at end of file",
        "+role a",
    ]

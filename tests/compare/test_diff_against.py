"""`gantral diff --against`: the older version is read from a real repository of git."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gantral.cli.main import main

BASE = (Path(__file__).parent / "base.gantral").read_text("utf-8")
OLD = BASE.replace("VERSION", "1.0.0")
NEW = BASE.replace("VERSION", "1.1.0").replace("uses 1", "uses 2")


def git(folder: Path, *arguments: str) -> None:
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))
    }
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder,
        env={**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        check=True,
        capture_output=True,
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project below the root of a repository, with one commit."""
    folder = tmp_path / "repository" / "app"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.gantral]\n", "utf-8")
    (folder / "pay.gantral").write_text(OLD, "utf-8")
    git(folder.parent, "init", "-q")
    commit(folder)
    monkeypatch.chdir(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "-m", "one")


def diff(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["diff", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_a_change_is_told_against_a_commit(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(capsys, "--against", "main") == (0, "same: pay 1.0.0 (pay.gantral)\n", "")
    (project / "pay.gantral").write_text(NEW, "utf-8")
    status, told, _ = diff(capsys, "--against", "HEAD", "pay.gantral")
    assert status == 1
    assert told.startswith("weaker: pay 1.0.0 -> 1.1.0 (pay.gantral)\n  weaker: gate first: `uses`")
    line = OLD[: OLD.index("gate first")].count("\n") + 1
    assert f"\n    old HEAD:pay.gantral:{line}\n" in told
    assert f"\n    new pay.gantral:{line}\n" in told


def test_imports_are_those_of_the_commit(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shared").mkdir()
    people = project / "shared" / "people.gantral"
    people.write_text("role clerk\n", "utf-8")
    imported = OLD.replace("role clerk\n", 'import "shared/people.gantral" as people\n')
    imported = imported.replace("start by clerk", "start by people.clerk")
    (project / "pay.gantral").write_text(imported, "utf-8")
    commit(project)
    people.write_text("role clerk\nrole guest\n", "utf-8")
    (project / "pay.gantral").write_text(
        imported.replace("1.0.0", "1.1.0").replace("people.clerk", "people.guest"), "utf-8"
    )
    status, told, _ = diff(capsys, "--against", "main")
    assert status == 1
    assert "`start by` can't be shown to be no weaker: guest, it was clerk" in told


def test_a_new_spec_and_a_gone_one_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pay.gantral").unlink()
    for name in ("one", "two"):
        text = OLD.replace("workflow pay", f"workflow {name}")
        (project / f"{name}.gantral").write_text(text, "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert (status, told.splitlines()) == (
        0,
        [
            "new: one 1.0.0 (one.gantral)",
            "  there is nothing to compare it with",
            "new: two 1.0.0 (two.gantral)",
            "  there is nothing to compare it with",
            "gone: pay 1.0.0 (main:pay.gantral)",
        ],
    )


def test_neither_another_file_nor_another_name_hides_a_change(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pay.gantral").rename(project / "moved.gantral")
    (project / "moved.gantral").write_text(NEW, "utf-8")
    assert diff(capsys, "--against", "main")[0] == 1
    text = NEW.replace("uses 2", "uses 1").replace("workflow pay", "workflow pays")
    (project / "moved.gantral").write_text(text, "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert status == 1
    assert "weaker: workflow: its name is another: `once per` counts anew: pays, it was pay" in told


@pytest.mark.parametrize(
    ("pattern", "path", "counts"),
    [
        (None, "old.gantral", True),
        (None, "node_modules/old.gantral", False),
        ("specs/*.gantral", "specs/old.gantral", True),
        ("specs/*.gantral", "specs/more/old.gantral", False),
        ("specs/**/*.gantral", "specs/old.gantral", True),
        ("specs/**/*.gantral", "specs/more/old.gantral", True),
        ("specs/[a-o]?d.gantral", "specs/old.gantral", True),
        ("specs/[!o]*.gantral", "specs/old.gantral", False),
    ],
)
def test_what_is_gone_was_a_spec_of_the_project(
    pattern: str | None,
    path: str,
    counts: bool,
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (project / "pay.gantral").unlink()
    file = project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(OLD, "utf-8")
    commit(project)
    file.unlink()
    here = "specs/here.gantral" if pattern else "here.gantral"
    (project / "specs").mkdir(exist_ok=True)
    (project / here).write_text("role clerk\n", "utf-8")
    specs = f'specs = ["specs/here.gantral", "{pattern}"]\n' if pattern else ""
    (project / "pyproject.toml").write_text(f"[tool.gantral]\n{specs}", "utf-8")
    if pattern:
        # A pattern has to match something that is there.
        matched = pattern.replace("[a-o]?d", "odd").replace("[!o]", "a").replace("**/", "")
        (project / matched.replace("*", "any")).write_text("role head\n", "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert status == 0
    assert told == (
        f"gone: pay 1.0.0 (main:{path})\n" if counts else "no workflow in these files\n"
    )


def test_the_text_of_a_policy_is_read_on_both_sides(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waived = OLD.replace("    veto ", "    waived by policy small\n    veto ")
    (project / "pay.gantral").write_text(waived, "utf-8")
    (project / "small.rego").write_text("package data\n", "utf-8")
    commit(project)
    assert diff(capsys, "--against", "main")[0] == 0
    (project / "small.rego").write_text("package data\nallow := true\n", "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert status == 1
    assert "weaker: policy small: it can't be shown to be no weaker" in told


def test_what_does_not_check_is_told_and_not_compared(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pay.gantral").write_text(OLD.replace(" under ok", ""), "utf-8")
    commit(project)
    (project / "pay.gantral").write_text(OLD, "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert status == 1
    assert told.startswith("error[G0301]")
    assert "--> main:pay.gantral:" in told
    assert "weaker" not in told


def test_a_link_in_a_commit_is_no_spec(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pay.gantral").unlink()
    (project / "other.txt").write_text(OLD, "utf-8")
    (project / "pay.gantral").symlink_to("other.txt")
    commit(project)
    (project / "pay.gantral").unlink()
    (project / "pay.gantral").write_text(NEW, "utf-8")
    status, told, _ = diff(capsys, "--against", "main")
    assert (status, told.splitlines()[0]) == (0, "new: pay 1.1.0 (pay.gantral)")


@pytest.mark.parametrize("name", ["nowhere", "--output=x", "--help", "main:app/pay.gantral", "-"])
def test_a_name_that_is_no_commit_is_refused(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told, err = diff(capsys, f"--against={name}")
    assert (status, told) == (1, "")
    assert err.startswith(f"error: git knows no commit {name} in ")
    assert "help: name a commit, branch or tag" in err
    assert sorted(one.name for one in project.iterdir()) == ["pay.gantral", "pyproject.toml"]


def test_no_repository_and_no_git_are_told(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "pay.gantral").write_text(OLD, "utf-8")
    monkeypatch.chdir(alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    status, _, err = diff(capsys, "--against", "main")
    assert status == 1
    assert err.startswith("error: git knows no commit main in ")
    monkeypatch.setenv("PATH", str(alone))
    status, _, err = diff(capsys, "--against", "main")
    assert status == 1
    assert "there is no git on the PATH" in err


HOSTILE = 'require input.note != "````</details><img src=x> @all | \\u{1b}[31m" else "no"'


@pytest.mark.parametrize(
    "text",
    [
        NEW.replace("    let invoice", f"    {HOSTILE}\n    let invoice"),
        NEW.replace("    let invoice", f"    {HOSTILE.replace('note', 'nope')}\n    let invoice"),
    ],
    ids=["compared", "refused"],
)
def test_an_authors_text_commands_nothing_in_markdown(
    text: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pay.gantral").write_text(text, "utf-8")
    status, told, _ = diff(capsys, "--against", "main", "--output-format", "markdown")
    assert status == 1
    fence = ""
    fences = 0
    for line in told.splitlines():
        if not fence and line.startswith("```"):
            fence = line.removesuffix("text")
            fences += len(fence) > 4
        elif fence:
            # A fence ends at any line of as many backticks or more.
            assert line == fence or not line.lstrip().startswith(fence)
            fence = "" if line == fence else fence
        else:
            assert "<img" not in line
            assert "@all" not in line
    assert not fence
    assert fences == 1


def test_the_same_bytes_whatever_python_orders_its_sets_by(project: Path) -> None:
    (project / "new.gantral").write_text(
        NEW.replace("book.fetch", "book.other").replace("<= 8000.00", "< 9000.00"), "utf-8"
    )
    told = {
        subprocess.run(
            [sys.executable, "-m", "gantral.cli", "diff", "pay.gantral", "new.gantral"],
            cwd=project,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=False,
        ).stdout
        for seed in range(4)
    }
    assert len(told) == 1
    assert b"weaker: call bank.pay" in told.pop()

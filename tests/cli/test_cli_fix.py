"""`gantral check --fix` on the example of each code's page, on what is not written, at random."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from gantral.cli import fixing
from gantral.cli.main import main
from gantral.cli.project import Project
from gantral.grammar.lexer import lex
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
_ERROR = re.compile(r"^```gantral error\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {
    page.stem: found[0].encode()
    for page in sorted((ROOT / "docs" / "codes").glob("G*.md"))
    if (found := _ERROR.findall(page.read_text("utf-8")))
} | {"G0004": b"\xef\xbb\xbfrole clerk\r\n"}
# The codes of which an example has a mend that needs no human. A code that joins them was looked at
# for authority first (ADR 0073).
SURE = {"G0004", "G0101", "G0105"}
GOOD = (ROOT / "examples" / "refund" / "refund.gantral").read_text("utf-8")


def findings(capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    main(["check", "a.gantral", "--output-format", "json", *options])
    return json.loads(capsys.readouterr().out)


def errors(found: Any) -> Counter[tuple[str, str]]:
    return Counter((one["code"], one["message"]) for one in found if one["severity"] == "error")


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_loses_what_is_sure_and_gains_nothing(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("a.gantral")
    file.write_bytes(EXAMPLES[code])
    before = findings(capsys)
    sure = [one for one in before if one["sure"]]
    assert bool(sure) == (code in SURE)
    after = findings(capsys, "--fix")
    assert errors(after) == errors([one for one in before if not one["sure"]])
    assert errors(findings(capsys)) == errors(after)
    if not sure:
        assert file.read_bytes() == EXAMPLES[code]


def test_only_what_the_mend_says_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("a.gantral")
    file.write_bytes(EXAMPLES["G0004"])
    assert main(["check", "--fix", "a.gantral"]) == 0
    assert file.read_bytes() == b"role clerk\r\n"


def test_what_can_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("a.gantral")
    file.write_bytes(b"\xef\xbb\xbfrle caf\xe9\n")
    assert main(["check", "--fix", "a.gantral"]) == 1
    assert file.read_bytes() == b"\xef\xbb\xbfrle caf\xe9\n"


def test_bytes_that_are_no_text_come_out_as_they_went_in(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = b"rle caf\xe9\r\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["check", "--fix", "-"]) == 1
    assert capfdbinary.readouterr().out == data


@pytest.mark.parametrize("named", [["a.gantral"], ["."], []])
@pytest.mark.parametrize("configured", [True, False])
def test_a_file_outside_of_the_project_is_not_written(
    named: list[str],
    configured: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    if configured:
        (project / "pyproject.toml").write_text("[tool.gantral]\n")
    outside = tmp_path / "outside.gantral"
    outside.write_text("rle boss\n")
    (project / "a.gantral").symlink_to(outside)
    monkeypatch.chdir(project)
    assert main(["check", "--fix", *named]) == 1
    said = capsys.readouterr().err
    assert "outside of the project" in said
    assert outside.read_text() == "rle boss\n"


def test_a_link_within_the_project_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.gantral]\n")
    Path("specs").mkdir()
    Path("specs/a.gantral").write_text("rle boss\n")
    Path("b.gantral").symlink_to("specs/a.gantral")
    assert main(["check", "--fix"]) == 0
    assert Path("b.gantral").is_symlink()
    assert Path("specs/a.gantral").read_text() == "role boss\n"


def test_a_file_that_changes_meanwhile_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("a.gantral")
    file.write_text("rle boss\n")
    checked = fixing.check_file

    def meanwhile(*given: Any) -> Any:
        file.write_text("rle chief\n")
        return checked(*given)

    monkeypatch.setattr(fixing, "check_file", meanwhile)
    assert main(["check", "--fix", "a.gantral"]) == 1
    assert "was changed while it was mended" in capsys.readouterr().err
    assert file.read_text() == "rle chief\n"


def test_a_mend_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.gantral").write_text("rle boss\n")
    monkeypatch.setattr(fixing, "_applied", lambda text, mends: "\n" + text)
    assert main(["check", "--fix", "a.gantral"]) == 1
    assert f"fixed {fixing._ROUNDS} of" in capsys.readouterr().err


def _tokens(text: str) -> list[str]:
    """What the text says: its tokens, save commas that end a list."""
    tokens = [token.text for token in lex(text).tokens]
    return [one for one, then in pairwise([*tokens, ""]) if one != "," or then not in ")]}"]


@given(st.integers(0, len(GOOD) - 2), st.booleans())
def test_a_slip_becomes_what_stood_there_or_is_left(at: int, swap: bool) -> None:
    """A sign of the example left out, or two of them swapped: what is mended so that nothing is
    wrong says what the example says."""
    kept = GOOD[at + 1] + GOOD[at] if swap else ""
    data = (GOOD[:at] + kept + GOOD[at + 1 + swap :]).encode()
    project, path = Project(ROOT / "examples" / "refund"), "refund.gantral"
    files = [fixing.check_file(project, path, {path: data})]
    before = fixing._errors(files[0])
    fixed = fixing._Fixing(0, data, data)
    fixing._mend(files, fixed, {})
    after = fixing.check_file(project, path, {path: fixed.now})
    assert fixing._errors(after) <= before
    assert after.analysis.diagnostics == files[0].analysis.diagnostics
    assert bool(fixed.told) == (fixed.now != data)
    if fixed.told and not after.analysis.diagnostics:
        assert _tokens(fixed.now.decode()) == _tokens(GOOD)

"""Files of holidays as the command sees them: their pages, links out of the project, their end."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from gantral.cli import ageing
from gantral.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(gantral \w+|ics beside)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(code: str) -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "codes" / f"{code}.md").read_text("utf-8")
    return [(kind, block) for kind, block in BLOCK.findall(text)]


def checked(spec: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, str]]:
    Path("sample.gantral").write_text(spec, "utf-8")
    main(["check", "sample.gantral", "--output-format", "json", *more])
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ageing, "today", lambda: date(2022, 12, 1))
    return tmp_path


@pytest.mark.parametrize("code", ["G0341", "G0344"])
def test_the_page_of_the_code(folder: Path, capsys: pytest.CaptureFixture[str], code: str) -> None:
    blocks = page(code)
    files = [block for kind, block in blocks if kind == "ics beside"]
    for name, text in zip(("holidays.ics", "forever.ics"), files, strict=False):
        (folder / name).write_text(text, "utf-8")
    specs = dict(blocks)
    assert [one["code"] for one in checked(specs["gantral error"], capsys)] == [code]
    assert checked(specs["gantral ok"], capsys) == []


def test_the_end_of_holidays_is_told_in_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = page("G0344")
    (folder / "holidays.ics").write_text(blocks[1][1], "utf-8")
    (folder / "forever.ics").write_text(blocks[2][1], "utf-8")
    for day, told in (("2022-09-02", 0), ("2022-09-03", 1), ("2023-05-01", 1)):
        # 120 days before 31 December 2022 is 2 September.
        monkeypatch.setattr(ageing, "today", lambda day=day: date.fromisoformat(day))
        found = checked(blocks[0][1], capsys)
        assert [one["code"] for one in found] == ["G0344"] * told
        assert main(["check", "sample.gantral", "--deny", "warnings"]) == told
        capsys.readouterr()


def test_a_link_out_of_the_project_is_no_file(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "holidays.ics"
    blocks = page("G0344")
    outside.write_text(blocks[1][1], "utf-8")
    (folder / "holidays.ics").symlink_to(outside)
    assert [one["code"] for one in checked(blocks[0][1], capsys)] == ["G0213"]


def test_a_file_that_is_too_large_or_no_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = page("G0344")[0][1]
    (folder / "holidays.ics").write_text("x" * (256 * 1024 + 1), "utf-8")
    (found,) = checked(spec, capsys)
    assert found["code"] == "G0341"
    assert "longer than 256 KiB" in found["message"]
    (folder / "holidays.ics").write_bytes(b"BEGIN:VCALENDAR\xff")
    assert [one["code"] for one in checked(spec, capsys)] == ["G0002"]


def test_the_description_says_when_time_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = page("G0344")
    (folder / "holidays.ics").write_text(blocks[1][1], "utf-8")
    Path("sample.gantral").write_text(blocks[0][1], "utf-8")
    assert main(["describe", "sample.gantral"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "from 09:00 to 17:30 by the clock of Europe/Berlin, but for" in said
    assert "After 8 hours of open time without a decision it is rejected" in said

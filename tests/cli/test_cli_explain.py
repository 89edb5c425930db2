"""The pages on a terminal: all of each page is there, filled to the width, coloured only when asked
for, and found in a wheel as in a clone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from gantral.cli import bundled, pages
from gantral.cli.failure import Failure
from gantral.cli.main import main

ROOT = Path(__file__).parents[2]
CODES = sorted(path.stem for path in (ROOT / "docs" / "codes").glob("*.md"))
COLOR = re.compile(r"\x1b\[\d+m")


def test_every_page_is_known_and_of_a_family_that_is_told() -> None:
    assert pages.codes() == CODES
    assert {code[:3] for code in CODES} <= set(pages.FAMILIES)


@pytest.mark.parametrize("code", CODES)
def test_all_words_of_a_page_are_shown_and_no_markup(code: str) -> None:
    page = pages.page(code)
    said = pages.as_text(page, 80, color=False)
    source = (ROOT / "docs" / "codes" / f"{code}.md").read_text("utf-8")
    words = re.sub(r"^```.*$", "", source.removeprefix("# "), flags=re.MULTILINE).split()
    told = re.sub(
        r"^(refused|accepted|the file beside it)( \(.*\))?:$", "", said, flags=re.MULTILINE
    ).split()
    assert told == words
    assert "```" not in said
    examples = re.findall(r"^```\w+ \w+.*?\n(.*?)^```$", source, re.MULTILINE | re.DOTALL)
    for example in examples:
        shown = "".join(f"    {line}".rstrip() + "\n" for line in example.splitlines())
        assert shown in said


@pytest.mark.parametrize("code", CODES)
def test_color_adds_nothing_but_color(code: str) -> None:
    page = pages.page(code)
    colored = pages.as_text(page, 80, color=True)
    assert COLOR.sub("", colored) == pages.as_text(page, 80, color=False)
    assert colored.startswith(f"\x1b[1m{code}: {page.title}\x1b[0m\n")


def test_text_is_filled_to_the_width_within_reason() -> None:
    page = pages.Page("G0999", "long", "word " * 100)
    for width, most in ((60, 60), (400, 100), (1, 40)):
        lines = pages.as_text(page, width, color=False).splitlines()[2:]
        assert most - 5 < max(map(len, lines)) <= most


class Terminal:
    """Output that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("arguments", [["explain"], ["explain", "G0301"]])
def test_a_terminal_gets_color_unless_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    for unwanted, colored in (("", True), ("1", False)):
        out = Terminal()
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setenv("NO_COLOR", unwanted)
        assert main(arguments) == 0
        assert bool(COLOR.search(out.text)) is colored


def test_the_pages_of_a_wheel_lie_beside_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A wheel has no docs: pyproject.toml puts the pages there (tests/house).
    monkeypatch.setattr(bundled, "_CLONE", tmp_path / "nowhere")
    monkeypatch.setattr(bundled, "_HERE", tmp_path)
    with pytest.raises(Failure, match="missing from this installation"):
        pages.codes()
    shutil.copytree(ROOT / "docs" / "codes", tmp_path / "codes")
    assert pages.codes() == CODES

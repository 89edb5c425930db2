"""Specs in, findings out: every case of `cases/*.md` through `check_text` (form: README.md)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gantral.compiler import check_text
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.positions import Lines

MAIN = "sample.gantral"
HOLE = "…"
_FENCE = re.compile(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One case: the file checked, what it may import, and the findings it must give, in order."""

    name: str
    text: str
    frame: str
    others: dict[str, str]
    findings: list[str]


def cases(text: str, file: str) -> Iterator[Case]:
    """The cases of one Markdown text."""
    head, *parts = _HEADING.split(text)
    frames = {info: block for kind, info, block in _FENCE.findall(head) if kind == "frame"}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        blocks = _FENCE.findall(body)
        main, frame = "", HOLE
        others: dict[str, str] = {}
        findings: list[str] | None = None
        for kind, info, block in blocks:
            if kind == "findings":
                findings = block.splitlines()
            elif info.startswith("in "):
                main, frame = block, frames[info[3:]]
            elif info:
                others[info] = block
            else:
                main = block
        assert findings is not None, f"{file}: {title}: no findings block"
        yield Case(f"{file}: {title}", main, frame, others, findings)


def found(case: Case) -> list[str]:
    """What the case gives, in the form of a findings block, messages whole."""
    before, after = case.frame.split(HOLE)
    text = before + case.text + after.removeprefix("\n")
    files = {**case.others, MAIN: text}
    return [_line(one, files, before.count("\n")) for one in check_text(MAIN, text, case.others)]


def _line(one: Diagnostic, files: dict[str, str], above: int) -> str:
    line, column = Lines(files[one.span.source]).place(one.span.start)
    if one.span.source != MAIN:
        return f"{one.code} {one.span.source}:{line}:{column} {one.message}"
    return f"{one.code} {line - above}:{column} {one.message}"


FOLDER = Path(__file__).parent / "cases"
ALL = [
    case
    for path in sorted(FOLDER.glob("*.md"))
    for case in cases(path.read_text(encoding="utf-8"), path.stem)
]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    got = found(case)
    places = [line.split(" ", 2)[:2] for line in got]
    wanted = [line.split(" ", 2)[:2] for line in case.findings]
    assert places == wanted, "\n".join(got)
    for line, want in zip(got, case.findings, strict=True):
        part = want.split(" ", 2)[2:]
        assert not part or part[0] in line, line


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_every_finding_has_a_mend(case: Case) -> None:
    before, after = case.frame.split(HOLE)
    text = before + case.text + after.removeprefix("\n")
    for one in check_text(MAIN, text, case.others):
        # What only the syntax finds is the front end's to test.
        assert one.help or one.code < "G0200", one
        assert not one.message.endswith("."), one


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in ALL}) == len(ALL)


PAGES = Path(__file__).resolve().parents[2] / "docs" / "codes"
EXAMPLE = re.compile(r"^```gantral error\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def texts() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every wrong text there is: of the cases and of the pages of codes."""
    for page in sorted(PAGES.glob("G*.md")):
        example = EXAMPLE.search(page.read_text(encoding="utf-8"))
        if example:
            yield page.stem, example[1], {}
    for case in ALL:
        before, after = case.frame.split(HOLE)
        yield case.name, before + case.text + after.removeprefix("\n"), case.others


WRONG = list(texts())


@pytest.mark.parametrize(("name", "text", "others"), WRONG, ids=[name for name, _, _ in WRONG])
def test_an_edit_mends(name: str, text: str, others: dict[str, str]) -> None:
    files = {**others, MAIN: text}
    before = Counter((one.code, one.message) for one in check_text(MAIN, text, others))
    for one in check_text(MAIN, text, others):
        if not one.edits:
            continue
        mended = dict(files)
        for edit in sorted(one.edits, key=lambda edit: -edit.span.start):
            whole = mended[edit.span.source]
            mended[edit.span.source] = whole[: edit.span.start] + edit.text + whole[edit.span.end :]
        after = Counter((one.code, one.message) for one in check_text(MAIN, mended[MAIN], mended))
        assert after[one.code, one.message] < before[one.code, one.message], mended[MAIN]
        syntax = {code for code, _ in after} - {code for code, _ in before}
        assert not any(code < "G02" for code in syntax), mended[MAIN]

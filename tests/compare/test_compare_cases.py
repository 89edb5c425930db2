"""Pairs of specs and what changed between them. README.md says the form of a case."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.compiler.compare import compare
from spec_pairs import HERE, findings, program, read

CASES = sorted((HERE / "cases").glob("*.md"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case(path: Path) -> None:
    case = read(path)
    there = compare(program(case.old, "1.0.0"), program(case.new, "1.1.0"))
    back = compare(program(case.new, "1.0.0"), program(case.old, "1.1.0"))
    assert findings(there) == case.expected["findings"]
    assert findings(back) == case.expected["back"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_weaker_one_way_is_stricter_the_other(path: Path) -> None:
    case = read(path)
    there = compare(program(case.old, "1.0.0"), program(case.new, "1.1.0"))
    back = compare(program(case.new, "1.0.0"), program(case.old, "1.1.0"))
    ways = ({one.effect for one in there.findings}, {one.effect for one in back.findings})
    assert there.fails == ("weaker" in ways[0])
    assert back.fails == ("weaker" in ways[1])
    for one, other in (ways, ways[::-1]):
        if "stricter" in one:
            assert "weaker" in other
    if there.fails and not back.fails:
        assert ways[1] & {"stricter", "note"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_each_finding_has_its_places_and_the_same_answer_each_time(path: Path) -> None:
    case = read(path)
    there = compare(program(case.old, "1.0.0"), program(case.new, "1.1.0"))
    assert there == compare(program(case.old, "1.0.0"), program(case.new, "1.1.0"))
    for one in there.findings:
        assert one.old is not None or one.new is not None
        for span, text in ((one.old, case.old), (one.new, case.new)):
            assert span is None or 0 <= span.start < span.end <= len(text)

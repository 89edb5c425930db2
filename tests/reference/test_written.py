"""The interpreter over specs that people wrote: all cases and code pages that are clean, and every
example. They use what the generator does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from confirming import RULES, Tally, broken, compiled, confirm, consequence, stricter_than_any
from gantral.compiler.program import Program
from gantral.dsl.diagnostics import Diagnostic

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages(wanted: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The examples of the codes, of what is wrong or mended."""
    for page in sorted((ROOT / "docs" / "codes").glob("G*.md")):
        for kind, info, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if (kind, info) == ("gantral", wanted):
                yield page.stem, text, {}


def cases() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The cases of the compiler, with what they may import."""
    for file in sorted((ROOT / "tests" / "compiler" / "cases").glob("*.md")):
        head, *parts = file.read_text(encoding="utf-8").split("\n## ")
        frames = {info: text for kind, info, text in _BLOCK.findall(head) if kind == "frame"}
        for part in parts:
            text, others = "", {}
            for kind, info, block in _BLOCK.findall(part):
                if kind == "gantral" and info.startswith("in "):
                    text = frames[info[3:]].replace("…\n", block)
                elif kind == "gantral" and info:
                    others[info] = block
                elif kind == "gantral":
                    text = block
            yield f"{file.stem}: {part.splitlines()[0]}", text, others


def examples() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each example, with the files beside it."""
    for file in sorted((ROOT / "examples").glob("*/*.gantral")):
        beside = {
            one.relative_to(file.parent).as_posix(): one.read_text(encoding="utf-8")
            for one in file.parent.rglob("*")
            if one.suffix in (".gantral", ".ics")
        }
        yield f"{file.parent.name}/{file.name}", file.read_text(encoding="utf-8"), beside


def holds(program: Program, one: Diagnostic) -> bool:
    """Whether the finding is in that workflow."""
    return program.span.start <= one.span.start and one.span.end <= program.span.end


def test_what_is_written_and_clean_breaks_no_rule() -> None:
    tally, programs = Tally(), 0
    for name, text, others in (*pages("ok"), *cases(), *examples()):
        found = compiled(text, others)
        if found.errors:
            continue
        for program in found.programs:
            programs += 1
            wrong = broken(program, found.warnings, programs, 16, tally)
            assert not wrong, f"{name}: {wrong}\n{text}"
    # Clean cases stand between the wrong ones; a spec that stops to be clean is their own tests'.
    assert programs > 150
    assert {*tally.ends} == {"completed", "rejected", "terminated"}


def test_what_is_written_and_refused_breaks_the_rule() -> None:
    shown: set[str] = set()
    for name, text, others in (*pages("error"), *cases()):
        found = compiled(text, others)
        for one in found.errors:
            program = next((each for each in found.programs if holds(each, one)), None)
            if program is None:
                continue  # a rule of types left nothing of it
            if one.code in RULES and not consequence(program, found.errors, one):
                shows = confirm(program, one) != "never" or stricter_than_any(program, one)
                assert shows, f"{name}: {one}"
                shown.add(one.code)
    # One at a gate leaves no program (README.md).
    assert shown == RULES.keys() - {"G0305", "G0348"}


@pytest.mark.parametrize("name", [name for name, _, _ in examples()])
def test_an_example_breaks_no_rule(name: str) -> None:
    text, others = next(rest for one, *rest in examples() if one == name)
    found = compiled(text, others)
    assert not found.errors
    for program in found.programs:
        wrong = broken(program, found.warnings, 1, 400, Tally())
        assert not wrong, wrong

"""From one form to the other and back: the same tree, every comment, the same program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.digest import program_digest
from gantral.compiler.generate import generate
from gantral.dsl.convert import UnwritableError, other_form
from gantral.dsl.format import bare
from gantral.dsl.front import read
from gantral.dsl.parse import ParseResult
from growing import loosely, program
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```gantral (?:ok[^\n]*)?\n(.*?)^```$", re.M | re.S)


def converted(text: str, name: str = "spec.gantral") -> tuple[str, ParseResult]:
    """The other form and what it says; the tree is the same."""
    before = read(name, text)
    assert before.file is not None, before.diagnostics
    made = other_form(name, text, before)
    again = read("spec.gantral" if name.endswith(".yaml") else "spec.gantral.yaml", made)
    assert again.file is not None
    assert bare(again.file) == bare(before.file)
    return made, again


def remarks(result: ParseResult) -> Counter[str]:
    """The comments that are no doc comments, however many signs they begin with."""
    return Counter(
        one.text.strip("# \t") for one in result.comments if not one.text.startswith("##")
    )


def there_and_back(text: str) -> None:
    try:
        yaml, in_yaml = converted(text)
    except UnwritableError:
        return
    again, in_text = converted(yaml, "spec.gantral.yaml")
    # Nothing is lost on the way, and a second round changes nothing.
    assert remarks(read("spec.gantral", text)) <= remarks(in_yaml) <= remarks(in_text)
    second, _ = converted(again)
    assert converted(second, "spec.gantral.yaml")[0] == again


@given(st.integers(0, 2**32))
def test_a_grown_program_is_the_same_in_yaml(seed: int) -> None:
    random = Random(seed)
    text = loosely(program(random), random, remarks=True)
    if read("spec.gantral", text).file is not None:
        there_and_back(text)


def test_most_grown_programs_can_be_written_in_yaml() -> None:
    written = 0
    for seed in range(60):
        text = " ".join(program(Random(seed)))
        try:
            converted(text)
        except (UnwritableError, AssertionError):
            continue
        written += 1
    assert written > 20


def specs() -> dict[str, str]:
    """Every spec of the repository in text form, by where it is."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in ("examples", "tests/dsl/examples")
        for path in sorted((ROOT / folder).rglob("*.gantral"))
    }
    for page in sorted((ROOT / "docs" / "codes").glob("*.md")):
        for number, text in enumerate(FENCE.findall(page.read_text("utf-8"))):
            found[f"{page.stem} {number}"] = text
    return {name: text for name, text in found.items() if read("a.gantral", text).file is not None}


SPECS = specs()


@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_spec_of_the_repository_is_the_same_in_yaml(name: str) -> None:
    there_and_back(SPECS[name])


def test_what_has_no_comments_comes_back_as_it_was() -> None:
    found = [text for text in SPECS.values() if "#" not in text]
    assert len(found) > 40
    for text in found:
        yaml, _ = converted(text)
        again, _ = converted(yaml, "spec.gantral.yaml")
        assert converted(again)[0] == yaml


# --- programs ---------------------------------------------------------------------------------


def texts() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every text of the pages of codes and of the compiler's cases, with what it may import."""
    for name, text in SPECS.items():
        if not name.startswith(("examples/", "tests/")):
            yield name, text, {}
    for path in sorted((ROOT / "tests" / "compiler" / "cases").glob("*.md")):
        head, *parts = re.split(r"^## (.+)$", path.read_text("utf-8"), flags=re.M)
        frames = dict(re.findall(r"^```frame ([^\n]*)\n(.*?)^```$", head, re.M | re.S))
        for title, body in zip(parts[::2], parts[1::2], strict=True):
            blocks = re.findall(r"^```gantral ?([^\n]*)\n(.*?)^```$", body, re.M | re.S)
            others = {info: text for info, text in blocks if info and not info.startswith("in ")}
            for info, text in blocks:
                if info not in others:
                    whole = frames[info[3:]].replace("…\n", text) if info else text
                    yield f"{path.stem}: {title}", whole, others


def test_a_proved_program_is_the_same_program() -> None:
    proved = 0
    for name, text, others in texts():
        before = analyse(Project({**others, "specs/a.gantral": text}.get), "specs/a.gantral")
        if not before.programs:
            continue
        yaml, _ = converted(text)
        files = {**others, "specs/a.gantral": text, "specs/a.gantral.yaml": yaml}
        after = analyse(Project(files.get), "specs/a.gantral.yaml")
        assert [one.code for one in after.diagnostics] == [one.code for one in before.diagnostics]
        for one, other in zip(before.programs, after.programs, strict=True):
            proved += 1
            assert program_digest(one) == program_digest(other), name
            # Generation sees the program alone, so some of them show that it does.
            if before.diagnostics or proved % 4:
                continue
            made, again = dict(generate(one, files).files), dict(generate(other, files).files)
            assert {"workflow.py", "manifest.json"} < set(made)
            # Which line of the spec a line of code comes from is all that differs.
            assert made.pop("source_map.json") != again.pop("source_map.json")
            assert made == again, name
    assert proved > 50


def test_what_is_found_in_a_program_is_found_in_yaml_too() -> None:
    found = 0
    seen = Counter[str]()
    for name, text, others in texts():
        imports_itself = "sample.gantral" in text
        if imports_itself or read("sample.gantral", text).file is None:
            continue
        before = analyse(Project({**others, "sample.gantral": text}.get), "sample.gantral")
        # A code is told at the same places of the tree each time: three texts of each will do.
        if all(seen[one.code] >= 3 for one in before.diagnostics):
            continue
        try:
            yaml, _ = converted(text)
        except UnwritableError:
            continue
        seen.update({one.code for one in before.diagnostics})
        after = analyse(Project({**others, "sample.gantral.yaml": yaml}.get), "sample.gantral.yaml")
        told, again = (
            Counter((one.code, one.message) for one in each.diagnostics) for each in (before, after)
        )
        assert told == again, name
        found += len(told)
        for one in after.diagnostics:
            # It points at something, and a mend leaves YAML that has one finding less.
            assert one.span.source != "sample.gantral.yaml" or yaml[one.span.start : one.span.end]
            if not one.edits:
                continue
            mended = yaml
            for edit in sorted(one.edits, key=lambda edit: -edit.span.start):
                assert edit.span.source == "sample.gantral.yaml"
                mended = mended[: edit.span.start] + edit.text + mended[edit.span.end :]
            left = analyse(
                Project({**others, "sample.gantral.yaml": mended}.get), "sample.gantral.yaml"
            )
            left_over = Counter((one.code, one.message) for one in left.diagnostics)
            assert left_over[one.code, one.message] < again[one.code, one.message], mended
            assert not any("G0101" <= code < "G02" for code, _ in left_over), mended
    assert found > 200

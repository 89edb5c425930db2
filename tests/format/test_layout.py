"""Text in, the one layout out; and what must hold of every layout."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from gantral.cli.commands.new import project_files
from gantral.dsl import syntax
from gantral.dsl.format import PRINTERS, difference, format_text
from gantral.dsl.parse import ParseResult, parse
from gantral.grammar.lexer import lex
from growing import loosely, program
from hypothesis import assume, given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?:gantral|file [^\n]*\.gantral)[^\n]*\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^## (.+)\n(?=```gantral)", re.M)
EXAMPLES = sorted((ROOT / "tests" / "dsl" / "examples").rglob("*.gantral"))
WORKFLOW = 'workflow w version "1.0.0" {{\n  team t\n  start by r\n  run {{\n    {}\n  }}\n}}\n'


def cases() -> Iterator[object]:
    for file in sorted((Path(__file__).parent / "cases").glob("*.md")):
        _, *parts = HEADING.split(file.read_text("utf-8"))
        for title, body in zip(parts[::2], parts[1::2], strict=True):
            blocks = BLOCK.findall(body)
            assert len(blocks) in (1, 2), title
            yield pytest.param(blocks[0], blocks[-1], id=f"{file.stem}: {title}")


def specs() -> dict[str, str]:
    """Every spec of the repository that parses, by where it is."""
    found = {
        f"{path.relative_to(ROOT)} {number}": text
        for path in sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/cases/*.md")])
        for number, text in enumerate(BLOCK.findall(path.read_text("utf-8")), 1)
    }
    found["README.md"] = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))[0]
    found |= {f"new {name}": text for name, text in project_files("trial").items() if "ral" in name}
    for folder in ("examples", "tests"):
        for path in sorted((ROOT / folder).rglob("*.gantral")):
            found[path.relative_to(ROOT).as_posix()] = path.read_text("utf-8")
    return {name: text for name, text in found.items() if read(text).file is not None}


def read(text: str) -> ParseResult:
    return parse("spec.gantral", text)


def laid_out(text: str) -> str:
    """The layout, which is held to what every layout must keep."""
    before = read(text)
    assert before.file is not None, before.diagnostics
    after = format_text(text, before.file)
    again = read(after)
    assert difference(before, again) == ""
    assert again.file is not None
    assert format_text(after, again.file) == after
    assert "\t" not in after or "\t" in "".join(re.findall(r"[\"#].*", text))
    assert not re.search(r"[ \r]\n|\n\n\n|\A\n|\n\n\Z", after)
    assert after == "" or after.endswith("\n")
    return after


@pytest.mark.parametrize(("before", "after"), list(cases()))
def test_case(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


def test_every_spec_of_the_repository_means_what_it_meant() -> None:
    found = specs()
    assert {"README.md", "new trial.gantral", "examples/refund/refund.gantral"} < set(found)
    assert len(found) > 200
    for name, text in found.items():
        assert bool(laid_out(text)) == bool(text.strip()), name


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_the_reference_are_laid_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert laid_out(text) == text


def test_the_page_shows_the_layout() -> None:
    (text,) = BLOCK.findall((ROOT / "docs" / "formatting.md").read_text("utf-8"))
    assert laid_out(text) == text


@given(st.integers(0, 2**32))
def test_a_grown_program_means_what_it_meant(seed: int) -> None:
    random = Random(seed)
    text = loosely(program(random), random, remarks=True)
    # Rarely `sleep` stands before a thing named `until`, which is no sentence.
    assume(read(text).file is not None)
    laid_out(text)


@given(st.integers(0, 2**32))
def test_other_white_space_gives_the_same_layout(seed: int) -> None:
    random = Random(seed)
    words = program(random)
    assume(read(" ".join(words)).file is not None)
    assert laid_out(loosely(words, random, remarks=False)) == laid_out(" ".join(words))


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_comment_anywhere_is_kept(path: Path, data: st.DataObject) -> None:
    text = path.read_text("utf-8")
    places = [0, *(token.end for token in lex(text).tokens)]
    for place in sorted(data.draw(st.sets(st.sampled_from(places), max_size=3)), reverse=True):
        remark = data.draw(st.sampled_from([" # a\n", "\n# a\n", "\n\n## a\n\n", " ## a\n# b\n"]))
        text = text[:place] + remark + text[place:]
    if read(text).file is not None:
        laid_out(text)


def nodes(value: object) -> Iterator[syntax.Node]:
    if isinstance(value, syntax.Node):
        yield value
        for each in dataclasses.fields(value):
            yield from nodes(getattr(value, each.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from nodes(item)


def kinds() -> set[type[syntax.Node]]:
    found = {one for one in vars(syntax).values() if isinstance(one, type)}
    return {one for one in found if issubclass(one, syntax.Node)} - {syntax.Node, syntax.Comment}


def test_every_node_has_a_printer() -> None:
    assert set(PRINTERS) == kinds()


def test_what_grows_has_every_node() -> None:
    met: set[type[syntax.Node]] = set()
    for seed in range(100):
        result = read(" ".join(program(Random(seed))))
        met |= {type(node) for node in nodes(result.file)}
    assert kinds() - met == set()


@pytest.mark.parametrize(
    ("opens", "inside", "closes"),
    [
        ("[", "a", "]"),
        ("{ a: ", "a", " }"),
        ("not ", "a", ""),
        ("len(", "a", ")"),
        ("a + ", "a", ""),
        ("a - (", "a", ")"),
        ("if a then b else ", "c", ""),
        ("[", "a", " for i in b]"),
    ],
)
def test_the_deepest_that_parses_is_laid_out(opens: str, inside: str, closes: str) -> None:
    for depth in range(200, 0, -1):
        text = WORKFLOW.format(f"let x = {opens * depth}{inside}{closes * depth}")
        result = read(text)
        if result.file is not None:
            assert difference(result, read(format_text(text, result.file))) == ""
            return
    pytest.fail("none of them parses")


def test_line_ends_and_the_end_of_the_file() -> None:
    assert laid_out("") == laid_out("\n\n") == ""
    assert laid_out("\r\nrole a\r\n\r\n\r\nrole b # b\r\n# c") == "role a\n\nrole b  # b\n# c\n"
    assert laid_out("\n\n# alone\n\n\n") == "# alone\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("role a", "role b", "its tree is another"),
        ("role a", "## a\nrole a", "its tree is another"),
        ("role a role b", "role b role a", "its tree is another"),
        ("# a\nrole a", "role a", "its comments are others"),
        ("# a\n# b\nrole a", "# b\n# a\nrole a", "its comments are others"),
        ("role a", "role", "it does not parse: expected a name, found the end"),
        (WORKFLOW.format("let x = 1.0"), WORKFLOW.format("let x = 1.00"), "its tree is another"),
        (WORKFLOW.format("let x = a - (b - c)"), WORKFLOW.format("let x = a - b - c"), "its tree"),
    ],
)
def test_what_is_lost_is_seen(before: str, after: str, said: str) -> None:
    assert difference(read(before), read(after)).startswith(said)
    assert difference(read(before), read(before)) == ""

"""What is refused in YAML, with its code and place; and that reading it always ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from gantral.dsl.convert import UnwritableError, other_form
from gantral.dsl.decode import decode
from gantral.dsl.format import bare
from gantral.dsl.front import read
from gantral.dsl.positions import Lines
from gantral.dsl.yaml import parse_yaml
from gantral.dsl.yaml.forms import STATEMENTS
from growing import program
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

HERE = Path(__file__).parent
CASE = re.compile(r"^## ([^\n]+)\n```yaml\n(.*?)^```\n```findings\n(.*?)^```$", re.M | re.S)
NAME = "spec.gantral.yaml"
REFUND = HERE.parents[1] / "examples" / "refund_yaml" / "refund.gantral.yaml"


def cases() -> list[object]:
    found = CASE.findall((HERE / "cases" / "refused.md").read_text("utf-8"))
    return [pytest.param(text, told, id=title) for title, text, told in found]


@pytest.mark.parametrize(("text", "told"), cases())
def test_case(text: str, told: str) -> None:
    lines = Lines(text)
    result = parse_yaml(NAME, text)
    assert result.file is None
    got = []
    for one in result.diagnostics:
        line, column = lines.place(one.span.start)
        got.append(f"{one.code} {line}:{column} {one.message}")
        assert one.edits == ()
        assert one.help or one.code < "G0120"
        assert (
            one.span.end > one.span.start
            or one.span.start == len(text.rstrip())
            or "end" in got[-1]
        )
    wanted = told.splitlines()
    assert [one.split(" ")[:2] for one in got] == [one.split(" ")[:2] for one in wanted], got
    for one, want in zip(got, wanted, strict=True):
        assert want.split(" ", 2)[2] in one


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"roles: [\xff]", "G0002"),
        (b"roles: [a\0]", "G0003"),
        ("# \u202e".encode(), "G0004"),
        (b"#" * (4 * 1024 * 1024 + 1), "G0006"),
    ],
)
def test_what_no_spec_holds(data: bytes, code: str) -> None:
    text, found = decode(NAME, data)
    assert [one.code for one in found] == [code]
    assert read(NAME, text).file is None or code == "G0002" or code == "G0006"


@pytest.mark.parametrize(
    "text", ["[" * 5000, "- " * 5000, "a:\n" + "\n".join("  " * n + "- a:" for n in range(1, 300))]
)
def test_what_nests_without_end_is_refused(text: str) -> None:
    assert [one.code for one in parse_yaml(NAME, text).diagnostics] == ["G0007"]


def test_what_nests_in_both_is_no_deeper_than_in_text() -> None:
    head = 'workflow: w\nversion: "1.0.0"\nteam: t\nstart by: r\nrun:\n'
    body = "".join(f"{'  ' * (2 * n + 1)}- if: a\n{'  ' * (2 * n + 1)}  then:\n" for n in range(30))
    for depth, codes in ((20, []), (195, ["G0007"])):
        leaf = f"{'  ' * 61}- give: {'-' * depth}a\n"
        assert [one.code for one in parse_yaml(NAME, head + body + leaf).diagnostics] == codes


def test_an_empty_file_is_an_empty_spec() -> None:
    for text in ("", "# nothing yet\n", "---\n"):
        file = parse_yaml(NAME, text).file
        assert file is not None
        assert file.declarations == ()


@given(st.integers(0, 2**32))
def test_reading_any_text_ends_with_a_tree_or_findings(seed: int) -> None:
    random = Random(seed)
    try:
        result = read("a.gantral", " ".join(program(random)))
        text = (
            other_form("a.gantral", " ".join(program(Random(seed))), result) if result.file else ""
        )
    except UnwritableError:
        text = REFUND.read_text("utf-8")
    lines = text.split("\n")
    for _ in range(random.randint(0, 3)):
        at, other = random.randrange(len(lines)), random.randrange(len(lines))
        key = lines[at].split(":")[0]
        choices = [f"{key}:", f"{key}: []", f"{key}: {{}}", f"  {lines[at]}", lines[other]]
        lines[at] = random.choice([*choices, f"{key}: {lines[other].strip()}"])
    text = "\n".join(lines)
    signs = "\n :-#'\"\\{}[]&*!|>%@`?,~\t é𝄞\r(x1"
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        text = (
            text[:at]
            + random.choice(signs) * random.randint(0, 2)
            + text[at + random.randint(0, 2) :]
        )
    result = parse_yaml(NAME, text)
    assert (result.file is None) == bool(result.diagnostics)
    assert all(0 <= one.span.start <= one.span.end <= len(text) + 1 for one in result.diagnostics)


@given(st.text(max_size=60))
def test_reading_no_spec_at_all_ends(text: str) -> None:
    result = parse_yaml(NAME, text)
    assert (result.file is None) == bool(result.diagnostics)


def test_so_much_that_is_wrong_is_told_only_in_part() -> None:
    keys = "\n".join(f"k{n}: 1" for n in range(2000))
    statements = "run:\n" + "  - tremiate: a\n" * 2000
    traps = f"roles: [{'on, ' * 2000}on]"
    for text in (keys, keys + "\n" + keys, statements, traps):
        assert 0 < len(parse_yaml(NAME, text).diagnostics) <= 50


def test_line_ends_of_windows_say_the_same() -> None:
    text = REFUND.read_text("utf-8") + "on failure:\n  - give: |\n      a +\n      b\n"
    file, other = parse_yaml(NAME, text).file, parse_yaml(NAME, text.replace("\n", "\r\n")).file
    assert file is not None
    assert bare(file) == bare(other)


def test_what_yaml_reads_otherwise_than_it_stands_there_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = YAML.parse

    def altered(self: YAML, text: str) -> Iterator[object]:
        for event in honest(self, text):
            if getattr(event, "value", "").startswith("1 of r"):
                event.value = event.value.replace("1", "2")
            yield event

    head = "gates:\n  g:\n    clock: after 1h reject\n    decide: "
    for value in ("1 of r", "|\n      1 of r"):
        assert parse_yaml(NAME, head + value).file is not None
    monkeypatch.setattr(YAML, "parse", altered)
    for value in ("1 of r", "|\n      1 of r"):
        assert [one.code for one in parse_yaml(NAME, head + value).diagnostics] == ["G0120"]


def test_no_key_of_a_statement_begins_another() -> None:
    for head, form in STATEMENTS.items():
        assert not (set(form) - {head}) & set(STATEMENTS)

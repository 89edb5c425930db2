"""Text in, tree or findings out."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from gantral.dsl import syntax
from gantral.dsl.parse import MAX_DEPTH, decode, parse
from gantral.dsl.positions import Lines
from gantral.grammar.lexer import lex
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE / "examples").rglob("*.gantral"))
CASE = re.compile(r"^## ([^\n]+)\n.*?^```gantral\n(.*?)^```\n+(?:```text\n(.*?)^```)?", re.M | re.S)
CASES = [
    pytest.param(source, (expected or "").splitlines(), id=f"{path.stem}: {title}")
    for path in sorted((HERE / "cases").glob("*.md"))
    for title, source, expected in CASE.findall(path.read_text(encoding="utf-8"))
]
WORKFLOW = 'workflow w version "1.0.0" {{\n  team t\n  start by r\n  run {{\n    {}\n  }}\n}}\n'


def said(text: str) -> list[str]:
    lines = Lines(text)
    out = []
    for one in parse("case.gantral", text).diagnostics:
        line, column = lines.place(one.span.start)
        out.append(f"{one.code} {line}:{column} {one.message}")
    return out


def nodes(value: object) -> Iterator[syntax.Node]:
    if isinstance(value, syntax.Node):
        yield value
        for each in dataclasses.fields(value):
            yield from nodes(getattr(value, each.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from nodes(item)


def tree(text: str) -> syntax.File:
    result = parse("t.gantral", text)
    assert result.diagnostics == ()
    assert result.file is not None
    return result.file


def value_of(text: str) -> syntax.Expression:
    workflow = tree(WORKFLOW.format(f"let x = {text}")).declarations[0]
    assert isinstance(workflow, syntax.Workflow)
    let = workflow.run.statements[0]
    assert isinstance(let, syntax.Let)
    return let.value  # type: ignore[return-value]


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_case(source: str, expected: list[str]) -> None:
    assert said(source) == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_parse_with_sensible_spans(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    file = tree(text)
    for node in nodes(file):
        piece = text[node.span.start : node.span.end]
        assert node.span.source == "t.gantral"
        if not isinstance(node, syntax.File):
            assert piece == piece.strip()
            assert piece
        if isinstance(node, (syntax.Identifier, syntax.Name, syntax.Path)):
            assert piece == node.text
        elif isinstance(node, syntax.Block):
            assert (piece[0], piece[-1]) == ("{", "}")
        elif isinstance(node, (syntax.Text, syntax.PlainText)):
            assert (piece[0], piece[-1]) == ('"', '"')
        elif isinstance(node, syntax.Gate):
            assert piece.startswith("gate ")
        elif isinstance(node, syntax.Let):
            assert piece.startswith("let ")
        for inner in nodes(node):
            assert node.span.start <= inner.span.start <= inner.span.end <= node.span.end


def test_docs_and_comments_are_kept() -> None:
    path = HERE / "examples" / "refund.gantral"
    result = parse("r", path.read_text(encoding="utf-8"))
    assert [one.text[:12] for one in result.comments] == ["## Refund an", "## Sends the"]
    assert result.file is not None
    workflow = result.file.declarations[0]
    assert isinstance(workflow, syntax.Workflow)
    assert workflow.doc.startswith("Refund an order. Above")
    services = [one for one in workflow.declarations if isinstance(one, syntax.Service)]
    assert services[1].operations[0].doc == "Sends the money back to the card it came from."
    assert tree("## a\n## b\nrole r\n\n## no\n\nrole s").declarations[0].doc == "a\nb"
    assert tree("## a\n## b\nrole r\n\n## no\n\nrole s").declarations[1].doc == ""


def test_a_doc_is_of_the_declaration_that_begins_its_line() -> None:
    first, second = tree("## a\nrole r role s").declarations
    assert (first.doc, second.doc) == ("a", "")
    (service,) = tree('## a\nservice s on queue "q" { read r() { timeout 1s } }').declarations
    assert isinstance(service, syntax.Service)
    assert (service.doc, service.operations[0].doc) == ("a", "")
    assert tree("type T = {\n## a\nb: int } type U = int").declarations[1].doc == ""


def test_operators_bind_as_the_reference_says() -> None:
    outer = value_of("a or b and not c == d ?? e + f * -g.h")
    assert isinstance(outer, syntax.Binary)
    assert outer.operator == "or"
    both = outer.right
    assert isinstance(both, syntax.Binary)
    assert both.operator == "and"
    negated = both.right
    assert isinstance(negated, syntax.Unary)
    compared = negated.operand
    assert isinstance(compared, syntax.Comparison)
    filled = compared.right
    assert isinstance(filled, syntax.Binary)
    assert filled.operator == "??"
    total = filled.right
    assert isinstance(total, syntax.Binary)
    assert total.operator == "+"
    chain = value_of("a - b - c")
    assert isinstance(chain, syntax.Binary)
    assert isinstance(chain.left, syntax.Binary)


def test_literals() -> None:
    decimal = value_of("12.50")
    assert isinstance(decimal, syntax.Decimal)
    assert (str(decimal.value), decimal.scale, decimal.value) == ("12.50", 2, Decimal("12.5"))
    length = value_of("90m")
    assert isinstance(length, syntax.Duration)
    assert length.milliseconds == 90 * 60 * 1000
    text = value_of(r'"e\u{301} {a.b}\n\{x}"')
    assert isinstance(text, syntax.Text)
    assert (text.parts[0], text.parts[2]) == ("\u00e9 ", "\n{x}")
    assert isinstance(text.parts[1], syntax.Member)


def test_words_are_reserved_only_where_they_must_be() -> None:
    tree("type T = { if: int, gate: int, let: bool }")
    tree('service s on queue "q" { read run() { timeout 1s } }')
    assert isinstance(value_of("x.let.if"), syntax.Member)
    assert isinstance(value_of("{ none: 1, title: 2 }"), syntax.Record)
    tree(WORKFLOW.format("title.pay(amount: gate)"))


def test_a_dotted_call_is_a_service_call_and_a_plain_one_a_function() -> None:
    assert isinstance(value_of("s.op(a: 1)"), syntax.ServiceCall)
    assert isinstance(value_of("len(xs)"), syntax.Call)


def test_bounds_hold() -> None:
    deep = WORKFLOW.format("let x = " + "(" * 100_000)
    assert [one.code for one in parse("d", deep).diagnostics] == ["G0007"]
    for piece in ("not ", "- ", "(", "[", "if a then b else ", "{ a: "):
        found = parse("d", WORKFLOW.format("let x = " + piece * 5000 + "a"))
        assert {one.code for one in found.diagnostics} <= {"G0101", "G0007", "G0112"}
        assert found.file is None
    blocks = "if a { " * 90 + "complete" + " }" * 90
    tree(WORKFLOW.format(blocks))
    chain = WORKFLOW.format("let x = " + " + ".join("a" * (MAX_DEPTH + 1)))
    assert [one.code for one in parse("d", chain).diagnostics] == ["G0007"]
    wrong = WORKFLOW.format("let x = = \n" * 20_000)
    assert 0 < len(parse("d", wrong).diagnostics) <= 60
    assert decode("d", b"x" * (4 * 1024 * 1024 + 1))[1][0].code == "G0006"


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    result = parse("any", text)
    assert (result.file is None) == bool(result.diagnostics)
    for one in result.diagnostics:
        assert 0 <= one.span.start <= one.span.end <= len(text)


@given(st.binary())
def test_any_bytes_are_answered(data: bytes) -> None:
    text, found = decode("any", data)
    if not found:
        parse("any", text)


PIECES = [
    token.text
    for path in EXAMPLES
    for token in lex(path.read_text(encoding="utf-8")).tokens
    if token.text
]


@given(st.lists(st.sampled_from(PIECES + ["\n"] * 200), max_size=60))
def test_any_tokens_are_answered(pieces: list[str]) -> None:
    result = parse("any", " ".join(pieces))
    assert (result.file is None) == bool(result.diagnostics)


@given(st.sampled_from(EXAMPLES), st.data())
def test_one_token_away_from_a_spec_is_answered_and_told_once(
    path: Path, data: st.DataObject
) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = lex(text).tokens[:-1]
    gone = data.draw(st.sampled_from(tokens))
    result = parse("any", text[: gone.start] + text[gone.end :])
    # Of all that can be left out of the examples, 99 in 100 give one finding, none more than two.
    assert len(result.diagnostics) <= 2


def test_the_same_on_every_hash_seed() -> None:
    code = (
        "import sys, hashlib; from gantral.dsl.parse import parse;"
        "from gantral.dsl.diagnostics import render;"
        "t = open(sys.argv[1]).read(); r = parse('x', t); b = t.replace(':', '', 9);"
        "e = render(parse('x', b).diagnostics, {'x': b});"
        "print(hashlib.sha256((repr(r) + e).encode()).hexdigest())"
    )
    path = str(HERE / "examples" / "vendor_payment_run.gantral")
    answers = {
        subprocess.run(
            [sys.executable, "-c", code, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(answers) == 1

"""Diagnostics as text: the four forms, exactly."""

from __future__ import annotations

import json

from gantral.dsl.diagnostics import Diagnostic, Edit, Label, Step, in_order, render
from gantral.dsl.syntax import Span

NAME = "specs/a.gantral"
TEXT = "run {\n\tlet a = pay(x: 1)\n  let b = 2\n}\n"


def at(piece: str) -> Span:
    start = TEXT.index(piece)
    return Span(NAME, start, start + len(piece))


FOUND = Diagnostic(
    "G0301",
    "error",
    "this effect has no approval to act under",
    at("pay(x: 1)"),
    (Label(at("b"), "this one comes later"),),
    (Step(at("run"), "the run begins"), Step(at("let a"), "then this")),
    "name an approval",
    (Edit(Span(NAME, at("pay(x: 1)").end, at("pay(x: 1)").end), " under ok"),),
)

FULL = """\
error[G0301]: this effect has no approval to act under
 --> specs/a.gantral:2:10
  |
2 |     let a = pay(x: 1)
  |             ^^^^^^^^^
3 |   let b = 2
  |       - this one comes later
  |
  = the path taken:
    1. specs/a.gantral:1:1: the run begins
       run {
    2. specs/a.gantral:2:2: then this
       let a = pay(x: 1)
  = help: name an approval
2 +     let a = pay(x: 1) under ok
  = see `gantral explain G0301`

"""


def test_full() -> None:
    assert render((FOUND,), {NAME: TEXT}) == FULL
    assert "\x1b[1;31merror[G0301]\x1b[0m" in render((FOUND,), {NAME: TEXT}, color=True)


def test_concise_github_json() -> None:
    assert render((FOUND,), {NAME: TEXT}, "concise") == (
        "specs/a.gantral:2:10: error[G0301]: this effect has no approval to act under\n"
    )
    assert render((FOUND,), {NAME: TEXT}, "github") == (
        "::error file=specs/a.gantral,line=2,col=10,endLine=2,endColumn=19,title=G0301::"
        "this effect has no approval to act under%0Ahelp: name an approval\n"
    )
    (plain,) = json.loads(render((FOUND,), {NAME: TEXT}, "json"))
    assert plain["code"] == "G0301"
    assert plain["span"]["start"] == {"offset": 15, "line": 2, "column": 10}
    assert [step["text"] for step in plain["path"]] == ["the run begins", "then this"]
    assert render((), {}, "json") == "[]\n"
    assert render((), {}) == ""


def test_a_source_that_could_not_be_read_is_named() -> None:
    text = render((FOUND,), {})
    assert " --> specs/a.gantral\n" in text
    assert "name an approval" in text


def test_nothing_a_terminal_or_a_ci_obeys_gets_through() -> None:
    text = 'x "\x1b[31m\u202e" y\n'
    evil = Diagnostic("G0004", "error", "bad \x1b[0m", Span("a\n::error::b", 3, 9))
    sources = {"a\n::error::b": text}
    for form in ("full", "concise", "github"):
        said = render((evil,), sources, form)
        assert "\u202e" not in said
        assert "\n::error::b" not in said
    assert "\x1b" not in render((evil,), sources)


def test_order_is_by_place_and_each_once() -> None:
    first = Diagnostic("G0102", "error", "b", Span("a", 1, 2))
    later = Diagnostic("G0101", "error", "a", Span("a", 5, 6))
    assert in_order([later, first, later]) == (first, later)

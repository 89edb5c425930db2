"""The manifest as sentences, and values on their way in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from gantral.api import words
from gantral.api.entry import enter
from gantral.evidence.forms import typed
from hypothesis import given
from hypothesis import strategies as st

VALUES = {"/a": "40.00", "/b": "EUR", "/who": "u-1"}
NEW, OLD = {"new": ["decimal", "/a"]}, {"old": ["decimal", "/a"]}


def const(text: str) -> dict[str, Any]:
    return {"const": ["decimal", text]}


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ({"quorum": ["1", ["treasurer"]]}, "1 treasurer"),
        ({"quorum": ["2", ["a_boss", "deputy"]]}, "2 a bosses or deputies"),
        ({"quorum": ["1", [{"actor": "/order/owner"}]]}, "the person in order owner"),
        ({"quorum": ["2", [{"actors": "/board"}]]}, "2 of the people in board"),
        (
            {"points": ["5", [["chief", "3"], [{"actor": "/who"}, "2"]]]},
            "5 points (chief 3 each, the person in who 2)",
        ),
        (
            {"any": [{"points": ["1", [["chief", "1"]]]}, {"quorum": ["1", ["y"]]}]},
            "1 point (chief 1 each), or 1 y",
        ),
        (
            {"all": [{"quorum": ["1", ["x"]]}, {"any": [{"quorum": ["1", ["y"]]},
                                                        {"quorum": ["2", ["z"]]}]}]},
            "1 x and also (1 y, or 2 zs) (different people)",
        ),
    ],
)  # fmt: skip
def test_who_decides(formula: dict[str, Any], told: str) -> None:
    assert words.formula(formula, VALUES) == told


A, SURE = {"path": ["decimal", "/a"]}, {"path": ["bool", "/sure"]}


@pytest.mark.parametrize(
    ("tree", "values", "told"),
    [
        ("always", {}, "always"),
        ({"<=": [A, const("50.00")]}, {}, "a is at most 50.00"),
        ({"<=": [A, const("50.00")]}, VALUES, "40.00 (a) is at most 50.00"),
        (SURE, {}, "sure is yes"),
        ({"not": {"==": [A, A]}}, {}, "not (a is exactly a)"),
        ({"and": [{"not": SURE}, {"<": [const("1.00"), A]}]}, {},
         "sure is no and 1.00 is less than a"),
        ({"or": [{"and": [SURE, {"<": [A, const("1.00")]}]}, SURE]}, {},
         "(sure is yes and a is less than 1.00) or sure is yes"),
    ],
)  # fmt: skip
def test_when_a_case_holds(tree: Any, values: Any, told: str) -> None:
    assert words.condition(tree, values) == told


def test_who_decides_on_this_proposal() -> None:
    cases = [
        {"when": {"<=": [A, const("30.00")]}, "formula": {"quorum": ["1", ["chief"]]}},
        {"when": "always", "formula": {"quorum": ["2", ["clerk"]]}},
    ]
    assert words.deciders({"decide": cases}, VALUES) == "2 clerks"
    assert words.deciders({"decide": cases}, {"/a": "30.00"}) == "1 chief"


def test_anybody() -> None:
    assert words.anybody("a_boss", {}) == "any a boss"
    assert words.anybody({"actor": "/owner"}, {}) == "the person in owner"


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"<": [NEW, OLD]}, "less than 40.00 (what was asked for)"),
        ({">=": [OLD, NEW]}, "at most 40.00 (what was asked for)"),
        ({"or": [{"==": [NEW, const("0")]}, {"!=": [NEW, const("1")]}]},
         "exactly 0 or other than 1"),
        ({"not": {">": [NEW, {"+": [OLD, const("5")]}]}},
         "not (more than 40.00 (what was asked for) plus 5)"),
        ({"==": [{"path": ["string", "/b"]}, {"const": ["string", "EUR"]}]},
         "EUR (b) is exactly EUR"),
    ],
)  # fmt: skip
def test_what_may_be_amended(tree: dict[str, Any], told: str) -> None:
    assert words.amendment(tree, "/a", VALUES) == told


def test_arguments_of_a_plan() -> None:
    plan = {
        "arguments": {
            "to": {"const": ["string", "till"]},
            "amount": {"path": "/a"},
            "receipt": {"result": ["payments.refund/1", ".receipt_id"]},
        }
    }
    assert words.arguments(plan, VALUES, ["amount", "receipt", "to"]) == [
        {"name": "amount", "value": "40.00", "source": "/a"},
        {"name": "receipt", "value": "what payments.refund gives as receipt id", "source": "none"},
        {"name": "to", "value": "till", "source": "none"},
    ]


def test_an_argument_may_be_computed() -> None:
    amount = {"path": ["decimal", "/a"]}
    total = {"expr": {"*": [{"+": [amount, const("5")]}, amount]}}
    (told,) = words.arguments({"arguments": {"total": total}}, VALUES, ["total"])
    assert told == {"name": "total", "value": "(40.00 + 5) × 40.00", "source": "none"}


def test_what_another_yes_shows() -> None:
    plan = {
        "arguments": {
            "to": {"under": ["finance", "/to/iban"]},
            "from": {"under": ["finance/2", "/lines", "0", "/iban"]},
            "sum": {"expr": {"+": [{"under": ["decimal", "finance/1:/a"]}, const("5")]}},
        }
    }
    told = words.arguments(plan, VALUES, ["to", "from", "sum"])
    assert [one["value"] for one in told] == [
        "what gate finance approves as to iban",
        "what ask 2 of gate finance approves as the iban of each of lines, in turn",
        "what ask 1 of gate finance approves as a + 5",
    ]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        ("finance/2", "ask 2 of gate finance"),
        ("finance/2/0", "ask 2 of gate finance, round 1"),
        ("finance/2/0/4", "ask 2 of gate finance, round 1.5"),
    ],
)
def test_which_ask_it_is(ask: str, told: str) -> None:
    assert words.approval(ask) == told


def test_an_argument_may_be_of_each_element() -> None:
    plan = {
        "arguments": {
            "line": {"each": ["/lines", "0", ""]},
            "part": {"each": ["/lines", "0", "/parts", "1", "/name"]},
            "twice": {"expr": {"*": [{"each": ["decimal", "/lines", "0", "/sum"]}, const("2")]}},
        }
    }
    told = words.arguments(plan, VALUES, ["line", "part", "twice"])
    assert [one["value"] for one in told] == [
        "each of lines, in turn",
        "the name of the parts of each of lines, in turn",
        "the sum of each of lines, in turn × 2",
    ]
    assert {one["source"] for one in told} == {"none"}


def test_a_rule_is_told_without_a_proposal_too() -> None:
    assert words.amendment({"<=": [NEW, OLD]}, "/a", {}) == "at most what was asked for"
    assert words.term({"path": ["string", "/b"]}, {}) == "b"
    twice = {"*": [{"+": [OLD, const("1")]}, const("2")]}
    assert words.term(twice, {}) == "(what was asked for plus 1) times 2"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-11-26T10:00:00.000Z", "in 3 days"),
        ("2026-11-23T10:00:30.000Z", "in less than a minute"),
        ("2026-11-23T09:59:30.000Z", "just now"),
        ("2026-11-23T08:29:00.000Z", "1 hour 31 minutes ago"),
    ],
)
def test_how_far_off(at: str, told: str) -> None:
    assert words.until(at, datetime(2026, 11, 23, 10, 0, tzinfo=UTC)) == told


DECIMAL = ["decimal", {"scale": "2", "min": "none", "max": "none"}]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-10**9,
                   max_value=10**9))  # fmt: skip
def test_a_decimal_is_entered_exactly_or_refused(number: Decimal) -> None:
    value, errors = enter(DECIMAL, str(number))
    if number == number.quantize(Decimal("0.01")):
        assert not errors
        assert Decimal(value) == number
        assert value.partition(".")[2] == value[-2:]
    else:
        assert errors


@pytest.mark.parametrize("value", ["", "1.", ".5", "01", "+1", " 1", "1e2", "٣", "-", 1.5, True])
def test_what_is_no_decimal(value: Any) -> None:
    assert enter(DECIMAL, value)[1]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "-12", -12), ("int", "007", 7), ("int", "0" * 60 + "5", 5), ("bool", "true", True),
        ("bool", "false", False), ("decimal", "40.00", "40.00"), ("string", "12", "12"),
        *(("int", text, text) for text in ("--5", "-", "+5", "5 ", "1_0", "٣", "²", "9" * 401, "")),
        *(("bool", text, text) for text in ("True", "1", "")),
    ],
)  # fmt: skip
def test_what_people_type_is_never_guessed(kind: str, text: str, value: Any) -> None:
    made = typed(kind, text)
    assert (made, type(made)) == (value, type(value))


def test_text_becomes_nfc() -> None:
    shape = ["string", {"min": "none", "max": "1", "pattern": "none"}]
    assert enter(shape, "e\u0301") == ("é", [])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"/xs": "[]"}, "0"),
        ({"/xs/0": "a", "/xs/1": "[]"}, "2"),
        ({"/xs/0/id": "a", "/xs/0/of": "b", "/xs/10/id": "a", "/xsy/0": "a"}, "2"),
    ],
)
def test_elements_are_counted(values: dict[str, str], told: str) -> None:
    assert words.count("/xs", values) == told

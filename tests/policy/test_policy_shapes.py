"""Values against shapes: what passes, what is refused and where, and what the leaves are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from gantral.policy import question
from gantral.policy.shapes import ShapeError, check, leaves, persons
from hypothesis import given
from hypothesis import strategies as st

NONE = {"min": "none", "max": "none"}
ORDER = [
    "record",
    [
        ["id", ["string", {**NONE, "max": "4", "pattern": "[A-Z]+"}], {}],
        ["total", ["decimal", {**NONE, "scale": "2", "max": "100"}], {}],
        ["count", ["int", {"min": "1", "max": "9"}], {}],
        ["kind", ["enum", ["new", "old"]], {}],
        ["who", ["person"], {}],
        ["tags", ["list", {"min": "0", "max": "2"}, ["string", {**NONE, "pattern": "none"}]], {}],
        ["note", ["optional", ["record", [["text", ["string", NONE], {}]]]], {}],
        ["urgent", ["bool"], {}],
    ],
]
GOOD: dict[str, Any] = {
    "id": "AB",
    "total": "40.00",
    "count": 3,
    "kind": "new",
    "who": "maria",
    "tags": [],
    "urgent": True,
}


def test_leaves_of_a_value() -> None:
    check(ORDER, GOOD)
    assert leaves(ORDER, GOOD, "/order") == {
        "/order/id": "AB",
        "/order/total": "40.00",
        "/order/count": "3",
        "/order/kind": "new",
        "/order/who": "maria",
        "/order/tags": [],
        "/order/note": {},
        "/order/urgent": "true",
    }
    assert persons(ORDER, GOOD, "/order") == {"/order/who": "maria"}
    assert leaves(ORDER, {**GOOD, "tags": ["a", "b"]})["/tags/1"] == "b"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": "ABCDE"}, "/id"),
        ({"id": "ab"}, "/id"),
        ({"id": 1}, "/id"),
        ({"id": "A\ud800"}, "/id"),
        ({"total": 40.0}, "/total"),
        ({"total": "40"}, "/total"),
        ({"total": "40.000"}, "/total"),
        ({"total": "4e1"}, "/total"),
        ({"total": "040.00"}, "/total"),
        ({"total": "-0.00"}, "/total"),
        ({"total": "100.01"}, "/total"),
        ({"total": "NaN"}, "/total"),
        ({"total": "٤٠.00"}, "/total"),
        ({"count": True}, "/count"),
        ({"count": "3"}, "/count"),
        ({"count": 0}, "/count"),
        ({"kind": "NEW"}, "/kind"),
        ({"who": ""}, "/who"),
        ({"who": "a\nb"}, "/who"),
        ({"tags": ["a", "b", "c"]}, "/tags"),
        ({"tags": ["a", 2]}, "/tags/1"),
        ({"tags": None}, "/tags"),
        ({"note": None}, "/note"),
        ({"note": {}}, "/note/text"),
        ({"urgent": "true"}, "/urgent"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_what_is_refused_and_where(change: dict[str, Any], where: str) -> None:
    with pytest.raises(ShapeError) as refused:
        check(ORDER, {**GOOD, **change})
    assert refused.value.pointer == where


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("date", "2028-02-29", ["2027-02-29", "20280229", "2028-2-9", ""]),
        (
            "instant",
            "2026-11-23T10:00:00.000Z",
            ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000+00:00", "2026-11-23T25:00:00.000Z"],
        ),
        (
            "duration",
            "PT72H",
            ["P3D", "PT", "PT0H", "PT90M", "PT1H0M", "PT1.5S", "-PT0S", "PT1.000S"],
        ),
    ],
)
def test_times_have_one_form(kind: str, good: str, bad: list[str]) -> None:
    check([kind, NONE], good)
    for text in bad:
        with pytest.raises(ShapeError):
            check([kind, NONE], text)


@given(st.decimals(places=2, allow_nan=False, allow_infinity=False), st.text(max_size=20))
def test_the_question_is_json_with_exact_numbers(amount: Decimal, name: str) -> None:
    import json

    shape = [
        "record",
        [["amount", ["decimal", {**NONE, "scale": "2"}], {}], ["name", ["string", NONE], {}]],
    ]
    text = f"{amount:.2f}" if amount else "0.00"
    made = question(
        query="data.a.b",
        workflow="w",
        gate="g",
        round=1,
        initiator="i",
        parameters=shape,
        proposal={"amount": text, "name": name},
    )
    read = json.loads(made.body, parse_float=str)
    assert read["input"]["proposal"] == {"amount": text, "name": name}
    assert made.as_text["proposal"] == {"amount": text, "name": name}


def test_a_proposal_outside_its_shape_is_never_a_question() -> None:
    with pytest.raises(ShapeError):
        question(
            query="data.a.b",
            workflow="w",
            gate="g",
            round=1,
            initiator="i",
            parameters=ORDER,
            proposal={**GOOD, "total": None},
        )

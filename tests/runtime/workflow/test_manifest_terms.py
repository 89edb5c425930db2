"""Terms of a manifest on wire values: plans for people, arguments of an undo, amendments."""

from __future__ import annotations

from typing import Any

import pytest
from gantral.runtime import terms

PROPOSAL = {"order": {"id": "A1"}, "refund": {"amount": "40.00", "currency": "EUR"}, "count": 2}
SHAPE: list[Any] = [
    "record",
    [
        ["order", ["record", [["id", ["string", {}], {}]]], {}],
        ["refund", ["record", [["amount", ["decimal", {}], {}]]], {}],
        ["count", ["int", {}], {}],
        ["note", ["optional", ["string", {}]], {}],
        ["urgent", ["optional", ["bool"]], {}],
    ],
]


def test_a_plan_shows_each_argument_with_its_value() -> None:
    plan = {
        "pay.refund/1": {
            "operation": "pay.refund",
            "at_most": "1",
            "undo": "none",
            "arguments": {
                "amount": {"path": "/refund"},
                "fee": {"const": ["int", "3"]},
                "ref": {"result": ["pay.hold/1", ".ref"]},
                "sum": {"expr": {"+": []}},
                "note": {"path": "/note"},
            },
        }
    }
    assert terms.planned(plan, PROPOSAL)[0]["arguments"] == [
        ["amount", {"amount": "40.00", "currency": "EUR"}],
        ["fee", 3],
        ["note", None],
        ["ref", {"result": "pay.hold/1"}],
        ["sum", {"computed": {}}],
    ]


def test_an_undo_takes_arguments_results_and_constants() -> None:
    found = terms.undo_arguments(
        {
            "receipt.id": {"result": ["self", ".receipt.id"]},
            "amount": {"path": "/refund/amount"},
            "why": {"const": ["string", "undone"]},
            "loud": {"const": ["bool", "false"]},
            "note": {"path": "/note"},
        },
        PROPOSAL,
        {"receipt": {"id": "r-1"}},
    )
    assert found == {
        "receipt": {"id": "r-1"},
        "amount": "40.00",
        "why": "undone",
        "loud": False,
    }
    with pytest.raises(KeyError):
        terms.undo_arguments({"x": {"expr": {}}}, PROPOSAL, {})


def test_an_amendment_takes_the_form_of_its_type() -> None:
    changes = {"/refund/amount": "25.00", "/count": "3", "/note": "late", "/urgent": "true"}
    decided = terms.amended(PROPOSAL, changes, SHAPE)
    assert decided["refund"] == {"amount": "25.00", "currency": "EUR"}
    assert (decided["count"], decided["note"], decided["urgent"]) == (3, "late", True)
    assert PROPOSAL["refund"] == {"amount": "40.00", "currency": "EUR"}
    with pytest.raises(KeyError):
        terms.amended(PROPOSAL, {"/nobody": "1"}, SHAPE)

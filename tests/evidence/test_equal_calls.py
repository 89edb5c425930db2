"""The verifier on equal calls under one approval, by leaves and terms, never by values."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import EvidenceError, canonical
from gantral.evidence.manifest import check_manifest
from rules_off import switch_off
from scenes import Forge, build
from test_verifier_rules import judged
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

AMOUNT = {"path": "/refund"}


def program(alike: str, second: Any = None) -> dict[str, Any]:
    """The vectors' program with two calls: the second one's order is ``second``."""
    made: dict[str, Any] = copy.deepcopy(MANIFEST)
    gate = made["gates"]["finance"]
    gate |= {"uses": "2", "alike": alike}
    first = gate["plan"]["payments.refund/1"]
    gate["plan"]["payments.refund/2"] = copy.deepcopy(first)
    if second is not None:
        first["arguments"]["order"] = {"const": ["string", "o-1"]}
        gate["plan"]["payments.refund/2"]["arguments"]["order"] = second
    return made


def twice(**changes: Any) -> list[dict[str, Any]]:
    """The approved vector with the call done twice; ``changes`` of the first outcome."""
    made = copy.deepcopy(CHAINS["approved"])
    use, outcome = made[3]["records"]
    second = {"call": "payments.refund/2", "slot": "2"}
    results = [["0" * 31 + "2", "/receipt_id", "r-10"]]
    made[3]["records"] = [
        use,
        {**outcome, **changes},
        {**copy.deepcopy(use), **second},
        {**copy.deepcopy(outcome), **second, "results": results},
    ]
    return made


def constant(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for record in made[3]["records"]:
        if record["kind"] == "use":
            record["arguments"][2] = ["order", "=", "none"]
    return made


def codes(
    chain: list[dict[str, Any]], manifest: dict[str, Any], folder: Path
) -> tuple[str, list[str]]:
    scene = build({**inputs("approved"), "commits": chain}, manifest, Forge())
    report = judged(scene, folder)
    return report.verdict, [finding.code for finding in report.findings]


def out_of_order() -> list[dict[str, Any]]:
    made = twice()
    records = made[3]["records"]
    made[3]["records"] = [records[0], records[2], records[1], records[3]]
    return made


UNKNOWN = {"status": "unknown", "results": []}
O2 = {"const": ["string", "o-2"]}
O1 = {"const": ["string", "o-1"]}
CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "twice": (twice(), program("false"), "alike"),
    "the same constant": (constant(twice()), program("false", O1), "alike"),
    "the first is unknown": (twice(**UNKNOWN), program("true"), "alike_unknown"),
    "the first is not told yet": (out_of_order(), program("true"), "alike_unknown"),
}


@pytest.mark.parametrize(
    ("chain", "manifest"),
    [
        (twice(), program("true")),
        (constant(twice()), program("false", O2)),
        (twice(status="not_done", results=[]), program("true")),
    ],
)
def test_what_may_be(chain: Any, manifest: Any, tmp_path: Path) -> None:
    assert codes(chain, manifest, tmp_path) == ("VALID", [])


@pytest.mark.parametrize("case", list(CASES))
def test_what_may_not(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, manifest, code = CASES[case]
    assert codes(chain, manifest, tmp_path / "on") == ("INVALID", [code])
    switch_off(monkeypatch, {code})
    assert codes(chain, manifest, tmp_path / "off") == ("VALID", [])


def test_alike_is_yes_or_no() -> None:
    with pytest.raises(EvidenceError):
        check_manifest(canonical(program("perhaps"), depth=40))

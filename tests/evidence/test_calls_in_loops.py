"""Calls in loops: one index a loop in their ids, each with the element of that index, each once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import EvidenceError, Report, TrustFile, verify_folder
from gantral.evidence.manifest import check_manifest
from gantral.evidence.planned import Planned, arguments_at, planned
from scenes import Forge, Scene, build, salt
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

NONE = {"min": "none", "max": "none"}
LINE = ["record", [["id", ["string", {**NONE, "pattern": "none"}], "false"]]]
IDS = ("A-1", "A-2", "A-3")
LINES = [[salt("line", at), f"/lines/{at}/id", one] for at, one in enumerate(IDS)]


def looped(manifest: dict[str, Any]) -> None:
    """The refund once for each of at most three lines."""
    gate = manifest["gates"]["finance"]
    gate["uses"] = "3"
    gate["parameters"][1].append(["lines", ["list", {"min": "none", "max": "3"}, LINE], "false"])
    call = gate["plan"]["payments.refund/1"]
    call["at_most"] = "3"
    call["loops"] = ["3"]
    call["arguments"]["order"] = {"each": ["/lines", "0", "/id"]}


def use(slot: int, index: str, line: int, second: int) -> list[dict[str, Any]]:
    """The claim and the outcome of one call."""
    claim, outcome = copy.deepcopy(CHAINS["approved"][3]["records"])
    for one in (claim, outcome):
        one["slot"] = str(slot)
        one["call"] = f"payments.refund/1{index}"
    claim["arguments"][2] = ["order", f"/lines/{line}/id"]
    claim["timestamp"] = f"2026-11-23T10:44:10.3{second}0Z"
    outcome["results"] = [[salt("r", slot), "/receipt_id", f"r-{slot}"]]
    return [claim, outcome]


TWICE = [*use(1, "/0", 0, 1), *use(2, "/1", 1, 2)]


def judged(
    tmp_path: Path,
    records: list[dict[str, Any]],
    manifest: Callable[[dict[str, Any]], None] = looped,
) -> Report:
    forge = Forge(
        manifest=manifest,
        order={
            1: lambda made: made["context"].extend(copy.deepcopy(LINES)),
            3: lambda made: made.update(records=copy.deepcopy(records)),
        },
    )
    scene = build(inputs("approved"), MANIFEST, forge)
    return verified(scene, tmp_path)


def verified(scene: Scene, folder: Path) -> Report:
    for name, data in scene.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def codes(report: Report) -> list[str]:
    return [one.code for one in report.findings]


def test_each_element_by_its_own_call_is_valid(tmp_path: Path) -> None:
    report = judged(tmp_path, TWICE)
    assert (report.verdict, codes(report)) == ("VALID", [])


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([*use(1, "/0", 0, 1), *use(2, "/1", 2, 2)], "argument"),
        ([*use(1, "/0", 1, 1), *use(2, "/1", 0, 2)], "argument"),
        ([*use(1, "/0", 0, 1), *use(2, "/0", 0, 2)], "at_most"),
        (use(1, "/3", 2, 1), "released"),
        (use(1, "", 0, 1), "released"),
        (use(1, "/0/0", 0, 1), "released"),
        (use(1, "/00", 0, 1), "form"),
        (use(1, "/-1", 0, 1), "form"),
    ],
    ids=[
        "another element than the index says",
        "two elements exchanged",
        "an index for a second time",
        "an index out of bound",
        "no index",
        "an index too many",
        "an index written otherwise",
        "an index below 0",
    ],
)
def test_what_no_run_of_the_program_could_do_is_invalid(
    tmp_path: Path, records: list[dict[str, Any]], code: str
) -> None:
    report = judged(tmp_path, records)
    assert report.verdict == "INVALID"
    assert codes(report) == [code]


def asked_anew(second: str) -> list[dict[str, Any]]:
    """A loop that asks in each round: the orders of its commits, the second call by that index."""
    created, waiting, decided, completed = copy.deepcopy(CHAINS["approved"])
    waiting["context"] = [*waiting["context"], *copy.deepcopy(LINES)]
    noted = {**copy.deepcopy(completed), "states": [], "cause": "none", "context": "same"}
    noted["records"] = use(1, "/0", 0, 1)
    text = json.dumps([waiting, decided, completed])
    text = (
        text.replace("T10:", "T11:").replace("T18:", "T19:").replace('"round": "1"', '"round": "2"')
    )
    waiting_2, decided_2, completed_2 = json.loads(text)
    completed_2["records"] = json.loads(json.dumps(use(1, second, 0, 1)).replace("T10:", "T11:"))
    for one in completed_2["records"]:
        one["grant"] = "5"
    return [created, waiting, decided, noted, waiting_2, decided_2, completed_2]


@pytest.mark.parametrize(("second", "found"), [("/1", []), ("/0", ["call_twice"])])
def test_a_round_is_not_done_again_under_the_approval_of_the_next(
    tmp_path: Path, second: str, found: list[str]
) -> None:
    def manifest(made: dict[str, Any]) -> None:
        looped(made)
        for row in made["automaton"]:
            if row[0] == "finance/1:resumed":
                row[2] = sorted([*row[2], "finance/1"])
        # Both calls are of the first line: the index alone tells them apart.
        made["gates"]["finance"]["plan"]["payments.refund/1"]["arguments"]["order"] = {
            "path": "/lines/0/id"
        }

    scene = build(
        {**inputs("approved"), "commits": asked_anew(second)}, MANIFEST, Forge(manifest=manifest)
    )
    assert codes(verified(scene, tmp_path)) == found


def test_an_element_that_is_not_there_is_invalid(tmp_path: Path) -> None:
    def wider(manifest: dict[str, Any]) -> None:
        looped(manifest)
        manifest["gates"]["finance"]["plan"]["payments.refund/1"].update(at_most="4", loops=["4"])

    report = judged(tmp_path, use(1, "/3", 3, 1), wider)
    assert (report.verdict, codes(report)) == ("INVALID", ["argument"])


def test_a_call_of_no_loop_has_no_index(tmp_path: Path) -> None:
    def plain(manifest: dict[str, Any]) -> None:
        looped(manifest)
        call = manifest["gates"]["finance"]["plan"]["payments.refund/1"]
        del call["loops"]
        call.update(at_most="1")
        call["arguments"]["order"] = {"path": "/lines/0/id"}

    assert codes(judged(tmp_path, use(1, "/0", 0, 1), plain)) == ["released"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"loops": ["2"]}, "bound of the loops"),
        ({"loops": []}, "bound of the loops"),
        ({"arguments": {"order": {"each": ["/lines", "0"]}}}, "term"),
        ({"arguments": {"order": {"each": ["/lines"]}}}, "term"),
        ({"arguments": {"order": {"each": ["/lines", "x", "/id"]}}}, "term"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    def wrong(manifest: dict[str, Any]) -> None:
        looped(manifest)
        manifest["gates"]["finance"]["plan"]["payments.refund/1"].update(change)

    scene = build(inputs("approved"), MANIFEST, Forge(manifest=wrong))
    with pytest.raises(EvidenceError, match=word):
        check_manifest(scene.files["manifest.json"])


def test_a_loop_that_is_not_around_the_call_is_refused() -> None:
    entry = {"arguments": {"a": {"each": ["/lines", "1", ""]}}, "loops": ["3"]}
    with pytest.raises(EvidenceError, match="not around"):
        arguments_at({"gates": {}}, Planned(entry, ("0",)))


def test_terms_at_their_place() -> None:
    inner = {"operation": "s.fix", "at_most": "6", "loops": ["3", "2"], "undo": "none"}
    terms = {
        "whole": {"each": ["/lines", "0", ""]},
        "deep": {"each": ["/lines", "0", "/parts", "1", "/id"]},
        "sum": {"expr": {"+": [{"each": ["int", "/lines", "0", "/n"]}, {"const": ["int", "1"]}]}},
        "outer": {"result": ["s.act/1", ".id"]},
        "same": {"result": ["s.fix/2", ".id"]},
        "before": {"result": ["s.act/2", ".id"]},
        "plain": {"path": "/lines"},
    }
    plan = {
        "s.act/1": {"operation": "s.act", "loops": ["3"]},
        "s.act/2": {"operation": "s.act"},
        "s.fix/1": {**inner, "arguments": terms},
        "s.fix/2": inner,
    }
    manifest = {"gates": {"other": {"plan": {}}, "g": {"plan": plan}}}
    found = planned(manifest["gates"]["g"], "s.fix/1/2/0")
    assert found is not None
    assert arguments_at(manifest, found) == {
        "whole": {"path": "/lines/2"},
        "deep": {"path": "/lines/2/parts/0/id"},
        "sum": {"expr": {"+": [{"path": ["int", "/lines/2/n"]}, {"const": ["int", "1"]}]}},
        "outer": {"result": ["s.act/1/2", ".id"]},
        "same": {"result": ["s.fix/2/2/0", ".id"]},
        "before": {"result": ["s.act/2", ".id"]},
        "plain": {"path": "/lines"},
    }

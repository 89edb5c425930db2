"""Waits that are open at once (ADR 0157): what is VALID, and a forgery for each rule."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import order, put
from gantral.evidence import EvidenceError
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES, canonical
from gantral.evidence.manifest import check_manifest
from rules_off import switch_off
from scenes import Forge, build
from test_waits_in_chains import (
    DATA,
    ENDED,
    NOTHING,
    WAITING,
    came,
    chain,
    judged,
    opened,
    over,
)
from test_waits_in_chains import (
    LATER as COMPLETED,
)
from vectors import _created

BESIDE = copy.deepcopy(WAITING)
put("waits.wait/1.events", ["returned"])(BESIDE)
put("waits.wait/1.beside", ["wait/2"])(BESIDE)
put("waits.wait/2.beside", ["wait/1"])(BESIDE)

ONE = opened("wait/1", "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z")
ONE["records"][0]["events"] = ["returned"]
TWO = opened("wait/2", "2026-11-23T10:01:00.000Z", "2026-11-23T10:11:00.000Z")
LATER = opened("wait/2", "2026-11-23T10:07:00.000Z", "2026-11-23T10:11:00.000Z")
OVER = over("wait/2", "2026-11-23T10:11:00.000Z")


def returned(at: str, wait: int) -> dict[str, Any]:
    made = came("returned", "carol", at, at, DATA)
    made["records"][0]["wait"] = wait
    return made


def recalled(at: str, wait: int) -> dict[str, Any]:
    made = came("recalled", "dan", at, at, NOTHING, ["finance_director"])
    made["records"][0]["wait"] = wait
    return made


AFTER = returned("2026-11-23T10:30:00.000Z", 1)
WITHIN = returned("2026-11-23T10:05:00.000Z", 1)
RECALL = recalled("2026-11-23T10:06:00.000Z", 2)
VALID = {
    "the first one answered last": [_created(), ONE, TWO, OVER, AFTER, ENDED],
    "the first one answered first": [_created(), ONE, TWO, WITHIN, RECALL, ENDED],
    "one of two answered when it ends": [_created(), ONE, TWO, WITHIN, ENDED],
    "none is": [_created(), ONE, TWO, {**ENDED, "cause": "cancelled"}],
    "one after the other": [_created(), ONE, WITHIN, LATER, ENDED],
}
# code of the rule -> the chain, what is forged, the other rules that see the same forgery.
FORGERIES: dict[str, tuple[list[Any], Forge, tuple[str, ...]]] = {
    "wait_open:not beside": (
        VALID["the first one answered last"],
        Forge(manifest=lambda made: [made["waits"][one].pop("beside") for one in made["waits"]]),
        (),
    ),
    "wait_open:the same one": ([_created(), ONE, {**ONE}, ENDED], Forge(), ("round",)),
    "wait_open:one is left": (
        [_created(), ONE, TWO, WITHIN, COMPLETED],
        Forge(),
        ("automaton",),
    ),
    "other_wait:answered before": (
        [_created(), ONE, TWO, WITHIN, returned("2026-11-23T10:06:00.000Z", 1), ENDED],
        Forge(),
        ("event_other", "event_data"),
    ),
    "event_other:of the other": (
        [_created(), ONE, TWO, returned("2026-11-23T10:05:00.000Z", 2), ENDED],
        Forge(),
        (),
    ),
    "event_late:of its own": (
        [_created(), ONE, TWO, recalled("2026-11-23T10:11:00.000Z", 2), ENDED],
        Forge(),
        (),
    ),
    "early_timeout:of its own": (
        [_created(), ONE, TWO, over("wait/1", "2026-11-23T10:11:00.000Z"), ENDED],
        Forge(),
        (),
    ),
    "same_context:not the event": (
        [_created(), ONE, TWO, WITHIN, {**OVER, "context": NOTHING}, ENDED],
        Forge(),
        (),
    ),
    "round:again": (
        [_created(), ONE, TWO, WITHIN, {**ONE, "timestamp": "2026-11-23T10:06:00.000Z"}, ENDED],
        order(4, "records.0.round", "3"),
        (),
    ),
}


@pytest.mark.parametrize("name", list(VALID))
def test_waits_at_once_are_valid(name: str, tmp_path: Path) -> None:
    report = judged(build(chain(VALID[name]), BESIDE), tmp_path)
    assert (report.verdict, report.findings) == ("VALID", ())


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_alone_refuses_its_forgery(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits, forge, others = FORGERIES[case]
    switch_off(monkeypatch, set(others))
    report = judged(build(chain(commits), BESIDE, forge), tmp_path)
    assert report.verdict == "INVALID"
    assert [one.code for one in report.findings][:1] == [case.partition(":")[0]]


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, forge, others = FORGERIES[case]
    switch_off(monkeypatch, {case.partition(":")[0], *others})
    report = judged(build(chain(commits), BESIDE, forge), tmp_path)
    assert report.verdict == "VALID", report.findings


@pytest.mark.parametrize("beside", [["wait/1"], ["wait/3"], ["wait/2", "wait/9"]])
def test_beside_is_symmetric(beside: list[str]) -> None:
    manifest = copy.deepcopy(BESIDE)
    put("waits.wait/1.beside", beside)(manifest)
    with pytest.raises(EvidenceError):
        check_manifest(canonical(manifest, MAX_BYTES, MANIFEST_DEPTH))

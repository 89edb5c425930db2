"""A gate on a calendar in evidence: its periods and its instants are recounted without zones.

As in ``test_verifier_rules``, each rule has a forgery that this rule alone stands against.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import order, put
from gantral.evidence import EvidenceError, canonical
from gantral.evidence.manifest import check_manifest
from rules_off import switch_off
from scenes import Forge, build
from test_verifier_rules import judged
from vector_manifest import MANIFEST
from vectors import AT_GATE, CHAINS, inputs

BERLIN = {
    "zone": "Europe/Berlin",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "hours": ["09:00", "17:30"],
    "except": ["2026-11-24"],
}
OFFICE: dict[str, Any] = copy.deepcopy(MANIFEST)
OFFICE["gates"]["finance"]["clock"] = [["on", BERLIN], ["PT1H", "remind"], ["PT8H", "reject"]]
# It opens on a Monday at 10:00:01.004; the Tuesday is a holiday.
PERIODS = [
    ["2026-11-23", "2026-11-23T08:00:00.000Z", "2026-11-23T16:30:00.000Z"],
    ["2026-11-25", "2026-11-25T08:00:00.000Z", "2026-11-25T16:30:00.000Z"],
]
THIRD = ["2026-11-26", "2026-11-26T08:00:00.000Z", "2026-11-26T16:30:00.000Z"]
INSTANTS = [
    ["2026-11-23T11:00:01.004Z", "remind", "none", "none"],
    ["2026-11-25T09:30:01.004Z", "reject", "none", "none"],
]


def chain(name: str) -> list[dict[str, Any]]:
    made = copy.deepcopy(CHAINS[name])
    records = made[1]["records"]
    records[1]["instants"] = copy.deepcopy(INSTANTS)
    records.append({"kind": "calendar", **AT_GATE, "periods": copy.deepcopy(PERIODS)})
    return made


CHAINS_OF_OFFICE = {name: chain(name) for name in ("approved", "rejected", "timed_out")}
CHAINS_OF_OFFICE["timed_out"][2]["timestamp"] = INSTANTS[1][0]

FORGERIES: dict[str, tuple[str, Forge, tuple[str, ...]]] = {
    "calendar": (
        "plain",
        Forge(order={1: lambda m: m["records"].append(chain("approved")[1]["records"][-1])}),
        (),
    ),
    "clock": ("approved", order(1, "records.1.instants.1.0", "2026-11-25T10:30:01.004Z"), ()),
    # A day that is none, and the clock as it would then be; a day too many at the end.
    "periods:holiday": (
        "approved",
        Forge(
            order={
                1: lambda m: (
                    m["records"][3].update(
                        periods=[
                            PERIODS[0],
                            [text.replace("-25", "-24") for text in PERIODS[1]],
                        ]
                    ),
                    m["records"][1]["instants"][1].__setitem__(0, "2026-11-24T09:30:01.004Z"),
                )
            }
        ),
        (),
    ),
    "periods:too many": (
        "approved",
        Forge(order={1: lambda m: m["records"][3]["periods"].append(THIRD)}),
        (),
    ),
    "periods:no such clock": (
        "approved",
        Forge(
            order={
                1: lambda m: (
                    m["records"][3]["periods"][1].__setitem__(1, "2026-11-25T12:00:00.000Z"),
                    m["records"][1]["instants"][1].__setitem__(0, "2026-11-25T13:30:01.004Z"),
                )
            }
        ),
        (),
    ),
}


def given(name: str) -> dict[str, Any]:
    found = CHAINS["rejected"] if name == "plain" else CHAINS_OF_OFFICE[name]
    return {**inputs("approved"), "commits": found}


def codes(case: str, folder: Path) -> tuple[str, list[str]]:
    name, forge, _ = FORGERIES[case]
    manifest = MANIFEST if name == "plain" else OFFICE
    report = judged(build(given(name), manifest, forge), folder)
    return report.verdict, [finding.code for finding in report.findings]


@pytest.mark.parametrize("name", list(CHAINS_OF_OFFICE))
def test_the_chains_are_valid(name: str, tmp_path: Path) -> None:
    report = judged(build(given(name), OFFICE), tmp_path)
    assert report.findings == ()
    assert report.verdict == "VALID"


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_alone_refuses_its_forgery(case: str, tmp_path: Path) -> None:
    assert codes(case, tmp_path) == ("INVALID", [case.partition(":")[0]])


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(monkeypatch, {case.partition(":")[0], *FORGERIES[case][2]})
    assert codes(case, tmp_path) == ("VALID", [])


@pytest.mark.parametrize(
    "records",
    [lambda records: records.pop(), lambda records: records.append(records[-1])],
)
def test_it_says_its_calendar_once(records: Any, tmp_path: Path) -> None:
    forge = Forge(order={1: lambda made: records(made["records"])})
    report = judged(build(given("approved"), OFFICE, forge), tmp_path)
    assert (report.verdict, report.findings[0].code) == ("INVALID", "record")


def test_periods_that_end_too_early(tmp_path: Path) -> None:
    forge = Forge(order={1: lambda made: made["records"][3]["periods"].pop()})
    report = judged(build(given("approved"), OFFICE, forge), tmp_path)
    assert (report.verdict, report.findings[0].code) == ("INVALID", "periods")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("days", []),
        ("days", ["tue", "mon"]),
        ("days", ["mon", "mon"]),
        ("hours", ["09:00", "09:00"]),
        ("hours", ["17:30", "09:00"]),
        ("hours", ["09:00", "25:00"]),
        ("except", ["2026-11-24", "2026-11-24"]),
        ("except", ["2026-11-31"]),
        ("except", ["tomorrow"]),
        ("zone", ["Europe/Berlin"]),
    ],
)
def test_a_calendar_has_its_form(path: str, value: Any) -> None:
    check_manifest(canonical(OFFICE, depth=40))
    wrong = copy.deepcopy(OFFICE)
    put(path, value)(wrong["gates"]["finance"]["clock"][0][1])
    with pytest.raises(EvidenceError) as refused:
        check_manifest(canonical(wrong, depth=40))
    assert refused.value.code in ("manifest", "form")


def test_a_calendar_stands_first_and_alone() -> None:
    for at in (1, 2, 3):
        wrong = copy.deepcopy(OFFICE)
        wrong["gates"]["finance"]["clock"].insert(at, ["on", BERLIN])
        with pytest.raises(EvidenceError) as refused:
            check_manifest(canonical(wrong, depth=40))
        assert refused.value.code == "manifest"

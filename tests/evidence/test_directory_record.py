"""Nobody eligible by the deployment's directory: what is VALID, and each wrong claim of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import Report, TrustFile, verify_folder
from scenes import Builder, Forge, salt
from test_deciding import owned
from vector_manifest import MANIFEST
from vectors import AT_GATE, _commit, _created, _end, _waiting, inputs

MANAGER, DIRECTOR = ["finance_manager"], ["finance_director"]
Rows = list[tuple[str, list[str]]]
# Dan, whom the proposal names, and a manager: two persons.
PAIR = owned(
    decide=[
        {
            "when": "always",
            "formula": {
                "all": [
                    {"quorum": ["1", [{"actor": "/owner"}]]},
                    {"quorum": ["1", ["finance_manager"]]},
                ]
            },
        }
    ]
)


def judged(
    folder: Path,
    rows: Rows | None,
    *,
    manifest: dict[str, Any] = MANIFEST,
    where: int = 1,
    owner: str = "",
    cause: str = "no_eligible",
    order: bool = True,
    **wrong: str,
) -> Report:
    """What both verifiers say of a gate that ended at once, with such a directory record."""
    given = inputs("approved")
    actors = Builder(given, manifest, Forge())
    opened = copy.deepcopy(_waiting())
    if owner:
        opened["records"][1]["instants"] = [["2026-11-26T10:00:01.004Z", "reject", "none", "none"]]
        opened["records"][2]["named"] = {"/owner": [actors.actor(owner)]}
        text = [salt("owner"), "/owner", actors.actor(owner)]
        opened["context"] = sorted([*opened["context"], text], key=lambda one: one[1])
    ended = _commit(
        ["REJECTED"], "2026-11-23T10:00:02.000Z", "same", **AT_GATE, cause=cause,
        records=[_end("finance/1", [])],
    )  # fmt: skip
    orders = [_created(), opened, ended]
    if rows is not None:
        holders = [[actors.actor(who), roles] for who, roles in rows]
        record = {"kind": "directory", **AT_GATE, "holders": sorted(holders) if order else holders}
        orders[where]["records"].append({**record, **wrong})
    given["commits"] = orders
    scene = Builder(given, manifest, Forge()).run()
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def said(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        # Two managers, or one director: alone, alice can't.
        ([], []),
        ([("alice", MANAGER)], []),
        ([("alice", MANAGER), ("bob", MANAGER)], ["no_eligible"]),
        ([("dan", DIRECTOR)], ["no_eligible"]),
        # A role that counts nowhere here.
        ([("alice", MANAGER), ("bob", ["auditor"])], []),
        # Without the record nobody knows.
        (None, ["no_eligible"]),
    ],
)
def test_who_is_left_is_counted_again(tmp_path: Path, rows: Rows | None, codes: list[str]) -> None:
    assert said(judged(tmp_path, rows)) == codes


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([], []),
        # One person stands for one of the two.
        ([("dan", MANAGER)], []),
        ([("alice", MANAGER)], ["no_eligible"]),
        ([("alice", MANAGER), ("dan", MANAGER)], ["no_eligible"]),
    ],
)
def test_whom_the_proposal_names_counts_beside(
    tmp_path: Path, rows: Rows, codes: list[str]
) -> None:
    assert said(judged(tmp_path, rows, manifest=PAIR, owner="dan")) == codes


@pytest.mark.parametrize(
    ("rows", "more", "codes"),
    [
        ([("carol", MANAGER)], {}, ["directory"]),
        ([("alice", [])], {}, ["directory"]),
        ([("alice", ["finance_manager", "auditor"])], {}, ["directory"]),
        ([("alice", ["auditor", "auditor"])], {}, ["directory"]),
        ([("alice", MANAGER), ("alice", MANAGER)], {}, ["directory"]),
        ([("alice", MANAGER)], {"gate": "other"}, ["record"]),
        ([("alice", MANAGER)], {"round": "2"}, ["record"]),
        ([("alice", MANAGER)], {"where": 2}, ["record_place"]),
        ([("alice", MANAGER)], {"cause": "deadline"}, ["early_deadline"]),
    ],
)
def test_a_record_that_is_none(
    tmp_path: Path, rows: Rows, more: dict[str, Any], codes: list[str]
) -> None:
    assert said(judged(tmp_path, rows, **more)) == codes


def test_the_order_is_of_actors(tmp_path: Path) -> None:
    given = inputs("approved")
    actors = Builder(given, MANIFEST, Forge())
    rows: Rows = [("alice", ["auditor"]), ("bob", ["auditor"])]
    rows.sort(key=lambda row: actors.actor(row[0]), reverse=True)
    assert said(judged(tmp_path, rows, order=False)) == ["directory"]

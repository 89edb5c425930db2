"""What a child did is undone after it completed, by its parent: where that lies, who tells it, and
each rule that a forgery of one of them breaks (ADR 0140)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import TrustFile, seal
from gantral.evidence import verify as first
from gantral.evidence.envelope import unwrap, write_envelope
from rules_off import switch_off
from scenes import Scene, keys_of
from test_children_verified import PAID, Family, family, judged, told
from vectors import inputs

TRUST = TrustFile.load(family(Family())[0].trust)
KEYS = keys_of(inputs("approved"))
Edit = Callable[[dict[str, Any]], None]


def same(statement: dict[str, Any]) -> None:
    """Nothing is spoilt."""


@dataclass
class Undo:
    """What to spoil: the claim and the outcome before they are sealed, the parent's records, its
    end, and the child's files."""

    claim: Edit = same
    outcome: Edit = same
    records: Callable[[list[Any]], None] = lambda records: None
    files: Callable[[dict[str, bytes]], None] = lambda files: None
    key: str = "effect"


def undone(spoilt: Undo) -> tuple[Scene, Scene]:
    """The parent and its child, of which one effect was undone at eleven."""
    _, child = family(Family())
    records = [one for commit in child.commits for one in commit["records"]]
    (claimed,) = (unwrap(one["claim"], "use").statement for one in records if one["kind"] == "use")
    (ended,) = (
        unwrap(one["outcome"], "outcome").statement for one in records if one["kind"] == "outcome"
    )
    source = ["receipt_id", f"result:{PAID}.receipt_id", ended["results"][0][1]]
    act = {"operation": "payments.reverse", "slot": "undo/1"}
    claim: dict[str, Any] = {
        **claimed, **act, "arguments": [source], "timestamp": "2026-11-23T11:00:00.000Z",
    }  # fmt: skip
    outcome = {**ended, **act, "results": [], "timestamp": "2026-11-23T11:00:01.000Z"}
    spoilt.claim(claim)
    spoilt.outcome(outcome)
    use = seal("use", claim, KEYS[spoilt.key])
    end = seal("outcome", outcome, KEYS["effect"])
    tells: list[Any] = [
        {"kind": "child_undo", "claim": use},
        {"kind": "child_undone", "outcome": end},
    ]

    def orders(given: list[dict[str, Any]]) -> None:
        given[2]["records"] += tells
        spoilt.records(given[2]["records"])

    parent, child = family(Family(orders=orders))
    place = f"uses/{claimed['grant']}/undo/1"
    child.files[f"{place}.json"] = write_envelope(use)
    child.files[f"{place}.outcome.json"] = write_envelope(end)
    spoilt.files(child.files)
    return parent, child


def test_both_are_valid_together_and_neither_says_all_alone(tmp_path: Path) -> None:
    parent, child = undone(Undo())
    for number, scenes in enumerate(((parent, child), (child, parent))):
        reports = judged(tmp_path / str(number), *scenes)
        assert told(reports) == [[], []]
    assert told(judged(tmp_path / "parent", parent)) == [[]]
    assert told(judged(tmp_path / "child", child)) == [["parent", "undo_untold"]]


def test_what_is_undone_stands_no_more(tmp_path: Path) -> None:
    (parent, child) = judged(tmp_path, *undone(Undo()))
    assert parent.standing == ()
    assert child.standing == parent.children[0].standing == (f"{child.instance_id}/{PAID}",)


def test_an_untold_undo_is_inconclusive(tmp_path: Path) -> None:
    reports = judged(
        tmp_path, *undone(Undo(records=lambda records: records.__delitem__(slice(1, 3))))
    )
    assert told(reports) == [[], ["undo_untold"]]
    assert [one.verdict for one in reports] == ["VALID", "INCONCLUSIVE"]


def test_a_folder_taken_out_before_it_was_undone_is_inconclusive(tmp_path: Path) -> None:
    def early(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith("uses/")]:
            del files[name]

    reports = judged(tmp_path, *undone(Undo(files=early)))
    assert told(reports) == [[], ["undo_link"]]
    assert [one.verdict for one in reports] == ["VALID", "INCONCLUSIVE"]


def test_an_undo_without_an_outcome_is_inconclusive_in_both(tmp_path: Path) -> None:
    def cut(files: dict[str, bytes]) -> None:
        del files[next(name for name in files if name.endswith(".outcome.json"))]

    reports = judged(tmp_path, *undone(Undo(records=lambda records: records.pop(), files=cut)))
    assert told(reports) == [["no_outcome"], ["parent", "no_outcome"]]


def _put(name: str, value: Any) -> Edit:
    return lambda statement: statement.update({name: value})


def _failed(outcome: dict[str, Any]) -> None:
    outcome["status"] = "not_done"


def _before_its_end(records: list[Any]) -> None:
    records.append(records.pop(0))


def _again(at: int) -> Callable[[list[Any]], None]:
    return lambda records: records.append(records[at])


def _without_claim(records: list[Any]) -> None:
    del records[1]


OTHER = "8d0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b33"
EARLY, LATE = "2026-11-23T10:00:00.000Z", "2026-11-23T23:00:00.000Z"
# code -> what is forged, in which report it is told, and the other rules that see it.
FORGERIES: dict[str, tuple[Undo, int, tuple[str, ...]]] = {
    "child_undo:of what it did not leave": (
        Undo(claim=_put("instance_id", OTHER), outcome=_put("instance_id", OTHER)),
        0,
        (),
    ),
    "child_undo:before it ended": (Undo(records=_before_its_end), 0, ()),
    "child_undo:no undo": (Undo(claim=_put("slot", "1"), outcome=_put("slot", "1")), 0, ()),
    "claim_late": (
        Undo(claim=_put("timestamp", LATE), outcome=_put("timestamp", LATE)),
        0,
        ("outcome_time",),
    ),
    "slot_twice": (Undo(records=_again(1)), 0, ()),
    "outcome_twice": (Undo(records=_again(2)), 0, ()),
    "outcome_time": (Undo(outcome=_put("timestamp", EARLY)), 0, ()),
    "outcome": (Undo(records=_without_claim), 0, ()),
    "other_team": (
        Undo(claim=_put("owning_team_id", "other"), outcome=_put("owning_team_id", "other")),
        0,
        (),
    ),
    "key_use": (Undo(key="commit"), 0, ()),
    "undo_early": (Undo(claim=_put("timestamp", EARLY)), 1, ()),
    "undo_argument": (Undo(claim=_put("arguments", [])), 1, ()),
}


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_refuses_its_forgery(case: str, tmp_path: Path) -> None:
    spoilt, which, _ = FORGERIES[case]
    reports = judged(tmp_path, *undone(spoilt))
    assert case.partition(":")[0] in told(reports)[which], told(reports)
    assert reports[which].verdict == "INVALID"


def put(folder: Path, scene: Scene) -> None:
    for name, data in scene.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("case", [c for c in FORGERIES if c not in ("outcome", "key_use")])
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt, which, others = FORGERIES[case]
    switch_off(monkeypatch, {case.partition(":")[0], *others})
    put(tmp_path, undone(spoilt)[which])
    # By the first verifier alone: the second keeps the rule.
    report = first.verify_folder(tmp_path, TRUST)
    assert report.verdict != "INVALID", report.findings


def test_an_undo_that_failed_leaves_it_standing(tmp_path: Path) -> None:
    parent, child = undone(Undo(outcome=_failed))
    reports = judged(tmp_path, parent, child)
    assert told(reports) == [[], []]
    assert reports[0].standing == (f"{child.commits[0]['instance_id']}/{PAID}",)

"""A child is judged with its parent: what each says of the other, and each rule that a forgery of
one of them breaks. Both chains are signed with the right keys and their hashes agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forging import put
from gantral.cli.main import main
from gantral.evidence import (
    H,
    LocalStore,
    Report,
    TrustFile,
    canonical,
    export_instance,
    parse,
    verify_folder,
)
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES
from gantral.evidence.children import link_children
from gantral.evidence.hashes import child_id
from rules_off import switch_off
from scenes import Forge, Scene, build
from vector_manifest import MANIFEST
from vectors import CHAINS, _commit, _completed, _created, _end, inputs

PARENT = "7c0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b22"
CALL, SECOND = "workflow.refund/1", "workflow.refund/2"
PAID = "payments.refund/1"
VERSION = H("manifest", canonical(MANIFEST, MAX_BYTES, MANIFEST_DEPTH))
RUNS = {"workflow_id": "refund", "workflow_version_id": VERSION}
BATCH: dict[str, Any] = {
    **MANIFEST,
    "workflow_id": "batch",
    "gates": {},
    "policies": {},
    "operations": {},
    "automaton": [
        ["complete/1", "COMPLETED", []],
        ["start", "RUNNING", ["complete/1", "terminated"]],
        ["terminated", "TERMINATED", []],
    ],
    "children": {CALL: RUNS, SECOND: RUNS},
}
OF_KEY = "8d0f6a1e-6d0c-8a53-9d0e-2f1f0c6f7b44"
EARLY, LATE = "2026-11-23T09:59:50.000Z", "2026-11-23T12:00:00.000Z"


@dataclass
class Family:
    """What to spoil. ``submission`` edits the child's before it is sealed, ``created`` the child's
    first commit's order, ``records`` the parent's after its start, ``parent`` and ``child`` their
    chains; ``seal`` is the key that seals the child's submission."""

    chain: str = "approved"
    submission: Callable[[dict[str, Any]], None] = lambda statement: None
    created: Callable[[dict[str, Any]], None] = lambda order: None
    told: Callable[[dict[str, Any]], None] = lambda record: None
    orders: Callable[[list[dict[str, Any]]], None] = lambda orders: None
    manifest: Callable[[dict[str, Any]], None] = lambda manifest: None
    end: dict[str, Any] = field(default_factory=dict)
    seal: str = "commit"
    own_id: str = ""


def under(artifact: str, seal: str = "commit", also: Any = lambda statement: None) -> Forge:
    """Of what is started under an artifact of its parent."""

    def sealed(kind: str, statement: dict[str, Any]) -> None:
        if kind == "submission":
            statement["parent_artifact_hash"] = artifact
            also(statement)

    return Forge(sealed=sealed, key=lambda kind: seal if kind == "submission" else "")


def start_of(child: Scene) -> dict[str, Any]:
    submission = child.commits[0]["decision"]["submission"]
    return {"kind": "child", "call": CALL, "submission": submission}


def end_of(child: Scene) -> dict[str, Any]:
    last = child.commits[-1]["artifacts"][-1]
    said: dict[str, Any] = {name: last[name] for name in ("cause", "gate", "artifact_hash")}
    if last["authority_state"] == "COMPLETED":
        records = [record for commit in child.commits for record in commit["records"]]
        own = [f"{last['instance_id']}/{PAID}" for one in records if one["kind"] == "use"]
        left = [each for one in records for each in one.get("standing", [])]
        said["standing"] = sorted([*own, *left])
    else:
        said["standing"] = []
    return {"kind": "child_end", "call": CALL, "state": last["authority_state"], **said}


def one_trust(*scenes: Scene) -> None:
    trusts: list[Any] = [parse(scene.trust) for scene in scenes]
    trusts[0]["programs"] = [one for trust in trusts for one in trust["programs"]]
    for scene in scenes:
        scene.trust = canonical(trusts[0])


def family(
    spoilt: Family, instance: str = PARENT, parents: Forge | None = None
) -> tuple[Scene, Scene]:
    """The parent's evidence and the child's, under one trust file."""
    batch = copy.deepcopy(BATCH)
    spoilt.manifest(batch)
    started = {**_created(), "timestamp": EARLY}
    started["submission"] = {**started["submission"], "timestamp": EARLY}
    parent = {**inputs("approved"), "instance_id": instance, "commits": [started]}
    running = build(parent, batch, parents).commits[0]["artifacts"][-1]["artifact_hash"]
    chain = copy.deepcopy(CHAINS[spoilt.chain])
    spoilt.created(chain[0])
    own = {**inputs(spoilt.chain), "commits": chain}
    own["instance_id"] = spoilt.own_id or child_id(instance, CALL)
    child = build(own, MANIFEST, under(running, spoilt.seal, spoilt.submission))
    start, end = start_of(child), {**end_of(child), **spoilt.end}
    spoilt.told(start)
    done = {**_completed("3"), "timestamp": LATE, "records": [end]}
    orders = [started, _commit([], EARLY, "same", records=[start]), done]
    spoilt.orders(orders)
    whole = build({**parent, "commits": orders}, batch, parents)
    one_trust(whole, child)
    return whole, child


def judged(folder: Path, *scenes: Scene) -> list[Report]:
    reports = []
    for number, scene in enumerate(scenes):
        for name, data in scene.files.items():
            target = folder / str(number) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        reports.append(verify_folder(folder / str(number), TrustFile.load(scene.trust)))
    return link_children(reports)


def told(reports: list[Report]) -> list[list[str]]:
    return [[one.code for one in report.findings] for report in reports]


@pytest.mark.parametrize("chain", ["approved", "rejected", "waived"])
def test_both_are_valid_together_in_any_order(chain: str, tmp_path: Path) -> None:
    parent, child = family(Family(chain))
    for number, scenes in enumerate(((parent, child), (child, parent))):
        reports = judged(tmp_path / str(number), *scenes)
        assert [one.verdict for one in reports] == ["VALID", "VALID"], told(reports)
    (one,) = judged(tmp_path / "parent", parent)[0].children
    assert (one.call, one.instance_id) == (CALL, child_id(PARENT, CALL))


def test_a_child_alone_is_inconclusive_and_its_parent_is_not(tmp_path: Path) -> None:
    parent, child = family(Family())
    (alone,) = judged(tmp_path / "child", child)
    assert (alone.verdict, told([alone])) == ("INCONCLUSIVE", [["parent"]])
    (only,) = judged(tmp_path / "parent", parent)
    assert only.verdict == "VALID"


def test_a_stranger_is_no_parent(tmp_path: Path) -> None:
    _, child = family(Family())
    other = build(inputs("approved"), MANIFEST)
    reports = judged(tmp_path, other, child)
    assert [one.verdict for one in reports] == ["VALID", "INCONCLUSIVE"]


def test_a_child_whose_parent_still_runs_is_valid(tmp_path: Path) -> None:
    parent, child = family(Family(orders=lambda orders: orders.pop()))
    reports = judged(tmp_path, parent, child)
    assert [one.verdict for one in reports] == ["INCONCLUSIVE", "VALID"]
    assert told(reports) == [["no_end"], []]


def test_a_shorter_copy_of_its_parent_changes_nothing(tmp_path: Path) -> None:
    """What is copied before the child was started tells no start, beside what does."""
    parent, child = family(Family())
    early, _ = family(Family(orders=lambda orders: orders.__delitem__(slice(1, None))))
    for number, scenes in enumerate(((early, parent, child), (child, parent, early))):
        reports = judged(tmp_path / str(number), *scenes)
        assert reports[1].verdict == "VALID"
        assert reports[scenes.index(child)].verdict == "VALID", told(reports)
    # Alone it is the parent, and tells none.
    assert told(judged(tmp_path / "early", early, child))[1] == ["parent_link"]


def test_a_child_whose_parent_is_not_whole_stays_inconclusive(tmp_path: Path) -> None:
    parent, child = family(Family())
    text = next(name for name in parent.files if name.startswith("texts/"))
    del parent.files[text]
    assert told(judged(tmp_path, parent, child)) == [["missing"], ["parent"]]


def test_a_child_of_a_child_wants_the_whole_family(tmp_path: Path) -> None:
    first = "8d0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b33"
    version = H("manifest", canonical(BATCH, MAX_BYTES, MANIFEST_DEPTH))
    ran = {"workflow_id": "batch", "workflow_version_id": version}
    manifest = {**BATCH, "workflow_id": "first", "children": {CALL: ran}}
    started = {**_created(), "timestamp": EARLY}
    started["submission"] = {**started["submission"], "timestamp": EARLY}
    own = {**inputs("approved"), "instance_id": first, "commits": [started]}
    running = build(own, manifest).commits[0]["artifacts"][-1]["artifact_hash"]
    middle, child = family(Family(), child_id(first, CALL), under(running))
    done = {**_completed("3"), "timestamp": LATE, "records": [end_of(middle)]}
    own["commits"] = [started, _commit([], EARLY, "same", records=[start_of(middle)]), done]
    top = build(own, manifest)
    one_trust(top, middle, child)
    assert told(judged(tmp_path / "three", child, middle, top)) == [[], [], []]
    assert told(judged(tmp_path / "two", child, middle)) == [["parent"], ["parent"]]
    assert told(judged(tmp_path / "other", child, top)) == [["parent"], []]


def _twice(orders: list[dict[str, Any]]) -> None:
    orders.insert(2, copy.deepcopy(orders[1]))


def _told_at(call: str) -> Callable[[dict[str, Any]], None]:
    return put("call", call)


def _without_end(orders: list[dict[str, Any]]) -> None:
    orders[2]["records"] = []


def _other_end(orders: list[dict[str, Any]]) -> None:
    orders[2]["records"][0]["call"] = SECOND


def _end_twice(orders: list[dict[str, Any]]) -> None:
    orders[2]["records"].append(copy.deepcopy(orders[2]["records"][0]))


def _left_twice(orders: list[dict[str, Any]]) -> None:
    orders[2]["records"][0]["standing"] *= 2


def _started_by_dan(order: dict[str, Any]) -> None:
    order["human"] = "dan"
    order["submission"] = {**order["submission"], "who": "dan"}


def _start_with_completed(orders: list[dict[str, Any]]) -> None:
    # Told only as the parent ends: the child would have existed before anybody said so.
    orders[2]["records"].insert(0, orders.pop(1)["records"][0])


def _submission(name: str, value: str) -> Family:
    return Family(submission=put(name, value))


BEGAN = {"instance_id": "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11", "artifact_hash": "ab" * 32}

# code -> what is forged, and the other rules that see the same forgery.
FORGERIES: dict[str, tuple[Family, tuple[str, ...]]] = {
    "child:another call": (Family(told=_told_at(SECOND), end={"call": SECOND}), ()),
    "child:another parent": (_submission("parent_artifact_hash", "cd" * 32), ()),
    "child:another initiator": (Family(created=_started_by_dan), ()),
    "started_from": (Family(submission=put("started_from", BEGAN)), ()),
    "child_twice": (Family(orders=_twice), ()),
    "child_end:of another": (Family(orders=_other_end), ("child_open",)),
    "child_end:twice": (Family(orders=_end_twice), ()),
    "child_end:left twice": (Family(orders=_left_twice), ()),
    "child_open": (Family(orders=_without_end), ()),
    "record_place": (Family(orders=_start_with_completed), ("child",)),
    "key_use": (Family(seal="decision"), ()),
}


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_refuses_its_forgery(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt, others = FORGERIES[case]
    switch_off(monkeypatch, set(others))
    reports = judged(tmp_path, *family(spoilt))
    assert case.partition(":")[0] in told(reports)[0], told(reports)
    assert reports[0].verdict == "INVALID"


# What a child left is held against its own chain as well.
@pytest.mark.parametrize("case", [one for one in FORGERIES if one != "child_end:left twice"])
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt, others = FORGERIES[case]
    switch_off(monkeypatch, {case.partition(":")[0], *others})
    assert judged(tmp_path, *family(spoilt))[0].verdict == "VALID"


def test_a_program_that_runs_no_child_there_tells_none(tmp_path: Path) -> None:
    for change in (lambda m: m["children"].pop(CALL), lambda m: m.pop("children")):
        reports = judged(tmp_path / str(id(change)), *family(Family(manifest=change)))
        assert told(reports)[0] == ["child"]
        assert reports[0].verdict == "INVALID"


def keyed(manifest: dict[str, Any]) -> None:
    manifest["children"][CALL] = {**RUNS, "keyed": "true"}


def test_a_child_that_has_a_key_has_the_id_of_its_key(tmp_path: Path) -> None:
    of_key = Family(manifest=keyed, own_id=OF_KEY)
    assert told(judged(tmp_path / "keyed", *family(of_key))) == [[], []]
    without = Family(manifest=keyed, own_id=OF_KEY, submission=put("business_key", "none"))
    assert told(judged(tmp_path / "no key", *family(without)))[0] == ["child"]
    other = Family(own_id=OF_KEY)
    assert told(judged(tmp_path / "other", *family(other)))[0] == ["child"]


def test_in_loops_a_child_has_an_index_for_each(tmp_path: Path) -> None:
    def looped(manifest: dict[str, Any]) -> None:
        manifest["children"][CALL] = {**RUNS, "loops": ["3"]}

    for call, codes in ((f"{CALL}/2", []), (f"{CALL}/3", ["child"]), (CALL, ["child"])):
        within = Family(
            manifest=looped,
            told=_told_at(call),
            end={"call": call},
            own_id=child_id(PARENT, call),
        )
        reports = judged(tmp_path / call.replace("/", " "), *family(within))
        assert told(reports)[0] == codes, call


def test_another_program_than_the_parent_names_is_not_its_child(tmp_path: Path) -> None:
    def other(manifest: dict[str, Any]) -> None:
        manifest["children"][CALL] = {**RUNS, "workflow_version_id": "ef" * 32}

    assert told(judged(tmp_path, *family(Family(manifest=other))))[0] == ["child"]


def test_a_person_s_start_is_not_sealed_by_a_worker(tmp_path: Path) -> None:
    forge = Forge(key=lambda kind: "commit" if kind == "submission" else "")
    reports = judged(tmp_path, build(inputs("approved"), MANIFEST, forge))
    assert told(reports) == [["key_use"]]
    assert reports[0].verdict == "INVALID"


def test_a_child_under_a_parent_that_does_not_tell_it_is_invalid(tmp_path: Path) -> None:
    def untold(orders: list[dict[str, Any]]) -> None:
        del orders[1]
        orders[1]["records"] = []

    reports = judged(tmp_path, *family(Family(orders=untold)))
    assert [one.verdict for one in reports] == ["VALID", "INVALID"]
    assert told(reports)[1] == ["parent_link"]


def test_a_child_with_another_submission_than_its_parent_tells_is_invalid(tmp_path: Path) -> None:
    parent, _ = family(Family())
    _, other = family(_submission("retain_until", "2040-01-01T00:00:00.000Z"))
    reports = judged(tmp_path, parent, other)
    # The parent tells an end that this other chain does not have.
    assert told(reports) == [["child_link"], ["parent_link"]]
    assert [one.verdict for one in reports] == ["INVALID", "INVALID"]


@pytest.mark.parametrize(
    "lie",
    [{"state": "REJECTED", "standing": []}, {"artifact_hash": "cd" * 32}, {"standing": []}],
)
def test_a_parent_that_lies_about_the_end_of_its_child_is_invalid(
    lie: dict[str, Any], tmp_path: Path
) -> None:
    reports = judged(tmp_path, *family(Family(end=lie)))
    assert told(reports)[0] == ["child_link"]
    assert reports[0].verdict == "INVALID"


def test_a_terminated_parent_may_have_lost_its_child(tmp_path: Path) -> None:
    def lost(orders: list[dict[str, Any]]) -> None:
        orders[2] = _commit(
            ["TERMINATED"], LATE, "same", cause="action_failed", records=[_end(CALL, [])]
        )

    assert told(judged(tmp_path, *family(Family(orders=lost)))) == [[], []]


def stored(root: Path, *scenes: Scene) -> LocalStore:
    store = LocalStore(root)
    for scene in scenes:
        place = f"payments/{scene.commits[0]['instance_id']}"
        for name, data in scene.files.items():
            if name != "artifacts.jsonl":
                store.put(f"{place}/{name}", data)
    return store


def test_an_export_lists_the_children_and_the_command_judges_them_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent, child = family(Family())
    stored(tmp_path / "store", parent, child)
    settings, trust = tmp_path / "gantral.toml", tmp_path / "trust.json"
    settings.write_text(
        '[deployment]\nenvironment = "development"\npackages = []\n\n'
        '[evidence]\nstore = "file:store"\ndrafts = "file:drafts"\ntrust = "file:trust.json"\n'
    )
    trust.write_bytes(parent.trust)
    for name, start in (("both", PARENT), ("child", child_id(PARENT, CALL))):
        where = ["--out", str(tmp_path / name), "--settings", str(settings)]
        assert main(["evidence", "export", start[:8], *where]) == 0
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "both"), "--trust", str(trust)]) == 0
    assert capsys.readouterr().out == "VALID\n"
    assert main(["verify", str(tmp_path / "child"), "--trust", str(trust)]) == 2
    said = capsys.readouterr()
    assert said.out == "INCONCLUSIVE\n"
    assert "another instance ran it as its child" in said.err


def test_a_child_that_was_told_and_never_began_is_not_exported(tmp_path: Path) -> None:
    parent, child = family(Family(orders=lambda orders: orders.pop()))
    store = stored(tmp_path / "store", parent)
    ran = export_instance(store, "payments", PARENT, tmp_path / "out")
    assert ran == [child.commits[0]["instance_id"]]

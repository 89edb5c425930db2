"""Waits in a chain (ADR 0120): what is VALID, and a forgery for each rule that it alone refuses."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from forging import OTHER, Edit, order, put, sealed
from gantral.evidence import EvidenceError, Report, TrustFile, verify_folder
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES, canonical
from gantral.evidence.manifest import check_manifest
from rules_off import switch_off
from scenes import Forge, Scene, build, salt
from vector_manifest import MANIFEST
from vectors import CHAINS, _commit, _completed, _created, _end, inputs

_TEXT = ["string", {"min": "none", "max": "none", "pattern": "none"}]
_PLAIN = {"personal": "false", "wire": "place"}
EVENTS = {
    "returned": {"data": ["record", [["place", _TEXT, _PLAIN]]], "from": ["initiator"]},
    "recalled": {"data": ["record", []], "from": ["finance_director", "initiator"]},
}
WAITS = {
    "wait/1": {"events": ["recalled", "returned"], "within": "PT1H"},
    "wait/2": {"events": ["recalled"], "within": "PT10M"},
}
WAITING = {**MANIFEST, "events": EVENTS, "waits": WAITS}
H64 = "ab" * 32


def opened(site: str, at: str, deadline: str, round: str = "1") -> dict[str, Any]:
    record = {"kind": "wait", "site": site, "round": round, "deadline": deadline}
    return _commit([], at, "same", records=[{**record, "events": WAITS[site]["events"]}])


def came(event: str, who: str, at: str, sent: str, data: Any, role: Any = ()) -> dict[str, Any]:
    record = {
        "kind": "event",
        "event": event,
        "who": who,
        "role": list(role),
        "timestamp": sent,
        "auth_time": "2026-11-23T09:20:00.000Z",
        "level": "none",
        "identity_salt": salt("identity", who, at),
        "token_hash": hashlib.sha256(who.encode()).hexdigest(),
    }
    return _commit([], at, data, records=[record])


def over(site: str, at: str) -> dict[str, Any]:
    return _commit([], at, "same", records=[{"kind": "timeout", "site": site}])


DATA = [[salt("e", 1), "/event/place", "the desk"]]
NOTHING = [[salt("e", 2), "/event", "{}"]]
FIRST = opened("wait/1", "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z")
TAKEN = came("returned", "carol", "2026-11-23T10:30:00.000Z", "2026-11-23T10:29:59.500Z", DATA)
SECOND = opened("wait/2", "2026-11-23T10:31:00.000Z", "2026-11-23T10:41:00.000Z")
OVER = over("wait/2", "2026-11-23T10:41:00.000Z")
AGAIN = opened("wait/1", "2026-11-23T10:42:00.000Z", "2026-11-23T11:00:00.000Z", "2")
RECALL = came(
    "recalled", "dan", "2026-11-23T10:43:00.000Z", "2026-11-23T10:43:01.000Z", NOTHING,
    ["finance_director"],
)  # fmt: skip
ENDED = _commit(
    ["TERMINATED"],
    "2026-11-23T10:50:00.000Z",
    "same",
    cause="terminated_by_spec",
    records=[_end("terminate/1", [])],
)
CANCELLED = {**ENDED, "cause": "cancelled"}
CHAIN = [_created(), FIRST, TAKEN, SECOND, OVER, AGAIN, RECALL, ENDED]
VALID = {
    "an event, silence, another event": CHAIN,
    "cancelled while it waits": [*CHAIN[:4], CANCELLED],
    "lost while it waits": [
        *CHAIN[:4],
        {**ENDED, "cause": "execution_lost", "key": "closer"},
    ],
    "the data of an event is erased by nobody": [*CHAIN[:3], ENDED],
}
LATER = {**_completed("3"), "records": []}


def change(number: int, edit: Edit) -> Forge:
    return Forge(order={number: edit})


def twice(made: dict[str, Any]) -> None:
    made["records"].append(copy.deepcopy(made["records"][0]))


def other_place(made: dict[str, Any]) -> None:
    made["context"] = [[salt("e", 9), "/event/other", "the desk"]]


# code of the rule -> the chain, what is forged, the other rules that see the same forgery.
FORGERIES: dict[str, tuple[list[Any], Forge, tuple[str, ...]]] = {
    "wait_alone": (CHAIN, change(1, twice), ()),
    "wait_events": (CHAIN, order(1, "records.0.events", ["returned"]), ()),
    "round": (CHAIN, order(5, "records.0.round", "1"), ()),
    "wait_deadline:longer": (CHAIN, order(1, "records.0.deadline", "2026-11-23T11:00:00.001Z"), ()),
    "wait_deadline:before": (
        [*CHAIN[:4], {**ENDED, "cause": "cancelled"}],
        order(3, "records.0.deadline", "2026-11-23T10:30:59.999Z"),
        (),
    ),
    "wait_open:a second": ([_created(), FIRST, SECOND, ENDED], Forge(), ()),
    "wait_open:completed": ([_created(), FIRST, LATER], Forge(), ("automaton",)),
    "wait_open:a gate": ([_created(), FIRST, *CHAINS["rejected"][1:]], Forge(), ()),
    "early_timeout": (CHAIN, order(4, "timestamp", "2026-11-23T10:40:59.999Z"), ()),
    "other_wait:timeout": (CHAIN, order(4, "records.0.site", "wait/1"), ()),
    "other_wait:event": (CHAIN, sealed("event", "wait_commit_hash", H64), ()),
    "event_other": (
        CHAIN,
        change(4, lambda made: made.update(came("returned", "carol", "2026-11-23T10:40:00.000Z",
                                                "2026-11-23T10:40:00.000Z", DATA))),
        ("other_wait",),
    ),
    "event_sender:a stranger": (CHAIN, order(2, "records.0.who", "alice"), ()),
    "event_sender:another role": (CHAIN, order(6, "records.0.role", ["finance_manager"]), ()),
    "event_sender:no role": (CHAIN, order(6, "records.0.role", []), ()),
    "event_sender:a role called initiator": (
        CHAIN,
        order(6, "records.0.role", ["initiator"]),
        (),
    ),
    "event_late": (
        [*CHAIN[:2], {**TAKEN, "timestamp": "2026-11-23T11:00:00.000Z"},
         {**ENDED, "timestamp": "2026-11-23T11:00:00.000Z"}],
        Forge(),
        (),
    ),
    "event_time:before": (CHAIN, order(2, "records.0.timestamp", "2026-11-23T09:59:54.999Z"), ()),
    "event_time:after": (CHAIN, order(2, "records.0.timestamp", "2026-11-23T10:30:05.001Z"), ()),
    "event_context": (CHAIN, sealed("event", "context_hash", H64), ()),
    "event_data:other": (CHAIN, change(2, other_place), ()),
    "event_data:more": (
        CHAIN,
        change(2, lambda made: made["context"].append([salt("x"), "/event/more", "x"])),
        (),
    ),
    "same_context:opened": (CHAIN, order(1, "context", DATA), ()),
    "same_context:over": (CHAIN, order(4, "context", NOTHING), ()),
    "other_instance": (CHAIN, sealed("event", "instance_id", OTHER), ()),
    "other_team": (CHAIN, sealed("event", "owning_team_id", "others"), ()),
    "key_use": (CHAIN, Forge(key=lambda kind: "effect" if kind == "event" else ""), ()),
    "closer": (CHAIN, order(2, "key", "closer"), ()),
}  # fmt: skip

# What is refused by raising, and has no other side.
RAISED = {
    "no_wait": [_created(), over("wait/1", "2026-11-23T10:00:00.000Z"), ENDED],
    "no_wait:an event": [_created(), TAKEN, ENDED],
    "no_wait:taken twice": [*CHAIN[:3], TAKEN, ENDED],
    "no_wait:over": [*CHAIN[:5], came("recalled", "carol", "2026-11-23T10:41:00.000Z",
                                      "2026-11-23T10:40:59.000Z", NOTHING), ENDED],
}  # fmt: skip


def chain(commits: list[Any]) -> dict[str, Any]:
    return {**inputs("approved"), "commits": commits}


def judged(scene: Scene, folder: Path) -> Report:
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def forged(case: str, folder: Path) -> Report:
    commits, forge, _ = FORGERIES[case]
    return judged(build(chain(commits), WAITING, forge), folder)


@pytest.mark.parametrize("name", list(VALID))
def test_waits_are_valid(name: str, tmp_path: Path) -> None:
    report = judged(build(chain(VALID[name]), WAITING), tmp_path)
    assert report.findings == ()
    assert report.verdict == "VALID"


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_alone_refuses_its_forgery(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, set(FORGERIES[case][2]))
    report = forged(case, tmp_path)
    assert report.verdict == "INVALID"
    assert [finding.code for finding in report.findings][:1] == [case.partition(":")[0]]


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(monkeypatch, {case.partition(":")[0], *FORGERIES[case][2]})
    report = forged(case, tmp_path)
    assert report.verdict == "VALID", report.findings


@pytest.mark.parametrize("case", list(RAISED))
def test_what_comes_while_nothing_waits(case: str, tmp_path: Path) -> None:
    report = judged(build(chain(RAISED[case]), WAITING), tmp_path)
    assert [finding.code for finding in report.findings][:1] == ["no_wait"]
    assert report.verdict == "INVALID"


def test_a_wait_that_the_program_has_not(tmp_path: Path) -> None:
    report = judged(build(chain(CHAIN), MANIFEST), tmp_path)
    assert [finding.code for finding in report.findings][:1] == ["wait_site"]


def test_a_sender_whom_the_trust_file_does_not_know(tmp_path: Path) -> None:
    def stranger(statement: dict[str, Any]) -> None:
        keys = statement["keys"]
        for keyid in [keyid for keyid, key in keys.items() if key["use"] == "decision"]:
            keys[keyid]["not_after"] = "2026-11-23T10:00:00.000Z"

    report = judged(build(chain(CHAIN), WAITING, Forge(trust=stranger)), tmp_path)
    assert "key_lifetime" in {finding.code for finding in report.findings}
    assert report.verdict == "INVALID"


def test_the_text_of_an_event_may_be_erased_and_not_be_missing(tmp_path: Path) -> None:
    scene = build(chain(CHAIN), WAITING)
    name = next(
        name
        for name, data in scene.files.items()
        if name.startswith("texts/") and json.loads(data)[2] == "/event/place"
    )
    del scene.files[name]
    assert judged(scene, tmp_path / "missing").verdict == "INCONCLUSIVE"
    erased = {
        **chain(CHAIN),
        "erased": [
            {
                "paths": ["/event/place"],
                "reason": "asked for",
                "timestamp": "2026-12-01T00:00:00.000Z",
            }
        ],
    }
    report = judged(build(erased, WAITING), tmp_path / "erased")
    assert report.findings == ()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("events.returned.from", []),
        ("waits.wait/1.events", []),
        ("waits.wait/1.events", ["unheard"]),
        ("waits.wait/1.within", "1h"),
        ("waits", {}),
        ("events.returned.data", ["nothing"]),
    ],
)
def test_a_manifest_whose_waits_are_none(member: str, value: Any) -> None:
    manifest = copy.deepcopy(WAITING)
    put(member, value)(manifest)
    with pytest.raises(EvidenceError):
        check_manifest(canonical(manifest, MAX_BYTES, MANIFEST_DEPTH))


@pytest.mark.parametrize("gone", ["events", "waits"])
def test_events_and_waits_stand_together(gone: str) -> None:
    manifest = {name: value for name, value in WAITING.items() if name != gone}
    with pytest.raises(EvidenceError):
        check_manifest(canonical(manifest, MAX_BYTES, MANIFEST_DEPTH))

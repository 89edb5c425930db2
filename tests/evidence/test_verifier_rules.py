"""Each rule of the verifier has a forgery: hashes made to agree and signed with the right keys, so
that this rule alone stands against it. Switching the rule off lets the forgery pass."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from forging import (
    COMPLETE,
    EXTRA,
    H64,
    LATE,
    OTHER,
    all_at,
    bound_anew,
    critical,
    given,
    one_leaf_twice,
    order,
    put,
    sealed,
    text,
    trust,
    unmade,
    unsorted,
    votes,
)
from gantral.evidence import Report, TrustFile, verify_folder
from rules_off import switch_off
from scenes import Forge, Scene, build, salt
from vector_manifest import MANIFEST
from vectors import INSTANCE, _end, vote


def began(instance: str) -> dict[str, str]:
    """That an instance was started from an ended one."""
    return {"instance_id": instance, "artifact_hash": H64}


# code of the rule -> vector or chain, what is forged, the other rules that see the same forgery.
FORGERIES: dict[str, tuple[str, Forge, tuple[str, ...]]] = {
    # what is inside one commit
    "group": ("approved", order(3, "states", ["COMPLETED", "COMPLETED"]), ("cause", "transition")),
    "context_order": ("approved", Forge(statement={0: unsorted}), ("submission",)),
    "artifact_hash": ("approved", Forge(raw={3: put("artifacts.0.artifact_hash", H64)}), ()),
    "artifact_id": ("approved", Forge(statement={3: put("artifacts.0.artifact_id", OTHER)}), ()),
    "identity": (
        "approved",
        Forge(statement={3: put("artifacts.0.owning_team_id", "others")}),
        ("program_name",),
    ),
    "timestamp": (
        "approved",
        Forge(statement={3: put("artifacts.0.timestamp", "2026-11-23T10:44:12.481Z")}),
        (),
    ),
    "context_hash": ("approved", Forge(statement={3: put("artifacts.0.context_hash", H64)}), ()),
    "records_hash": ("approved", Forge(statement={3: put("artifacts.0.records_hash", H64)}), ()),
    "decision_hash": (
        "approved",
        Forge(statement={2: put("artifacts.0.decision_hash", H64)}),
        (),
    ),
    "link": (
        "approved",
        Forge(statement={2: put("artifacts.1.prev_artifact_hash", H64)}),
        ("prev_artifact",),
    ),
    "first_only": (
        "approved",
        Forge(statement={2: put("artifacts.1.human_actor_id", "actor:" + "0" * 32)}),
        (),
    ),
    "gate_member": ("approved", Forge(statement={3: put("artifacts.0.gate", "finance")}), ()),
    "cause": ("approved", order(3, "cause", "none"), ()),
    "policy_member": ("approved", order(3, "policy_version_id", "sha256:" + H64), ()),
    "actor": ("approved", order(3, "human", "alice"), ()),
    # links and signatures
    "prev_commit": ("approved", Forge(statement={3: put("prev_commit_hash", H64)}), ()),
    "number": ("approved", Forge(statement={3: put("commit", "4")}), ()),
    "prev_artifact": (
        "approved",
        Forge(statement={3: put("artifacts.0.prev_artifact_hash", H64)}),
        (),
    ),
    "time_order": ("approved", order(3, "timestamp", "2026-11-23T10:44:09.000Z"), ()),
    "key_use": ("approved", order(3, "key", "decision"), ()),
    "key_team": ("approved", trust("commit", "teams", ["others"]), ()),
    "key_lifetime": ("approved", trust("commit", "not_after", "2026-11-23T10:00:00.000Z"), ()),
    "key_compromised": (
        "approved",
        trust("decision", "compromised_from", "2026-11-23T10:30:00.000Z"),
        (),
    ),
    "closer": ("approved", order(3, "key", "closer"), ()),
    "program": (
        "approved",
        Forge(statement={3: put("artifacts.0.workflow_version_id", H64)}),
        (),
    ),
    # the beginning
    "environment": ("approved", sealed("submission", "environment", "development"), ()),
    "submission": ("approved", sealed("submission", "context_hash", H64), ()),
    "initiator": ("approved", order(0, "human", "alice"), ()),
    "started_from": ("approved", sealed("submission", "started_from", began(INSTANCE)), ()),
    "submission_time": (
        "approved",
        sealed("submission", "timestamp", "2026-11-23T10:30:00.000Z"),
        (),
    ),
    "other_instance": ("approved", sealed("submission", "instance_id", OTHER), ()),
    "other_team": ("approved", sealed("submission", "owning_team_id", "others"), ()),
    "input": ("approved", order(0, "context.0.1", "/input/other"), ()),
    # the question
    "proposal": ("rejected", order(1, "context.0.1", "/order/other"), ()),
    "clock": ("approved", order(1, "records.1.instants.2.0", "2026-11-26T10:00:01.005Z"), ()),
    "deciders": ("approved", order(1, "records.2.named", {"/x": []}), ()),
    "excluded": ("approved", order(1, "records.2.excluded", []), ()),
    "policy_record": ("approved", order(1, "records.0.answer", "ALLOW"), ()),
    "policy_version": ("approved", order(1, "policy_version_id", "sha256:" + H64), ()),
    "round": (
        "rejected",
        Forge(
            order={
                1: lambda made: [place.update(round="2") for place in (made, *made["records"])],
                2: put("round", "2"),
            }
        ),
        (),
    ),
    "automaton": (
        "approved",
        Forge(manifest=put("automaton.3.2", ["terminated"])),
        (),
    ),
    # the votes
    "decision_bind": (
        "approved",
        Forge(statement={2: put("decision.waiting_artifact_hash", H64)}),
        (),
    ),
    "decision_excluded": ("approved", Forge(statement={2: put("decision.excluded", [])}), ()),
    "decision_eligible": (
        "approved",
        Forge(statement={2: put("decision.eligible", ["actor:" + "0" * 32])}),
        (),
    ),
    "vote_shown": ("approved", sealed("authority-decision", "context_snapshot_hash", H64), ()),
    "vote_opening": ("approved", order(2, "votes.0.timestamp", "2026-11-23T09:00:00.000Z"), ()),
    "vote_excluded": ("approved", votes(lambda v: v[1].update(who="carol"), "carol"), ()),
    "vote_role": (
        "approved",
        votes(lambda v: v[1].update(role=["clerk"])),
        ("human_actor", "recount"),
    ),
    "vote_assurance": ("approved", votes(lambda v: v[1].update(level="none")), ()),
    "vote_login": (
        "approved",
        votes(lambda v: v[1].update(auth_time="2026-11-22T09:00:00.000Z")),
        (),
    ),
    "vote_reason": ("approved", votes(lambda v: v[1]["justification"].__setitem__(1, "ok")), ()),
    "vote_supersedes": ("approved", votes(lambda v: v[1].update(supersedes="0")), ()),
    "vote_amendment": (
        "amended",
        Forge(
            order={
                2: lambda m: (
                    [v.update(amendment=[["/refund/amount", "41.00"]]) for v in m["votes"]],
                    m["context"]["amended"][0].__setitem__(2, "41.00"),
                )
            }
        ),
        (),
    ),
    "recount": ("approved", votes(lambda v: v.pop(), "alice"), ("human_actor",)),
    "surplus_vote": ("approved", votes(lambda v: v.append({**v[0], "who": "dan"}), "dan"), ()),
    "human_actor": ("approved", order(2, "human", "alice"), ()),
    "opened_paths": ("amended", order(2, "opened_before", ["/reason", "/refund/amount"]), ()),
    "opened": (
        "amended",
        Forge(statement={2: put("decision.opened_before.0.3", "30.00")}),
        ("text_hash",),
    ),
    "amended_values": (
        "amended",
        Forge(order={2: lambda m: m["context"]["amended"][0].__setitem__(2, "24.00")}),
        (),
    ),
    "approved_context": (
        "approved",
        Forge(
            order={2: put("context", {"amended": [[salt("x"), "/reason", "Another."]]})},
            statement={2: put("decision.opened_after", [])},
        ),
        (),
    ),
    "recount:late": (
        "approved",
        Forge(
            order={
                2: put("timestamp", LATE),
                3: lambda made: all_at(made, LATE),
            }
        ),
        (),
    ),
    "policy_input": ("approved", order(1, "records.0.input_hash", "none"), ()),
    # the ends
    "early_deadline": ("timed_out", order(2, "timestamp", "2026-11-26T10:00:01.003Z"), ()),
    "no_eligible": ("timed_out", order(2, "cause", "no_eligible"), ()),
    "policy_cause": ("timed_out", order(2, "cause", "policy_deny"), ()),
    "standing": ("execution_lost", order(3, "records.2.standing", []), ()),
    "output": ("approved", order(3, "context.0.1", "/output/other"), ()),
    # policy, uses, outcomes
    "waiver": ("waived", Forge(manifest=put("policies.refund_limits.query", "data.x")), ()),
    "waiver_form": ("waived", order(1, "records.0.input_hash", "none"), ()),
    "critical": (
        "waived",
        Forge(manifest=critical),
        (),
    ),
    "slot": (
        "approved",
        Forge(order={3: lambda m: [r.update(slot="2") for r in m["records"]]}),
        (),
    ),
    "queue": ("approved", order(3, "records.0.queue", "others"), ()),
    "lasts": (
        "approved",
        Forge(
            order={
                3: lambda m: (
                    m.update(timestamp=LATE),
                    m["records"][0].update(timestamp=LATE),
                    m["records"][1].update(timestamp=LATE),
                )
            }
        ),
        (),
    ),
    "claim_time": ("approved", order(3, "records.0.timestamp", "2026-11-23T10:00:00.000Z"), ()),
    "claim_late": (
        "approved",
        Forge(
            order={
                3: lambda m: [r.update(timestamp="2026-11-23T10:50:00.000Z") for r in m["records"]]
            }
        ),
        ("outcome_time",),
    ),
    "argument": ("approved", order(3, "records.0.arguments.2.1", "/reason"), ()),
    "outcome_time": ("approved", order(3, "records.1.timestamp", "2026-11-23T10:44:10.000Z"), ()),
    "outcome_results": ("approved", order(3, "records.1.status", "not_done"), ()),
    "outcome_results:twice": (
        "approved",
        Forge(
            order={
                3: lambda made: made["records"][1]["results"].insert(
                    0, [salt("r", 2), "/receipt_id", "r-8"]
                )
            }
        ),
        (),
    ),
    "slot_twice": (
        "approved",
        Forge(order={3: lambda m: m["records"].append(copy.deepcopy(COMPLETE[0]))}),
        ("at_most",),
    ),
    "at_most": (
        "approved",
        Forge(
            manifest=put("gates.finance.uses", "2"),
            order={
                3: lambda m: m["records"].extend(
                    {**copy.deepcopy(r), "slot": "2"} for r in COMPLETE
                )
            },
        ),
        (),
    ),
    "outcome_twice": (
        "approved",
        Forge(order={3: lambda m: m["records"].append(copy.deepcopy(COMPLETE[1]))}),
        (),
    ),
    # commits of records alone
    "empty": ("empty", Forge(), ()),
    "record_place": (
        "approved",
        Forge(order={3: lambda made: made["records"].append(_end("finance/1", []))}),
        (),
    ),
    "waiver_alone": (
        "waived",
        Forge(order={1: lambda made: made["records"].append(made["records"][0])}),
        (),
    ),
    # ends that the votes contradict, or that are about something else
    "no_votes": ("timed_out", order(2, "votes", []), ()),
    "same_context": (
        "timed_out",
        Forge(
            order={
                2: lambda made: (
                    made.pop("votes"),
                    made.update(context={"amended": [[salt("x"), "/reason", "Another."]]}),
                )
            }
        ),
        (),
    ),
    "contradicted": (
        "timed_out",
        Forge(
            order={
                2: lambda made: made["votes"].append(
                    vote("bob", "APPROVE", "2026-11-23T10:44:09.870Z")
                )
            }
        ),
        (),
    ),
    "surplus_vote:unmade": ("timed_out", Forge(order={2: unmade}), ()),
    "policy_round": (
        "denied",
        order(1, "records.0.round", "2"),
        (),
    ),
    # undo
    "undo_argument": ("undone", order(4, "records.0.arguments.0.1", "=/receipt_id"), ()),
    # texts
    "bound_twice": ("rejected", one_leaf_twice(), ()),
    "text_path": ("approved", bound_anew(), ()),
    "text_unbound": ("approved", text(lambda t: t.__setitem__(3, "another")), ()),
}


def judged(scene: Scene, folder: Path) -> Report:
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def forged(case: str, folder: Path) -> Report:
    chain, forge, _ = FORGERIES[case]
    return judged(build(given(chain), MANIFEST, forge), folder)


@pytest.mark.parametrize("name", [name for name in EXTRA if name not in FORGERIES])
def test_the_other_chains_are_valid(name: str, tmp_path: Path) -> None:
    report = judged(build(given(name), MANIFEST), tmp_path)
    assert report.findings == ()


def test_what_was_started_from_another_instance_says_so(tmp_path: Path) -> None:
    forge = sealed("submission", "started_from", began(OTHER))
    assert judged(build(given("approved"), MANIFEST, forge), tmp_path / "good").findings == ()
    more = sealed("submission", "started_from", {**began(OTHER), "why": "none"})
    report = judged(build(given("approved"), MANIFEST, more), tmp_path / "more")
    assert [one.code for one in report.findings] == ["form"]


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_refuses_its_forgery(case: str, tmp_path: Path) -> None:
    report = forged(case, tmp_path)
    assert report.verdict == "INVALID", report.findings


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_alone_refuses_it(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch, set(FORGERIES[case][2]))
    report = forged(case, tmp_path)
    assert [finding.code for finding in report.findings] == [case.partition(":")[0]]


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(monkeypatch, {case.partition(":")[0], *FORGERIES[case][2]})
    report = forged(case, tmp_path)
    assert report.verdict == "VALID", report.findings

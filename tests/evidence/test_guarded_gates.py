"""A guarded gate in evidence: its guard's answer stands wherever the gate goes on, nowhere else.

As in ``test_verifier_rules``, each rule has a forgery that this rule alone stands against.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import H64, order, put
from gantral.evidence import EvidenceError, TrustFile, canonical
from gantral.evidence.gate import check_grant
from gantral.evidence.manifest import check_manifest
from rules_off import switch_off
from scenes import Forge, build, salt
from test_verifier_rules import judged
from vector_manifest import MANIFEST
from vectors import CHAINS, REVISION, _commit, _created, _end, _policy, inputs

GUARDED: dict[str, Any] = copy.deepcopy(MANIFEST)
GUARDED["gates"]["finance"]["guarded"] = "watch"
GUARDED["policies"]["watch"] = {"path": "policies/watch.rego", "query": "data.refund.watch"}
OTHER = "sha256:" + H64


def guard(answer: str, **more: Any) -> dict[str, Any]:
    return {**_policy(answer, "guard"), "query": "data.refund.watch", **more}


def chain(name: str, decision: str, **more: Any) -> list[dict[str, Any]]:
    """A vector's chain with the guard's answers in its WAITING and decision commits."""
    made = copy.deepcopy(CHAINS[name])
    made[1]["records"].insert(0, guard("ALLOW"))
    if decision != "none":
        made[2]["records"].insert(0, guard(decision))
        made[2]["policy_version_id"] = REVISION
    made[2].update(more)
    return made


def ended(cause: str, decision: str, name: str = "approved") -> list[dict[str, Any]]:
    made = chain(name, decision, states=["REJECTED"], cause=cause, human="none", context="same")
    message = [salt("end"), "policy watch says DENY"]
    made[2]["records"].append(_end("finance/1", [], message))
    return made[:3]


def waived() -> list[dict[str, Any]]:
    made = copy.deepcopy(CHAINS["waived"])
    made[1]["records"].insert(0, guard("REQUIRE_HUMAN"))
    return made


def denied() -> list[dict[str, Any]]:
    return [
        _created(),
        _commit(
            ["TERMINATED"],
            "2026-11-23T10:00:01.004Z",
            "same",
            cause="policy_deny",
            policy_version_id=REVISION,
            records=[guard("DENY"), _end("finance/1", [])],
        ),
    ]


GUARDED_CHAINS: dict[str, list[dict[str, Any]]] = {
    "approved": chain("approved", "ALLOW"),
    "amended": chain("amended", "REQUIRE_HUMAN"),
    "rejected": chain("rejected", "none"),
    "timed_out": chain("timed_out", "none"),
    "waived": waived(),
    "denied first": denied(),
    "denied": ended("policy_deny", "DENY"),
    "denied as amended": ended("policy_deny", "DENY", "amended"),
    "failed": ended("policy_failure", "FAILURE"),
    "nobody could ask": ended("authority_ambiguous", "none"),
}

FORGERIES: dict[str, tuple[str, Forge, tuple[str, ...]]] = {
    # nobody asked, or the guard said no, before people
    "guard_record:never asked": ("rejected", Forge(order={1: lambda m: m["records"].pop(0)}), ()),
    "guard_record:denied": ("rejected", order(1, "records.0.answer", "DENY"), ()),
    "guard_record:another query": ("rejected", order(1, "records.0.query", "data.x"), ()),
    "guard_record:another round": ("rejected", order(1, "records.0.round", "2"), ()),
    # or about what they decided
    "guard_record:not again": (
        "approved",
        Forge(order={2: lambda m: (m["records"].pop(0), m.update(policy_version_id="none"))}),
        (),
    ),
    "guard_record:denied again": ("approved", order(2, "records.0.answer", "DENY"), ()),
    "guard_record:failed again": ("amended", order(2, "records.0.answer", "FAILURE"), ()),
    "guard_record:unguarded": (
        "approved",
        Forge(
            manifest=put("gates.finance.guarded", "none"),
            order={1: lambda m: m["records"].pop(0)},
        ),
        (),
    ),
    "guard_record:waived": ("waived", order(1, "records.0.answer", "DENY"), ()),
    "guard_record:alone": (
        "rejected",
        Forge(
            order={
                1: lambda m: (
                    m.update(states=[], context="same", gate="none", round="none"),
                    m.update(policy_version_id="none", records=[guard("ALLOW")]),
                ),
                2: lambda m: (
                    m.pop("votes"),
                    m.update(states=["TERMINATED"], cause="action_failed", human="none"),
                    m.update(gate="none", round="none"),
                ),
            }
        ),
        (),
    ),
    # one revision, and named
    "policy_version:other": ("approved", order(2, "policy_version_id", OTHER), ()),
    "policy_version:none": ("approved", order(2, "policy_version_id", "none"), ()),
    "policy_version:two": ("rejected", order(1, "records.0.policy_version_id", OTHER), ()),
    "policy_version:waiver": ("waived", order(1, "records.0.policy_version_id", OTHER), ()),
    "policy_version:rejected": ("rejected", order(2, "policy_version_id", OTHER), ()),
    "policy_input": ("approved", order(2, "records.0.input_hash", "none"), ()),
    # a guard ends only what people decided, and with its own word
    "policy_cause:no such answer": ("denied", order(2, "records.0.answer", "ALLOW"), ()),
    "policy_cause:failed": ("denied", order(2, "cause", "policy_failure"), ()),
    "policy_cause:another query": ("denied", order(2, "records.0.query", "data.x"), ()),
    "policy_cause:people said no": (
        "rejected",
        Forge(
            order={
                2: lambda m: (
                    m["records"].insert(0, guard("ALLOW")),
                    m.update(policy_version_id=REVISION),
                )
            }
        ),
        (),
    ),
    "human_actor": ("denied", order(2, "human", "bob"), ()),
    "contradicted": ("nobody could ask", order(2, "cause", "cancelled"), ()),
}


def given(name: str) -> dict[str, Any]:
    return {**inputs("approved"), "commits": GUARDED_CHAINS[name]}


def codes(case: str, folder: Path) -> tuple[str, list[str]]:
    name, forge, _ = FORGERIES[case]
    report = judged(build(given(name), GUARDED, forge), folder)
    return report.verdict, [finding.code for finding in report.findings]


@pytest.mark.parametrize("name", list(GUARDED_CHAINS))
def test_the_chains_are_valid(name: str, tmp_path: Path) -> None:
    report = judged(build(given(name), GUARDED), tmp_path)
    assert report.findings == ()
    assert report.verdict == "VALID"


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_alone_refuses_its_forgery(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codes(case, tmp_path)[0] == "INVALID"
    switch_off(monkeypatch, set(FORGERIES[case][2]))
    assert codes(case, tmp_path) == ("INVALID", [case.partition(":")[0]])


@pytest.mark.parametrize("case", list(FORGERIES))
def test_each_rule_is_needed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(monkeypatch, {case.partition(":")[0], *FORGERIES[case][2]})
    assert codes(case, tmp_path) == ("VALID", [])


@pytest.mark.parametrize("case", ["guard_record:not again", "guard_record:denied again"])
def test_no_effect_acts_on_what_no_guard_let_go_on(case: str) -> None:
    name, forge, _ = FORGERIES[case]
    scene = build(given(name), GUARDED, forge)
    with pytest.raises(EvidenceError) as refused:
        check_grant(GUARDED, TrustFile.load(scene.trust), *scene.commits[:3], {})
    assert refused.value.code == "guard_record"


def test_a_guard_that_the_program_has_not_is_no_manifest() -> None:
    wrong = copy.deepcopy(GUARDED)
    del wrong["policies"]["watch"]
    check_manifest(canonical(GUARDED, depth=40))
    with pytest.raises(EvidenceError) as refused:
        check_manifest(canonical(wrong, depth=40))
    assert "guarded by no policy" in refused.value.message

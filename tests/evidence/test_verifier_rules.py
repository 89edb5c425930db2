"""Each rule of the verifier has a forgery: hashes made to agree and signed with the right keys, so
that this rule alone stands against it. Switching the rule off lets the forgery pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import Report, TrustFile, errors, verify_folder
from scenes import Forge, build
from vectors import CHAINS, MANIFEST, inputs

Edit = Callable[[dict[str, Any]], None]
OTHER = "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
H64 = "ab" * 32


def put(path: str, value: Any) -> Edit:
    """An edit that sets the member at a dotted path."""

    def edit(tree: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        node: Any = tree
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if isinstance(node, list):
            node[int(last)] = value
        else:
            node[last] = value

    return edit


def sealed(kind: str, path: str, value: Any) -> Forge:
    def edit(found: str, statement: dict[str, Any]) -> None:
        if found == kind:
            put(path, value)(statement)

    return Forge(sealed=edit)


def order(number: int, path: str, value: Any) -> Forge:
    return Forge(order={number: put(path, value)})


def signed_by(kind: str, use: str) -> Forge:
    return Forge(key=lambda found: use if found == kind else "")


def trust(use: str, member: str, value: Any) -> Forge:
    def edit(statement: dict[str, Any]) -> None:
        for key in statement["keys"].values():
            if key["use"] == use:
                key[member] = value

    return Forge(trust=edit)


def votes(edit: Callable[[list[Any]], Any], human: str = "") -> Forge:
    def change(made: dict[str, Any]) -> None:
        edit(made["votes"])
        if human:
            made["human"] = human

    return Forge(order={2: change})


def text(edit: Callable[[list[str]], None]) -> Forge:
    def change(files: dict[str, bytes]) -> None:
        from gantral.evidence import canonical, parse
        from gantral.evidence.hashes import leaf

        name = max(name for name in files if name.startswith("texts/"))
        found: Any = parse(files[name])
        edit(found)
        files[f"texts/{leaf(found)}.json"] = canonical(found)

    return Forge(files=change)


def unsorted(tree: dict[str, Any]) -> None:
    from gantral.evidence.hashes import context_hash

    tree["context"].reverse()
    for artifact in tree["artifacts"]:
        artifact["context_hash"] = context_hash(tree["context"])


_LATE = "2026-11-26T10:00:01.004Z"
_COMPLETE: list[Any] = copy.deepcopy(CHAINS["approved"][3]["records"])

# code of the rule -> vector, what is forged, whether switching that one rule off makes it VALID
# (not so where a second rule, independent of the first, sees the same forgery).
FORGERIES: dict[str, tuple[str, Forge, bool]] = {
    # what is inside one commit
    "group": ("approved", order(3, "states", ["COMPLETED", "COMPLETED"]), False),
    "context_order": ("approved", Forge(statement={0: unsorted}), False),
    "artifact_hash": ("approved", Forge(raw={3: put("artifacts.0.artifact_hash", H64)}), False),
    "artifact_id": ("approved", Forge(statement={3: put("artifacts.0.artifact_id", OTHER)}), True),
    "identity": (
        "approved",
        Forge(statement={3: put("artifacts.0.owning_team_id", "others")}),
        False,
    ),
    "timestamp": (
        "approved",
        Forge(statement={3: put("artifacts.0.timestamp", "2026-11-23T10:44:12.481Z")}),
        True,
    ),
    "context_hash": ("approved", Forge(statement={3: put("artifacts.0.context_hash", H64)}), True),
    "records_hash": ("approved", Forge(statement={3: put("artifacts.0.records_hash", H64)}), True),
    "decision_hash": (
        "approved",
        Forge(statement={2: put("artifacts.0.decision_hash", H64)}),
        True,
    ),
    "link": ("approved", Forge(statement={2: put("artifacts.1.prev_artifact_hash", H64)}), False),
    "first_only": (
        "approved",
        Forge(statement={2: put("artifacts.1.human_actor_id", "actor:" + "0" * 32)}),
        True,
    ),
    "gate_member": ("approved", Forge(statement={3: put("artifacts.0.gate", "finance")}), True),
    "cause": ("approved", order(3, "cause", "none"), True),
    "policy_member": ("approved", order(3, "policy_version_id", "sha256:" + H64), True),
    "actor": ("approved", order(3, "human", "alice"), True),
    # links and signatures
    "prev_commit": ("approved", Forge(statement={3: put("prev_commit_hash", H64)}), True),
    "number": ("approved", Forge(statement={3: put("commit", "4")}), True),
    "prev_artifact": (
        "approved",
        Forge(statement={3: put("artifacts.0.prev_artifact_hash", H64)}),
        True,
    ),
    "time_order": ("approved", order(3, "timestamp", "2026-11-23T10:44:09.000Z"), False),
    "key_use": ("approved", order(3, "key", "decision"), False),
    "key_team": ("approved", trust("commit", "teams", ["others"]), False),
    "key_lifetime": ("approved", trust("commit", "not_after", "2026-11-23T10:00:00.000Z"), False),
    "key_compromised": (
        "approved",
        trust("decision", "compromised_from", "2026-11-23T10:30:00.000Z"),
        False,
    ),
    "closer": ("approved", order(3, "key", "closer"), True),
    "program": (
        "approved",
        Forge(statement={3: put("artifacts.0.workflow_version_id", H64)}),
        True,
    ),
    # the beginning
    "environment": ("approved", sealed("submission", "environment", "development"), True),
    "submission": ("approved", sealed("submission", "context_hash", H64), True),
    "initiator": ("approved", order(0, "human", "alice"), True),
    "submission_time": (
        "approved",
        sealed("submission", "timestamp", "2026-11-23T10:30:00.000Z"),
        True,
    ),
    "other_instance": ("approved", sealed("submission", "instance_id", OTHER), True),
    "other_team": ("approved", sealed("submission", "owning_team_id", "others"), True),
    "input": ("approved", order(0, "context.0.1", "/input/other"), True),
    # the question
    "proposal": ("rejected", order(1, "context.0.1", "/order/other"), True),
    "clock": ("approved", order(1, "records.1.instants.2.0", "2026-11-26T10:00:01.005Z"), True),
    "deciders": ("approved", order(1, "records.2.named", {"/x": []}), True),
    "excluded": ("approved", order(1, "records.2.excluded", []), True),
    "policy_record": ("approved", order(1, "records.0.answer", "ALLOW"), True),
    "policy_version": ("approved", order(1, "policy_version_id", "sha256:" + H64), True),
    "round": (
        "rejected",
        Forge(
            order={
                1: lambda made: [place.update(round="2") for place in (made, *made["records"])],
                2: put("round", "2"),
            }
        ),
        True,
    ),
    "automaton": (
        "approved",
        Forge(manifest=put("automaton.3.2", ["terminated"])),
        True,
    ),
    # the votes
    "decision_bind": (
        "approved",
        Forge(statement={2: put("decision.waiting_artifact_hash", H64)}),
        True,
    ),
    "decision_excluded": ("approved", Forge(statement={2: put("decision.excluded", [])}), True),
    "decision_eligible": (
        "approved",
        Forge(statement={2: put("decision.eligible", ["actor:" + "0" * 32])}),
        True,
    ),
    "vote_shown": ("approved", sealed("authority-decision", "context_snapshot_hash", H64), True),
    "vote_opening": ("approved", order(2, "votes.0.timestamp", "2026-11-23T09:00:00.000Z"), False),
    "vote_excluded": ("approved", votes(lambda v: v[1].update(who="carol"), "carol"), True),
    "vote_role": ("approved", votes(lambda v: v[1].update(role=["clerk"])), False),
    "vote_assurance": ("approved", votes(lambda v: v[1].update(level="none")), True),
    "vote_login": (
        "approved",
        votes(lambda v: v[1].update(auth_time="2026-11-22T09:00:00.000Z")),
        True,
    ),
    "vote_reason": ("approved", votes(lambda v: v[1]["justification"].__setitem__(1, "ok")), True),
    "vote_supersedes": ("approved", votes(lambda v: v[1].update(supersedes="0")), True),
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
        True,
    ),
    "recount": ("approved", votes(lambda v: v.pop(), "alice"), False),
    "surplus_vote": ("approved", votes(lambda v: v.append({**v[0], "who": "dan"}), "dan"), True),
    "human_actor": ("approved", order(2, "human", "alice"), True),
    "opened_paths": ("amended", order(2, "opened_before", ["/reason", "/refund/amount"]), True),
    "opened": ("amended", Forge(statement={2: put("decision.opened_before.0.3", "30.00")}), False),
    "amended_values": (
        "amended",
        Forge(order={2: lambda m: m["context"]["amended"][0].__setitem__(2, "24.00")}),
        True,
    ),
    "approved_context": (
        "approved",
        Forge(statement={2: lambda s: _other_context(s)}, raw={}),
        False,
    ),
    # the ends
    "early_deadline": ("timed_out", order(2, "timestamp", "2026-11-26T10:00:01.003Z"), True),
    "no_eligible": ("timed_out", order(2, "cause", "no_eligible"), True),
    "policy_cause": ("timed_out", order(2, "cause", "policy_deny"), True),
    "standing": ("execution_lost", order(3, "records.2.standing", []), True),
    "output": ("approved", order(3, "context.0.1", "/output/other"), True),
    # policy, uses, outcomes
    "waiver": ("waived", Forge(manifest=put("policies.refund_limits.query", "data.x")), True),
    "waiver_form": ("waived", order(1, "records.0.input_hash", "none"), True),
    "critical": (
        "waived",
        Forge(manifest=lambda manifest: _critical(manifest)),
        True,
    ),
    "slot": (
        "approved",
        Forge(order={3: lambda m: [r.update(slot="2") for r in m["records"]]}),
        True,
    ),
    "queue": ("approved", order(3, "records.0.queue", "others"), True),
    "lasts": (
        "approved",
        Forge(
            order={
                3: lambda m: (
                    m.update(timestamp=_LATE),
                    m["records"][0].update(timestamp=_LATE),
                    m["records"][1].update(timestamp=_LATE),
                )
            }
        ),
        True,
    ),
    "claim_time": ("approved", order(3, "records.0.timestamp", "2026-11-23T10:00:00.000Z"), True),
    "claim_late": (
        "approved",
        Forge(
            order={
                3: lambda m: [r.update(timestamp="2026-11-23T10:50:00.000Z") for r in m["records"]]
            }
        ),
        False,
    ),
    "argument": ("approved", order(3, "records.0.arguments.2.1", "/reason"), True),
    "outcome_time": ("approved", order(3, "records.1.timestamp", "2026-11-23T10:44:10.000Z"), True),
    "outcome_results": ("approved", order(3, "records.1.status", "not_done"), True),
    "slot_twice": (
        "approved",
        Forge(order={3: lambda m: m["records"].append(copy.deepcopy(_COMPLETE[0]))}),
        False,
    ),
    "at_most": (
        "approved",
        Forge(
            manifest=put("gates.finance.uses", "2"),
            order={
                3: lambda m: m["records"].extend(
                    {**copy.deepcopy(r), "slot": "2"} for r in _COMPLETE
                )
            },
        ),
        True,
    ),
    "outcome_twice": (
        "approved",
        Forge(order={3: lambda m: m["records"].append(copy.deepcopy(_COMPLETE[1]))}),
        True,
    ),
    # texts
    "text_unbound": ("approved", text(lambda t: t.__setitem__(3, "another")), True),
}


def _other_context(statement: dict[str, Any]) -> None:
    from gantral.evidence.hashes import context_hash

    statement["context"][0][1] = H64
    for artifact in statement["artifacts"]:
        artifact["context_hash"] = context_hash(statement["context"])


def forged(code: str, folder: Path) -> Report:
    vector, forge, _ = FORGERIES[code]
    scene = build(inputs(vector), MANIFEST, forge)
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def _critical(manifest: dict[str, Any]) -> None:
    manifest["operations"]["payments.refund"]["kind"] = "critical effect"


@pytest.mark.parametrize("code", list(FORGERIES))
def test_each_rule_refuses_its_forgery(code: str, tmp_path: Path) -> None:
    report = forged(code, tmp_path)
    assert report.verdict == "INVALID", report.findings
    assert code in {finding.code for finding in report.findings}


@pytest.mark.parametrize("code", [code for code, (_, _, alone) in FORGERIES.items() if alone])
def test_each_rule_is_needed(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = errors.refuse

    def without(found: str, message: str, *, inconclusive: bool = False) -> None:
        if found != code:
            real(found, message, inconclusive=inconclusive)

    monkeypatch.setattr(errors, "refuse", without)
    report = forged(code, tmp_path)
    assert report.verdict == "VALID", report.findings

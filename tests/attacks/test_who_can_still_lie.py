"""What VALID does not prove (docs/evidence/README.md, "Who can still lie"): each case there is
shown here to be VALID, made with the keys of the liar alone. Only a log, or somebody who was there,
knows better."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import bundles
import pytest
from bundles import bundle, contents, entries, instance, scenes
from gantral.evidence import SigningKey
from rechaining import statements
from scenes import Scene, build, keys_of
from subjects import Files, judge, trust_of
from test_beside_commits import NAME, VOTE, approved, erased, refusal
from test_bundles import verdict
from vector_manifest import MANIFEST
from vectors import CHAINS, REVISION, _commit, _created, _end, _policy, _waiting, inputs, vote

TRUTH = build(inputs("approved"), MANIFEST)


def _chain(*commits: Any) -> Scene:
    return build({**inputs("approved"), "commits": list(commits)}, MANIFEST)


def waived() -> Scene:
    return build(inputs("waived"), MANIFEST)


def denied() -> Scene:
    end = _commit(
        ["TERMINATED"], "2026-11-23T10:00:00.000Z", "same", cause="policy_deny",
        records=[_policy("DENY"), _end("finance/1", [])], policy_version_id=REVISION,
    )  # fmt: skip
    return _chain(_created(), end)


def lost() -> Scene:
    end = _commit(
        ["TERMINATED"], "2026-11-23T11:30:00.000Z", "same", key="closer", cause="execution_lost",
        records=[_end("none", [])],
    )  # fmt: skip
    return _chain(*CHAINS["approved"][:3], end)


def shown_otherwise() -> Scene:
    waiting = _waiting()
    waiting["context"] = [
        [salt, path, "1.00" if path == "/refund/amount" else value]
        for salt, path, value in waiting["context"]
    ]
    return _chain(_created(), waiting, *CHAINS["approved"][2:])


def invented() -> Scene:
    chain = copy.deepcopy(CHAINS["approved"])
    given = {**inputs("approved"), "commits": chain}
    given["people"] = {**given["people"], "nobody": "nobody@example"}
    chain[2]["votes"][1] = vote("nobody", "APPROVE", "2026-11-23T10:44:09.870Z")
    chain[2]["human"] = "nobody"
    return build(given, MANIFEST)


def outcome() -> Scene:
    chain = copy.deepcopy(CHAINS["approved"])
    chain[3]["records"][1]["results"][0][2] = "never-paid"
    return _chain(*chain)


def back_dated() -> Scene:
    given = {**inputs("approved"), "commits": json.loads(
        json.dumps(CHAINS["approved"]).replace("2026-11-", "2026-03-"))}  # fmt: skip
    return build(given, MANIFEST)


# The lie, and the keys without which it cannot be told: what other keys sealed is as it was, or
# what their holders would seal without knowing better.
LIES: dict[str, Callable[[], Scene]] = {
    "the evidence worker: a policy's ALLOW that no policy gave": waived,
    "the evidence worker: a policy's DENY that no policy gave": denied,
    "the evidence worker: other values at the gate than the program had": shown_otherwise,
    "the closer: an instance that was not lost": lost,
    "the API: a vote of a person who is none": invented,
    "the effect's worker: a receipt of what was never paid": outcome,
    "all of them together: another day": back_dated,
}


@pytest.mark.parametrize("lie", LIES)
def test_it_is_valid(lie: str) -> None:
    scene = LIES[lie]()
    assert scene.files != TRUTH.files
    assert judge(scene.files, trust_of(scene.trust)).findings == ()


def sealed_by_others(files: Files, key: SigningKey) -> int:
    """How many envelopes in the commits a key sealed."""
    return sum(json.dumps(one).count(f'"{key.keyid}"') for one in statements(files))


def test_an_allow_takes_no_vote_and_no_policy() -> None:
    """The API sealed the submission alone, and that one is the same."""
    decision = keys_of(inputs("waived"))["decision"]
    assert sealed_by_others(waived().files, decision) == 1
    first, second = statements(waived().files)[0], statements(TRUTH.files)[0]
    assert first["decision"] == second["decision"]


def test_a_store_can_lose_a_vote_with_its_refusal() -> None:
    scene = approved(VOTE, refusal(NAME))
    assert judge(scene.files, trust_of(scene.trust)).verdict == "VALID"
    assert judge(TRUTH.files, trust_of(TRUTH.trust)).verdict == "VALID"


def test_a_split_view_is_valid_on_each_side() -> None:
    """Two ends of one instance: given together they are a fork (test_beside_commits.py)."""
    for name in ("approved", "rejected"):
        scene = build(inputs(name), MANIFEST)
        assert judge(scene.files, trust_of(scene.trust)).verdict == "VALID"


def test_an_erasure_key_can_erase_what_people_were_shown() -> None:
    scene = build(erased(*(path for _, path, _ in CHAINS["approved"][1]["context"])), MANIFEST)
    assert judge(scene.files, trust_of(scene.trust)).verdict == "VALID"


def test_an_exporter_can_leave_an_instance_out() -> None:
    found = scenes("amended", "rejected")
    less = {instance(1): found[instance(1)]}
    for some in (found, less):
        assert verdict(bundle(entries(some)), pipe=True) == "VALID"


@pytest.mark.parametrize(
    "member",
    [{"asked_team": "others"}, {"asked_since": "2026-12-01T00:00:00.000Z"},
     {"asked_instances": "named"}],
)  # fmt: skip
def test_an_exporter_can_say_that_other_things_were_asked_for(member: dict[str, str]) -> None:
    found = {instance(1): bundles.scene("amended", 1)}
    inside = [("", "contents.json", contents([instance(1)], **member)), *entries(found)[1:]]
    assert verdict(bundle(inside), pipe=True) == "VALID"

"""What lies beside the commits: refused votes, uses, erasures, a store's own folder, forks."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.main import main
from gantral.evidence import H, Report, TrustFile, canonical, parse, seal, verify_folder
from gantral.evidence.envelope import unwrap, write_envelope
from rules_off import switch_off
from scenes import Forge, Scene, build, keys_of
from vector_manifest import MANIFEST
from vectors import CHAINS, INSTANCE, inputs, vote

Files = dict[str, bytes]
LATE = "2026-11-23T11:00:00.000Z"
KEYS = keys_of(inputs("approved"))
OTHER = "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"


def put(folder: Path, scene: Scene) -> TrustFile:
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (folder.parent / "trust.json").write_bytes(scene.trust)
    return TrustFile.load(scene.trust)


def judged(tmp_path: Path, scene: Scene) -> Report:
    return verify_folder(tmp_path / "instance", put(tmp_path / "instance", scene))


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


# --- votes


def late_vote() -> tuple[str, Files]:
    """Dan's vote, put by the API and never counted: its hash, its file and texts."""
    scene, more = build(inputs("approved"), MANIFEST), inputs("approved")
    chain = copy.deepcopy(CHAINS["approved"])
    dan = vote("dan", "APPROVE", "2026-11-23T10:44:09.990Z")
    chain[2] = {**chain[2], "votes": [*chain[2]["votes"], dan], "human": "dan"}
    other = build({**more, "commits": chain}, MANIFEST)
    envelope = other.commits[2]["decision"]["votes"][2]
    name = unwrap(envelope, "authority-decision").hash
    texts = {
        key: data
        for key, data in other.files.items()
        if key.startswith("texts/") and key not in scene.files
    }
    return name, {f"votes/{name}.json": write_envelope(envelope), **texts}


def refusal(name: str, key: str = "decision", **more: str) -> Files:
    statement = {
        "type": "gantral.dev/refusal/v1",
        "instance_id": INSTANCE,
        "owning_team_id": "payments",
        "reason": "decided",
        "timestamp": LATE,
        "vote": name,
        **more,
    }
    return {f"votes/{name}.refusal.json": write_envelope(seal("refusal", statement, KEYS[key]))}


def approved(*more: Files) -> Scene:
    scene = build(inputs("approved"), MANIFEST)
    for files in more:
        scene.files.update(files)
    return scene


@pytest.mark.parametrize("key", ["decision", "closer"])
def test_a_refused_vote_is_accounted_for(key: str, tmp_path: Path) -> None:
    name, files = late_vote()
    assert judged(tmp_path, approved(files, refusal(name, key))).findings == ()


def test_a_vote_that_nothing_accounts_for(tmp_path: Path) -> None:
    report = judged(tmp_path, approved(late_vote()[1]))
    assert (report.verdict, codes(report)) == ("INCONCLUSIVE", ["vote_unaccounted"])


def test_a_refusal_without_its_vote(tmp_path: Path) -> None:
    report = judged(tmp_path, approved(refusal("ab" * 32)))
    assert (report.verdict, codes(report)) == ("INCONCLUSIVE", ["missing"])


def counted() -> str:
    envelope = build(inputs("approved"), MANIFEST).commits[2]["decision"]["votes"][0]
    return unwrap(envelope, "authority-decision").hash


NAME, VOTE = late_vote()
# What is spoiled -> the rule that refuses it; without the rule it would be VALID.
SPOILED: dict[str, tuple[str, Callable[[], Scene]]] = {
    "a refusal of another instance": (
        "other_instance",
        lambda: approved(VOTE, refusal(NAME, instance_id=OTHER)),
    ),
    "a refusal of another team": (
        "other_team",
        lambda: approved(VOTE, refusal(NAME, owning_team_id="others")),
    ),
    "a refusal of another vote": (
        "vote_name",
        lambda: approved(VOTE, _of_name(NAME, refusal(NAME, vote=NAME[::-1]))),
    ),
    "a refusal of a vote that counts": ("vote_refused", lambda: approved(refusal(counted()))),
    "a claim in a commit already": ("use_twice", lambda: approved(claims()[0])),
    "an outcome in a commit already": ("use_twice", lambda: approved(claims()[1])),
}


def _of_name(name: str, files: Files) -> Files:
    return {f"votes/{name}.refusal.json": next(iter(files.values()))}


def claims() -> tuple[Files, Files]:
    """The claim and the outcome of the vector, as they lie in a store."""
    use, outcome = build(inputs("approved"), MANIFEST).commits[3]["records"]
    claim = unwrap(use["claim"], "use").statement
    place = f"uses/{claim['grant']}/{claim['slot']}"
    return (
        {f"{place}.json": write_envelope(use["claim"])},
        {f"{place}.outcome.json": write_envelope(outcome["outcome"])},
    )


@pytest.mark.parametrize("what", list(SPOILED))
def test_each_rule_refuses(what: str, tmp_path: Path) -> None:
    code, made = SPOILED[what]
    report = judged(tmp_path, made())
    assert report.verdict == "INVALID"
    assert code in codes(report)


@pytest.mark.parametrize("what", list(SPOILED))
def test_each_rule_is_needed(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, made = SPOILED[what]
    switch_off(monkeypatch, {code})
    report = judged(tmp_path, made())
    assert "INVALID" not in {finding.severity for finding in report.findings}


@pytest.mark.parametrize("key", ["commit", "effect", "erasure"])
def test_others_refuse_no_vote(key: str, tmp_path: Path) -> None:
    report = judged(tmp_path, approved(VOTE, refusal(NAME, key)))
    assert (report.verdict, codes(report)) == ("INVALID", ["key_use"])


def test_a_vote_that_is_counted_and_lies_beside(tmp_path: Path) -> None:
    envelope = build(inputs("approved"), MANIFEST).commits[2]["decision"]["votes"][0]
    copied = {f"votes/{counted()}.json": write_envelope(envelope)}
    report = judged(tmp_path, approved(copied))
    assert (report.verdict, codes(report)) == ("INVALID", ["vote_twice"])


# --- uses


def test_uses_that_no_commit_tells(tmp_path: Path) -> None:
    scene = build({**inputs("approved"), "commits": _cut_short()}, MANIFEST)
    grant = scene.commits[2]["artifacts"][0]["artifact_hash"]
    for files, end in zip(claims(), (".json", ".outcome.json"), strict=True):
        scene.files[f"uses/{grant}/1{end}"] = next(iter(files.values()))
    report = judged(tmp_path, scene)
    assert (report.verdict, codes(report)) == ("INCONCLUSIVE", ["use_unaccounted"] * 2)


def _cut_short() -> list[Any]:
    chain = copy.deepcopy(CHAINS["execution_lost"])
    chain[2] = copy.deepcopy(CHAINS["approved"][2])
    chain[3]["records"] = [{**chain[3]["records"][2], "standing": []}]
    return chain


@pytest.mark.parametrize("data", [b"", b"{}", b"{"])
def test_a_use_that_is_no_envelope(data: bytes, tmp_path: Path) -> None:
    report = judged(tmp_path, approved({f"uses/{'ab' * 32}/1.json": data}))
    assert report.verdict == "INVALID"


def test_a_use_under_another_name(tmp_path: Path) -> None:
    (data,) = claims()[0].values()
    report = judged(tmp_path, approved({f"uses/{'ab' * 32}/undo/1.json": data}))
    assert (report.verdict, codes(report)) == ("INVALID", ["use_name"])


# --- a store's own folder


def test_a_stores_folder_is_told_in_words(tmp_path: Path) -> None:
    envelope = build(inputs("approved"), MANIFEST).commits[2]["decision"]["votes"][0]
    scene = approved({f"votes/{counted()}.json": write_envelope(envelope)}, *claims())
    del scene.files["artifacts.jsonl"]
    report = judged(tmp_path, scene)
    assert report.verdict == "INVALID"
    (told,) = [finding for finding in report.findings if finding.code == "store_folder"]
    assert "gantral evidence export" in told.message


def test_a_folder_that_lost_its_lines_is_no_stores_folder(tmp_path: Path) -> None:
    scene = approved()
    del scene.files["artifacts.jsonl"]
    report = judged(tmp_path, scene)
    assert (report.verdict, codes(report)) == ("INCONCLUSIVE", ["missing"])


# --- erasures


def erased(*paths: str, **more: Any) -> dict[str, Any]:
    order = {"paths": list(paths), "reason": "asked for", "timestamp": LATE, **more}
    return {**inputs("approved"), "erased": [order]}


def test_an_erased_text_is_not_missing(tmp_path: Path) -> None:
    scene = build(erased("/order/customer", "/input/reason"), MANIFEST)
    assert judged(tmp_path, scene).findings == ()


def test_an_erased_text_without_its_erasure_is_missing(tmp_path: Path) -> None:
    scene = build(erased("/order/customer"), MANIFEST)
    (name,) = [name for name in scene.files if name.startswith("erasures/")]
    del scene.files[name]
    report = judged(tmp_path, scene)
    assert (report.verdict, codes(report)) == ("INCONCLUSIVE", ["missing"])


def _sealed(member: str, value: Any) -> Forge:
    def edit(kind: str, statement: dict[str, Any]) -> None:
        if kind == "erasure":
            statement[member] = value

    return Forge(sealed=edit)


def _customer() -> tuple[str, bytes]:
    for name, data in build(inputs("approved"), MANIFEST).files.items():
        if name.startswith("texts/") and parse(data)[2] == "/order/customer":
            return name, data
    raise AssertionError


def _again(files: Files) -> None:
    name, data = _customer()
    files[name] = data


def _twice(files: Files) -> None:
    (name,) = [name for name in files if name.startswith("erasures/")]
    statement = unwrap(parse(files[name]), "erasure").statement | {"reason": "again"}
    again = f"erasures/{H('erasure', canonical(statement))}.json"
    files[again] = write_envelope(seal("erasure", statement, KEYS["erasure"]))


def _misnamed(files: Files) -> None:
    (name,) = [name for name in files if name.startswith("erasures/")]
    files[f"erasures/{'ab' * 32}.json"] = files.pop(name)


@pytest.mark.parametrize(
    ("code", "forge"),
    [
        ("other_instance", _sealed("instance_id", OTHER)),
        ("other_team", _sealed("owning_team_id", "others")),
        ("text_erased", Forge(files=_again)),
        ("erasure_name", Forge(files=_misnamed)),
    ],
)
def test_erasures_that_are_refused(
    code: str, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = build(erased("/order/customer"), MANIFEST, forge)
    report = judged(tmp_path, scene)
    assert (report.verdict, codes(report)) == ("INVALID", [code])
    switch_off(monkeypatch, {code})
    assert judged(tmp_path, scene).verdict == "VALID"


@pytest.mark.parametrize("use", ["commit", "decision", "effect", "closer"])
def test_only_an_erasure_key_erases(use: str, tmp_path: Path) -> None:
    forge = Forge(key=lambda kind: use if kind == "erasure" else "")
    report = judged(tmp_path, build(erased("/order/customer"), MANIFEST, forge))
    assert (report.verdict, codes(report)) == ("INVALID", ["key_use"])


def test_two_may_have_erased_at_once(tmp_path: Path) -> None:
    scene = build(erased("/order/customer"), MANIFEST, Forge(files=_twice))
    assert len([name for name in scene.files if name.startswith("erasures/")]) == 2
    assert judged(tmp_path, scene).findings == ()


def test_nothing_unbound_is_erased(tmp_path: Path) -> None:
    forge = _sealed("leaves", ["ab" * 32])
    report = judged(tmp_path, build(erased("/order/customer"), MANIFEST, forge))
    assert report.verdict == "INVALID"
    assert codes(report) == ["erasure"]


# --- forks, and names


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["verify", *map(str, words)])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_one_instance_told_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    put(one, build(inputs("approved"), MANIFEST))
    put(two, build(inputs("amended"), MANIFEST))
    trust = ("--trust", tmp_path / "trust.json")
    assert run(capsys, one, *trust)[:2] == run(capsys, two, *trust)[:2] == (0, "VALID\n")
    status, out, err = run(capsys, one, two, *trust)
    assert (status, out) == (1, "INVALID\n")
    assert err.count("INVALID[fork]") == 2
    assert f"{one} commit 2: another folder tells commit 2 of {INSTANCE} otherwise" in err


def test_the_same_told_twice_or_shorter_is_no_fork(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, shorter = tmp_path / "1", tmp_path / "2"
    put(whole, build(inputs("approved"), MANIFEST))
    chain = inputs("approved")["commits"][:2]
    put(shorter, build({**inputs("approved"), "commits": chain}, MANIFEST))
    trust = ("--trust", tmp_path / "trust.json")
    assert run(capsys, whole, whole, *trust)[:2] == (0, "VALID\n")
    status, out, err = run(capsys, whole, shorter, *trust)
    assert (status, out) == (2, "INCONCLUSIVE\n")
    assert "fork" not in err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_strangers_name_is_told_without_harm(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "1", build(inputs("approved"), MANIFEST))
    (tmp_path / "1" / os.fsdecode(b"\xff\x1b[31m")).touch()
    trust = ("--trust", tmp_path / "trust.json", "--format", form)
    status, out, err = run(capsys, tmp_path / "1", *trust)
    assert status == 1
    assert "\x1b" not in out + err
    (out + err).encode()
    if form == "json":
        assert json.loads(out)["instances"][0]["findings"][0]["code"] == "layout"

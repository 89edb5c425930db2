"""What is published of valid and invalid evidence (docs/evidence/vectors), by both verifiers; and
each rule of the second one, taken out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import invalid
import mutants
import pytest
from gantral.evidence import TrustFile, verify_folder
from gantral.evidence.verify import verify_disclosure
from rules_off import switch_off
from second import binary
from vectors import VECTORS
from wrong_chain import CHAIN
from wrong_gate import GATE

WRONG = invalid.wrong()
PUBLISHED = [
    str(one.relative_to(VECTORS))
    for folder in ("valid", "invalid")
    for one in sorted((VECTORS / folder).glob("*.json"))
]


def test_what_is_published_is_what_the_generator_makes() -> None:
    made = dict(invalid.published())
    assert sorted(made) == sorted(PUBLISHED)
    for path, said in made.items():
        assert json.loads((VECTORS / path).read_text(encoding="utf-8")) == said, path


@pytest.mark.parametrize("path", PUBLISHED)
def test_both_verifiers_say_what_is_published(path: str, tmp_path: Path) -> None:
    said = invalid.read(path, tmp_path / "vector")
    trust = TrustFile.load((tmp_path / "vector" / "trust.json").read_bytes())
    if (field := tmp_path / "vector" / "field.json").exists():
        report, _ = verify_disclosure(field.read_bytes(), trust)
    else:
        report = verify_folder(tmp_path / "vector" / "instance", trust)
    assert report.verdict == said["verdict"], report.findings
    if said["verdict"] == "INVALID":
        last = report.findings[-1]
        assert (last.code, last.commit) == (said["code"], said["commit"])
        assert said["why"]


def test_a_stranger_judges_them_by_what_is_written_there(tmp_path: Path) -> None:
    """The few lines of the README, with a verifier that is not ours to them."""
    (script,) = re.findall("```python\n(.*?)```", (VECTORS / "README.md").read_text(), re.DOTALL)
    (tmp_path / "judge.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "judge.py", VECTORS, binary()], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"{len(PUBLISHED)} vectors, 0 judged otherwise\n"


# Rules that the first verifier tells by raising: without them it would not come further.
RAISED = {
    "argument:nothing", "bytes", "bytes:order", "decision_member:records", "end_record",
    "envelope", "form", "gate", "grant",
    "instant:sealed", "layout", "opened:never", "outcome", "record", "released", "undo:unknown",
    "released:no effect", "released:round", "periods:more", "undo:operation",
}  # fmt: skip


@pytest.mark.parametrize("name", [*CHAIN, *GATE])
def test_each_rule_alone_refuses_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = WRONG[name].scene()
    code = name.partition(":")[0]
    report = invalid.judged(scene)
    assert (report.verdict, report.findings[-1].code) == ("INVALID", code)
    off = {code, *WRONG[name].then}
    switch_off(monkeypatch, off)
    if name not in RAISED:
        report = invalid.judged(scene)
        assert report.verdict != "INVALID", report.findings


# What the vectors are about. How bytes, containers, forms, programs and trust files are read is
# held by tests of their own: test_forged_at_random.py, test_bundle.py, test_second_verifier.py,
# tests/attacks.
RULES = ("artifacts", "beside", "calendar", "ends", "gate", "judge", "plan", "policy", "tally")
RULES += ("uses", "waits", "walk")
# Places whose loss no vector shows as another verdict, and why.
ALWAYS_LATER = {
    "calendar.go: form: no date: ": "of a period: what is no date is none of the days that count",
    "calendar.go: periods: the periods end before the clock does": "then no instant is the clock's",
    "tally.go: vote_instance: the vote is for another instance": "other_instance, before; the rule "
    "is the first verifier's, where a worker counts votes that nobody has judged yet",
    "tally.go: vote_repeated: this vote is counted already": "vote_supersedes: none names itself",
    "tally.go: vote_deadline: the time for this decision is over": "votes are never counted later "
    "than a millisecond before the reject instant; the rule is the worker's",
    "tally.go: vote_login: the login's time is not known": "then there is no instant: form",
    "tally.go: opened: the value at   is not opened": "in a bound: opened_paths, before",
    "walk.go: instant: the time of a   is no instant": "each is compared with an instant: form",
    "waits.go: no_wait: an event, or the end of a wait, while nothing waits": "other_wait: of no "
    "open waits none is answered; the code tells the two apart",
    "walk.go: transition: nothing is waited for": "the table of transitions, before",
}
ELSEWHERE = {
    "test_beside_commits.py": ("vote_twice", "erasure_name", "erasure", "text_erased"),
    "test_forged_at_random.py": ("text_form", "text_hash"),
    "test_calls_in_loops.py, test_waits_in_chains.py": ("manifest",),
    "test_children_verified.py": ("child_open",),
    "test_directory_record.py": ("directory",),
}


def test_each_rule_of_the_second_verifier_is_needed(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    program, places = mutants.build(tmp_path / "source")
    asked = []
    for number, one in enumerate(WRONG.values()):
        folder = tmp_path / str(number)
        for path, data in invalid.files_of(one.scene()).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        asked.append((folder / ("field.json" if one.shown else "instance"), folder / "trust.json"))
    needed = set()
    for name, found in zip(WRONG, mutants.run(program, asked), strict=True):
        assert found.told[0] == "INVALID", name
        assert found.told[-1] == name.partition(":")[0], name
        if found.without[0] != "INVALID":
            needed.add(found.place)
    elsewhere = {code for codes in ELSEWHERE.values() for code in codes}
    survived = {
        place
        for number, place in enumerate(places)
        if number not in needed
        and place.partition(".")[0] in RULES
        and place.split(": ")[1] not in elsewhere
    }
    assert survived == ALWAYS_LATER.keys()

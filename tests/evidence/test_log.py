"""What a transparency log adds to a verdict: proofs in an instance's folder, views of one log."""

from __future__ import annotations

import copy
import tempfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import EvidenceError, TrustFile, canonical, parse, verify_folder
from gantral.evidence.folder import Kept
from gantral.evidence.log_policy import read_policy
from gantral.evidence.logged import Entry, judge_checkpoint, proof_name
from gantral.evidence.notes import LOG as OF_LOG
from gantral.evidence.notes import WITNESS
from gantral.evidence.report import Report
from gantral.evidence.together import judge_together
from gantral.evidence.verify import verify_files
from hypothesis import given
from hypothesis import strategies as st
from log_vectors import LOG_VECTOR, OF, log_files
from logs import HandLog, entries_of, note_key, seed, trusting, with_proof
from rules_off import switch_off
from scenes import Scene, build
from second import ask
from twice import NOW
from vector_manifest import MANIFEST
from vectors import inputs

SCENE = build(inputs("approved"), MANIFEST)


def placed(files: dict[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def told(files: dict[str, bytes], trust: bytes) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        return verify_folder(placed(files, Path(folder)), TrustFile.load(trust))


def codes(report: Report) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in report.findings]


def filled(*scenes: Scene) -> HandLog:
    """A log with other entries before and behind."""
    log = HandLog()
    for n in range(5):
        log.entries.append(Entry("others", "0" * 8 + SCENE_ID[8:], n, f"{n:064x}").data())
    for scene in scenes or (SCENE,):
        log.add(scene)
    log.entries.append(Entry("others", "0" * 8 + SCENE_ID[8:], 5, f"{5:064x}").data())
    return log


SCENE_ID = entries_of(SCENE.files)[0].instance_id
LOG = filled()
TRUST = trusting(SCENE.trust, LOG)


def test_valid_as_of_a_checkpoint() -> None:
    report = told(with_proof(SCENE, LOG), TRUST)
    assert (report.verdict, codes(report)) == ("VALID", [])
    (seen,) = report.seen
    assert (seen.size, seen.at) == (10, "2026-11-24T16:00:00.000Z")


def test_an_earlier_checkpoint_serves_as_well() -> None:
    log = copy.deepcopy(LOG)
    earlier = log.checkpoint(9)
    log.entries += [b"anything"] * 300
    assert told(with_proof(SCENE, LOG, earlier), TRUST).verdict == "VALID"
    assert told(with_proof(SCENE, log), TRUST).verdict == "VALID"


def test_what_is_not_shown_to_be_logged() -> None:
    assert codes(told(SCENE.files, TRUST)) == [("log_none", "INCONCLUSIVE")]
    # A proof of an earlier commit alone: what follows may be younger than the log, or forged.
    entry = entries_of(SCENE.files)[2]
    early = {**SCENE.files, proof_name(2): LOG.proof(entry)}
    assert codes(told(early, TRUST)) == [("log_lag", "INCONCLUSIVE")]
    # A trust file without a log can't say whose proof it is.
    without = told(with_proof(SCENE, LOG), SCENE.trust)
    assert codes(without) == [("log_unknown", "INCONCLUSIVE")]


def test_a_cut_tail_shows() -> None:
    files = with_proof(SCENE, LOG)
    del files["commits/00000003.json"]
    lines = files["artifacts.jsonl"].splitlines(keepends=True)
    files["artifacts.jsonl"] = b"".join(lines[:-1])
    for name in [one for one in files if "texts/" in one and b"receipt_id" in files[one]]:
        del files[name]
    report = told(files, TRUST)
    assert ("log_tail", "INCONCLUSIVE") in codes(report)
    assert ("no_end", "INCONCLUSIVE") in codes(report)


def rechained() -> Scene:
    """The same instance told otherwise, by who holds every key of the deployment but the log's."""
    return build(inputs("rejected"), MANIFEST)


def test_a_chain_made_anew_after_the_first_was_logged() -> None:
    forged = rechained()
    assert told(forged.files, SCENE.trust).verdict == "VALID"
    # Not logged; with the proof of the one that was; logged later too.
    assert codes(told(forged.files, TRUST)) == [("log_none", "INCONCLUSIVE")]

    borrowed = {**forged.files, proof_name(2): LOG.proof(entries_of(SCENE.files)[2])}
    assert codes(told(borrowed, TRUST)) == [("log_inclusion", "INVALID")]
    # The log has both: alone it stands, and beside the log's entries it is a fork (test_log_whole).
    both = filled(SCENE, forged)
    assert told(with_proof(forged, both), TRUST).verdict == "VALID"


def checkpoint(change: Callable[[HandLog], bytes]) -> dict[str, bytes]:
    log = copy.deepcopy(LOG)
    return with_proof(SCENE, log, change(log))


def another(log: HandLog) -> bytes:
    made = replace(log, key=seed("another log"))
    return made.checkpoint()


def respelt(old: bytes, new: bytes) -> Callable[[HandLog], bytes]:
    def change(log: HandLog) -> bytes:
        note = log.checkpoint()
        assert old in note
        return note.replace(old, new, 1)

    return change


def swapped(log: HandLog) -> bytes:
    """The signatures of one checkpoint below the text of another."""
    text = log.checkpoint(9).partition(b"\n\n")[0]
    return text + b"\n\n" + log.checkpoint(10).partition(b"\n\n")[2]


CHECKPOINTS: list[tuple[str, Callable[[HandLog], bytes], str, str]] = [
    ("one witness", lambda log: log.checkpoint(by=["w1"]), "log_quorum", "INCONCLUSIVE"),
    ("one witness twice", lambda log: log.checkpoint(by=["w1", "w1"]), "log_quorum",
     "INCONCLUSIVE"),
    ("no witness", lambda log: log.checkpoint(by=[]), "log_quorum", "INCONCLUSIVE"),
    ("not the log", lambda log: log.checkpoint(signed=False), "log_unknown", "INCONCLUSIVE"),
    ("another key", another, "log_unknown", "INCONCLUSIVE"),
    ("another size's signatures", swapped, "checkpoint_signature", "INVALID"),
    ("another origin", respelt(b"log.example", b"log.examples"), "log_unknown", "INCONCLUSIVE"),
    ("zero before the size", respelt(b"\n10\n", b"\n010\n"), "checkpoint", "INVALID"),
    ("a line of its own", respelt(b"\n\n", b"\nmore\n\n"), "checkpoint", "INVALID"),
    ("no signatures", lambda log: log.body(10), "checkpoint", "INVALID"),
    ("a line that is no signature", respelt(b"\n\n", b"\n\n- x\n"), "checkpoint", "INVALID"),
    ("no last line end", lambda log: log.checkpoint()[:-1], "checkpoint", "INVALID"),
    ("not UTF-8", respelt(b"log.example", b"log\xff"), "checkpoint", "INVALID"),
    ("too long", lambda log: log.checkpoint() + "— x AAAAAAAA\n".encode() * 5000, "checkpoint",
     "INVALID"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [one[1:] for one in CHECKPOINTS],
    ids=[c[0] for c in CHECKPOINTS],
)
def test_checkpoints_that_do_not_count(
    change: Callable[[HandLog], bytes], code: str, severity: str
) -> None:
    assert codes(told(checkpoint(change), TRUST)) == [(code, severity)]


def test_strangers_signatures_are_passed_over() -> None:
    note = LOG.checkpoint() + "— somebody.example AAAAAAAA\n".encode()
    assert told(with_proof(SCENE, LOG, note), TRUST).verdict == "VALID"


def test_a_checkpoint_s_time_is_the_earliest_with_enough_witnesses() -> None:
    trust = TrustFile.load(TRUST)
    late = replace(LOG, at=LOG.at + 60).checkpoint().partition(b"\n\n")[2]
    latest = replace(LOG, at=LOG.at + 90).checkpoint(by=["w3"], signed=False)
    for by, minutes in ((["w1", "w2"], "00"), (["w1"], "01"), ([], "01")):
        note = LOG.checkpoint(by=by) + late + latest.partition(b"\n\n")[2]
        assert judge_checkpoint(note, trust).at == f"2026-11-24T16:{minutes}:00.000Z"


def test_the_lives_of_the_log_s_keys() -> None:
    files = with_proof(SCENE, LOG)
    over, then = "2026-11-24T15:59:59.999Z", "2026-11-24T16:00:00.000Z"
    for member, at, code in (
        ("not_after", over, "key_lifetime"),
        ("not_before", "2026-11-24T16:00:00.001Z", "key_lifetime"),
        ("compromised_from", then, "key_compromised"),
    ):
        trust = trusting(SCENE.trust, LOG, log={member: at})
        assert codes(told(files, trust)) == [(code, "INVALID")]
        # A witness's word outside its life is as none.
        trust = trusting(SCENE.trust, LOG, witness={member: at})
        assert codes(told(files, trust)) == [("log_quorum", "INCONCLUSIVE")]
    assert told(files, trusting(SCENE.trust, LOG, log={"not_after": then})).verdict == "VALID"
    # Nobody says when it signed.
    life = {"not_after": "none"}
    alone = trusting(SCENE.trust, LOG, "none", log=life)
    assert told(with_proof(SCENE, LOG, LOG.checkpoint(by=[])), alone).verdict == "VALID"
    for ended in ({"not_after": then}, {**life, "compromised_from": then}):
        trust = trusting(SCENE.trust, LOG, "none", log=ended)
        assert codes(told(files, trust)) == [("log_time", "INCONCLUSIVE")]
    # The team whose log it is.
    trust = trusting(SCENE.trust, LOG, log={"teams": ["others"]})
    assert codes(told(files, trust)) == [("key_team", "INVALID")]


RULES = {
    "log_inclusion": lambda: {
        **rechained().files, proof_name(2): LOG.proof(entries_of(SCENE.files)[2])
    },
    "log_quorum": lambda: checkpoint(lambda log: log.checkpoint(by=["w1"])),
}  # fmt: skip


@pytest.mark.parametrize("code", RULES)
def test_each_rule_alone_refuses_its_forgery(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = RULES[code]()
    trust = trusting(SCENE.trust, LOG, log={"not_after": "none"})
    assert [one for one, _ in codes(told(files, trust))] == [code]
    switch_off(monkeypatch, {code})
    assert told(files, trust).verdict == "VALID"


def respelt_base64(data: bytes, text: bytes) -> bytes:
    """The same bytes in base64 of which the last letter's unused bits are set."""
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip(b"=")
    other = letters[letters.index(body[-1:]) ^ 1 :][:1]
    return data.replace(text, body[:-1] + other + text[len(body) :], 1)


PROOFS = [
    ("another index", lambda data: data.replace(b"index 8", b"index 7"), "log_inclusion"),
    ("index with a zero", lambda data: data.replace(b"index 8", b"index 08"), "log_proof"),
    ("extra data", lambda data: data.replace(b"index", b"extra AAAA\nindex"), "log_proof"),
    ("another first line", lambda data: data.replace(b"@v1", b"@v2"), "log_proof"),
    ("a hash too many", lambda data: data.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1),
     "log_inclusion"),
    ("a hash of 31 bytes", lambda data: data.replace(b"\n\n", b"\n" + b"A" * 42 + b"==\n\n", 1),
     "log_proof"),
    ("a hash in other letters", lambda data: respelt_base64(data, data.split(b"\n")[2]),
     "log_proof"),
    ("too many hashes", lambda data: data.replace(
        b"\n\n", b"\n" + b"\n".join([b"A" * 43 + b"="] * 70) + b"\n\n", 1), "log_proof"),
    ("nothing", lambda data: b"", "log_proof"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), [p[1:] for p in PROOFS], ids=[p[0] for p in PROOFS])
def test_proofs_that_do_not_hold(change: Callable[[bytes], bytes], code: str) -> None:
    files = with_proof(SCENE, LOG)
    files[proof_name(3)] = change(files[proof_name(3)])
    assert codes(told(files, TRUST)) == [(code, "INVALID")]


@given(st.data())
def test_no_flipped_bit_of_a_proof_is_valid(data: st.DataObject) -> None:
    files = with_proof(SCENE, LOG)
    name = proof_name(3)
    made = bytearray(files[name])
    made[data.draw(st.integers(0, len(made) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    files[name] = bytes(made)
    assert told(files, TRUST).verdict != "VALID"


def together(trust: bytes, *folders: dict[str, bytes]) -> list[list[str]]:
    """The codes on each folder, of all judged in one run; both verifiers'."""
    reports = [verify_files(Kept(files), TrustFile.load(trust)) for files in folders]
    found = judge_together(enumerate(reports), several=True)
    codes = [[one.code for one in report.findings] for _, report in found]
    if NOW.alone:
        return codes
    with tempfile.TemporaryDirectory() as home:
        (place := Path(home) / "trust.json").write_bytes(trust)
        paths = [placed(files, Path(home) / str(n)) for n, files in enumerate(folders)]
        second = ask(place, paths)["instances"]
    assert [[one["code"] for one in each["findings"]] for each in second] == codes
    return codes


def test_a_split_view_shows() -> None:
    other = build({**inputs("rejected"), "instance_id": SCENE_ID[:-1] + "2"}, MANIFEST)
    trust = trusting(SCENE.trust, LOG)
    first = filled(SCENE)
    # The same size, another tree: the second was shown to somebody else.
    second = filled(SCENE)
    second.entries[5:9] = [entry.data() for entry in entries_of(other.files)] + [b"one more"]
    one, two = with_proof(SCENE, first), with_proof(other, second)
    assert (told(one, trust).verdict, told(two, trust).verdict) == ("VALID", "VALID")
    assert together(trust, one, two) == [["log_split"], ["log_split"]]
    # Inside one folder.
    files = with_proof(SCENE, first)
    twin = filled(SCENE)
    twin.entries[0] = b"another"
    files[proof_name(2)] = twin.proof(entries_of(SCENE.files)[2])
    assert codes(told(files, trust)) == [("log_split", "INVALID")]


def test_two_sizes_are_linked_by_witnesses_or_not_at_all() -> None:
    other = build({**inputs("rejected"), "instance_id": SCENE_ID[:-1] + "2"}, MANIFEST)
    log = filled(SCENE)
    note = log.checkpoint()
    log.add(other)
    for quorum, found in (("two", []), ("none", ["log_unlinked"])):
        trust = trusting(SCENE.trust, log, quorum, log={"not_after": "none"})
        pair = with_proof(SCENE, log, note), with_proof(other, log)
        assert together(trust, *pair) == [found, found]


OTHER = note_key("other.example", OF_LOG, seed("another log"))


def mistyped(text: str) -> str:
    """A witness's key says that it is a log's, under the id of a witness's."""
    key = note_key("w1.example", WITNESS, seed("w1"))
    data = b64encode(bytes([OF_LOG]) + key.raw).decode()
    return text.replace(key.text(), f"{key.name}+{key.ident.hex()}+{data}")


POLICIES = [
    ("no quorum", lambda text: text.replace("quorum two\n", "")),
    ("two quorums", lambda text: text + "quorum two\n"),
    ("an undefined quorum", lambda text: text.replace("quorum two", "quorum three")),
    ("a group of too few", lambda text: text.replace("two 2", "two 4")),
    ("a group of none", lambda text: text.replace("two 2", "two 0")),
    ("a member twice", lambda text: text.replace("two 2 w1", "two 2 w1 w1")),
    ("a member defined later", lambda text: "group x any w1\n" + text),
    ("a taken name", lambda text: text.replace("witness w2", "witness w1")),
    ("a witness named none", lambda text: text.replace(" w2 ", " none ")),
    ("another word", lambda text: text + "logs x\n"),
    ("no log", lambda text: "\n".join(text.split("\n")[1:])),
    ("a key twice", lambda text: text + text.split("\n")[0] + "\n"),
    ("a control character", lambda text: text + "# \x0b\n"),
    ("a witness as a log", lambda text: text.replace("witness w1", "log")),
    ("a key of another type", mistyped),
    (
        "two logs",
        lambda text: f"log {note_key('other.example', OF_LOG, seed('x')).text()}\n" + text,
    ),
    ("another key's id", lambda text: text.replace("+e", "+f", 1)),
]


@pytest.mark.parametrize("change", [one[1] for one in POLICIES], ids=[one[0] for one in POLICIES])
def test_policies_that_are_refused(change: Callable[[str], str]) -> None:
    assert read_policy(LOG.policy()).origin == "log.example/payments"
    with pytest.raises(EvidenceError, match="log_policy"):
        read_policy(change(LOG.policy()))
    # In a trust file it is the file that is refused.
    with pytest.raises(EvidenceError, match="trust"):
        TrustFile.load(retold(change))


def retold(change: Callable[[str], str]) -> bytes:

    value: Any = parse(TRUST)
    value["log"] = change(value["log"])
    return canonical(value)


def test_policies_may_have_comments_blanks_and_groups_of_groups() -> None:
    def change(text: str) -> str:
        return (
            text.replace(
                "group two 2 w1 w2 w3", "\n\t# some\ngroup a  any\tw1 w2\ngroup two all a w3"
            )
            .replace("witness w1 ", " witness w1 ")
            .replace("\nwitness w2", " https://log.example/\nwitness w2")
        )

    trust = retold(change)
    assert codes(told(with_proof(SCENE, LOG), trust)) == [("log_quorum", "INCONCLUSIVE")]
    note = LOG.checkpoint(by=["w2", "w3"])
    assert told(with_proof(SCENE, LOG, note), trust).verdict == "VALID"


def test_the_log_s_keys_stand_among_the_keys() -> None:
    for edit in (
        lambda value: value["keys"].pop(LOG.key.keyid),
        lambda value: value["keys"].pop(LOG.witnesses["w3"].keyid),
        lambda value: value["keys"][LOG.key.keyid].update(use="witness"),
        lambda value: value["keys"][LOG.witnesses["w1"].keyid].update(use="log"),
        # A log of development never stands in a trust file of production.
        lambda value: value["keys"][LOG.key.keyid].update(environment="development"),
        lambda value: value["keys"][LOG.witnesses["w1"].keyid].update(environment="development"),
    ):
        value: Any = parse(TRUST)
        edit(value)
        with pytest.raises(EvidenceError, match="trust"):
            TrustFile.load(canonical(value))


def test_a_time_beyond_the_calendar_is_as_none() -> None:
    log = replace(LOG, at=1 << 62)
    trust = TrustFile.load(trusting(SCENE.trust, log))
    with pytest.raises(EvidenceError, match="log_quorum"):
        judge_checkpoint(log.checkpoint(), trust)


def test_the_published_vector_is_valid_and_as_it_is_made() -> None:
    made = log_files()
    published = {name: (LOG_VECTOR / name).read_bytes() for name in made}
    assert made == published
    folder = LOG_VECTOR.parent / "vectors" / OF / "instance"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    files[proof_name(3)] = published[proof_name(3)]
    assert told(files, published["trust.json"]).verdict == "VALID"

"""A bundle with all of a log: what is left out of it, cut off or told otherwise shows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import bundles
import jsonschema
import pytest
from bundles import Entry, bundle, contents, entries, instance
from gantral.cli.main import main
from gantral.evidence import H, TrustFile
from gantral.evidence.bundle import Bundle
from gantral.evidence.logged import Entry as Logged
from gantral.evidence.verify import verify_bundle
from hypothesis import given
from hypothesis import strategies as st
from logs import HandLog, entries_of, trusting, with_proof
from scenes import Scene
from second import run
from twice import second_of_bytes

SCHEMA = Path(__file__).parents[2] / "docs" / "evidence" / "verdict.schema.json"
FOUND = bundles.scenes("amended", "rejected", "waived")


def filled(more: int = 0) -> HandLog:
    log = HandLog()
    for one in FOUND.values():
        log.add(one)
    for n in range(more):
        log.entries.append(Logged("others", instance(9), n, f"{n:064x}").data())
    return log


LOG = filled()
TRUST = trusting(FOUND[instance(1)].trust, LOG)


def made(
    log: HandLog,
    found: dict[str, Scene] | None = None,
    checkpoint: bytes | None = None,
    **said: str,
) -> list[Entry]:
    """A bundle's inside, with proofs in each folder and the log behind them."""
    scenes = FOUND if found is None else found
    note = checkpoint or log.checkpoint()
    logged = {
        one: Scene(with_proof(scene, log, note), scene.trust, scene.commits)
        for one, scene in scenes.items()
    }
    inside = entries(logged)
    said = {"completeness": "logged", "asked_team": "payments", **said}
    inside[0] = ("", "contents.json", contents(sorted(scenes), **said))
    at = next(n for n, (folder, *_) in enumerate(inside) if folder == "policies")
    size = int(note.split(b"\n")[1])
    more: list[Entry] = [("log", "checkpoint", note)]
    for path, data in log.tiles(size).items():
        folder, _, name = f"log/{path}".rpartition("/")
        more.append((folder, name, data))
    return inside[:at] + more + inside[at:]


def codes(inside: list[Entry], trust: bytes = TRUST) -> list[tuple[str, str]]:
    data = bundle(inside)
    reports = verify_bundle(io.BytesIO(data), TrustFile.load(trust), stream=True)
    found = [(one.code, one.severity) for _, report in reports for one in report.findings]
    word = "INVALID" if "INVALID" in dict(found).values() else "INCONCLUSIVE" if found else "VALID"
    second = second_of_bytes(trust, data, pipe=True)
    assert second in (None, (word, [code for code, _ in found]))
    return found


def test_every_instance_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trust.json").write_bytes(TRUST)
    # Over one file of entries, and the others' are not asked for.
    for log in (LOG, filled(more=600)):
        (tmp_path / "a.evidence").write_bytes(bundle(made(log)))
        words = ["verify", str(tmp_path / "a.evidence"), "--trust", str(tmp_path / "trust.json")]
        assert main([*words, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        jsonschema.validate(told, json.loads(SCHEMA.read_text()))
        (complete,) = told["complete"]
        assert (complete["size"], complete["team"]) == (str(len(log.entries)), "payments")
        assert main(words) == 0
        err = capsys.readouterr().err
        assert "complete: every instance of team payments that the log log.example/payments" in err
        assert main([*words, "--jobs", "2"]) == 0
        assert capsys.readouterr().err == err
        # A gate that is asked for is asked of instances, not of the log.
        assert main([*words, "--require", "finance=approved"]) == 1
        assert capsys.readouterr().err.count("required") == 2


def test_without_a_log_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trust.json").write_bytes(FOUND[instance(1)].trust)
    (tmp_path / "a.evidence").write_bytes(bundle(entries(FOUND)))
    words = ["verify", str(tmp_path / "a.evidence"), "--trust", str(tmp_path / "trust.json")]
    assert main(words) == 0
    assert "completeness is not shown" in capsys.readouterr().err
    assert main([*words, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["complete"] == []


def test_of_a_part_it_says_that_nothing_can_show_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust.json").write_bytes(FOUND[instance(1)].trust)
    words = [str(tmp_path / "a.evidence"), "--trust", str(tmp_path / "trust.json")]
    for asked, why in (
        (
            {"asked_since": "2026-11-01T00:00:00.000Z"},
            "instances started since 2026-11-01T00:00:00.000Z",
        ),
        ({"asked_instances": "named"}, "instances by name"),
    ):
        inside = entries(FOUND)
        inside[0] = ("", "contents.json", contents(sorted(FOUND), **asked))
        (tmp_path / "a.evidence").write_bytes(bundle(inside))
        assert main(["verify", *words]) == 0
        err = capsys.readouterr().err
        assert f"completeness can't be shown: only {why} were asked for, and a log is held" in err
        assert run(words).stderr.decode() == err


def without(number: int) -> dict[str, Scene]:
    return {one: scene for one, scene in FOUND.items() if one != instance(number)}


def test_a_dropped_instance_shows() -> None:
    assert codes(made(LOG, without(2))) == [("log_absent", "INCONCLUSIVE")]
    # Of a team that was not asked for none is missed.
    assert codes(made(filled(more=3))) == []
    assert codes(made(filled(more=3), asked_team="none")) == [("log_absent", "INCONCLUSIVE")]
    # All are dropped.
    empty = made(LOG, {})
    assert [code for code, _ in codes(empty)][:3] == ["log_absent"] * 3


def test_a_cut_tail_shows_although_a_proof_was_made_for_it() -> None:
    cut = bundles.scenes("amended", "rejected", "waived")
    files = cut[instance(1)].files
    del files["commits/00000003.json"]
    lines = files["artifacts.jsonl"].splitlines(keepends=True)
    files["artifacts.jsonl"] = b"".join(lines[:-1])
    for name in [one for one in files if "texts/" in one and b"receipt_id" in files[one]]:
        del files[name]
    assert codes(made(LOG, cut)) == [("no_end", "INCONCLUSIVE"), ("log_tail", "INCONCLUSIVE")]


def test_a_chain_made_anew_and_logged_too_is_a_fork() -> None:
    log = filled()
    anew = {**FOUND, instance(1): bundles.scene("rejected", 1)}
    for entry in entries_of(anew[instance(1)].files):
        log.entries.append(entry.data())
    told = codes(made(log, anew))
    assert told == [("log_fork", "INVALID"), ("log_tail", "INCONCLUSIVE")]
    # The first one is contradicted as well: who tells it otherwise is seen, whoever is right.
    assert codes(made(log)) == [("log_fork", "INVALID")]


def test_a_chain_made_anew_and_not_logged_has_no_proof() -> None:
    anew = {**FOUND, instance(1): bundles.scene("rejected", 1)}
    inside = made(LOG, without(1))
    at = next(n for n, (folder, *_) in enumerate(inside) if folder == instance(2))
    files = [entry for entry in entries(anew) if entry[0] == instance(1)]
    inside = [("", "contents.json", contents(sorted(FOUND), completeness="logged")),
              *files, *inside[1:at], *inside[at:]]  # fmt: skip
    assert codes(inside) == [
        ("log_none", "INCONCLUSIVE"),
        ("log_fork", "INVALID"),
        ("log_tail", "INCONCLUSIVE"),
    ]


@pytest.mark.parametrize("unlogged", [1, 3])
def test_a_young_instance_lags(unlogged: int) -> None:
    note = LOG.checkpoint(len(LOG.entries) - unlogged)
    inside = made(LOG, without(3), note)
    young = [entry for entry in entries(FOUND) if entry[0] == instance(3)]
    at = next(n for n, (folder, *_) in enumerate(inside) if folder == "log")
    inside = [("", "contents.json", contents(sorted(FOUND), completeness="logged")),
              *inside[1:at], *young, *inside[at:]]  # fmt: skip
    assert codes(inside) == [("log_none", "INCONCLUSIVE"), ("log_lag", "INCONCLUSIVE")]


def test_what_is_wrong_for_other_reasons_is_held_to_no_entry() -> None:
    inside = [
        (folder, name, data[1:] if (folder, name) == (instance(1), "artifacts.jsonl") else data)
        for folder, name, data in made(LOG)
    ]
    assert codes(inside) == [("jsonl", "INVALID")]
    # A file with anything wrong is not called complete.
    data = b'{"x":"y"}'
    inside = [*made(LOG), ("roles", f"{H('role-map', data)}.json", data)]
    inside[-len(bundles.TEXTS) - 1 :] = sorted(inside[-len(bundles.TEXTS) - 1 :])
    reports = verify_bundle(io.BytesIO(bundle(inside)), TrustFile.load(TRUST), stream=True)
    *_, (_, about) = reports
    assert [one.code for one in about.findings] == ["text_unnamed"]
    assert about.whole is None


def test_two_bundles_with_two_views_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(TRUST)

    def run(first: list[Entry], second: list[Entry], trust: bytes = TRUST) -> int:
        (tmp_path / "trust.json").write_bytes(trust)
        for name, inside in (("a", first), ("b", second)):
            (tmp_path / f"{name}.evidence").write_bytes(bundle(inside))
        paths = [str(tmp_path / f"{name}.evidence") for name in "ab"]
        return main(["verify", *paths, "--trust", str(tmp_path / "trust.json")])

    grown = filled(more=400)
    # An older view and a younger one of one log, witnessed or not: all of its entries are here.
    assert run(made(LOG), made(grown)) == 0
    alone = trusting(FOUND[instance(1)].trust, LOG, "none", log={"not_after": "none"})
    assert run(made(LOG), made(grown), alone) == 0
    # The younger one forgets what the older one had.
    split = filled(more=400)
    split.entries[3], split.entries[4] = split.entries[4], split.entries[3]
    for trust in (TRUST, alone):
        assert run(made(LOG), made(split), trust) == 1
        assert run(made(split), made(LOG), trust) == 1


SPOILT: list[tuple[str, Callable[[list[Entry]], list[Entry]], str]] = [
    ("no checkpoint", lambda inside: [one for one in inside if one[1] != "checkpoint"], "missing"),
    ("no entries", lambda inside: [one for one in inside if "entries" not in one[0]], "missing"),
    ("entries twice", lambda inside: [
        two for one in inside for two in [one] * (1 + ("entries" in one[0]))], "bundle"),
    ("no log", lambda inside: [one for one in inside if not one[0].startswith("log")], "missing"),
    ("an entry changed", lambda inside: [
        (*one[:2], one[2].replace(b'"3"', b'"9"')) if "entries" in one[0] else one
        for one in inside], "log_root"),
    ("an entry of no form", lambda inside: [
        (*one[:2], one[2].replace(b"log-entry", b"log-entri")) if "entries" in one[0] else one
        for one in inside], "log_root"),
    ("an entry cut", lambda inside: [
        (*one[:2], one[2][:-1]) if "entries" in one[0] else one for one in inside], "log_entries"),
    ("bytes behind", lambda inside: [
        (*one[:2], one[2] + b"\0\0") if "entries" in one[0] else one for one in inside],
     "log_entries"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), [s[1:] for s in SPOILT], ids=[s[0] for s in SPOILT])
def test_a_spoilt_log_shows_nothing(
    change: Callable[[list[Entry]], list[Entry]], code: str
) -> None:
    assert code in [one for one, _ in codes(change(made(LOG)))]


def test_a_log_is_held_to_all_instances_or_to_none() -> None:
    for said in ({"asked_instances": "named"}, {"asked_since": "2026-01-01T00:00:00.000Z"}):
        assert codes(made(LOG, **said)) == [("contents", "INVALID")]
    # Of a log that nothing announces there is no place.
    assert codes(made(LOG, completeness="not_shown")) == [("bundle", "INVALID")]


def test_an_entry_that_nobody_can_read_may_hide_something() -> None:
    log = filled()
    log.entries.append(b'["gantral.dev/log-entry/v2"]')
    assert codes(made(log)) == [("log_entry", "INCONCLUSIVE")]


def test_other_entries_than_the_checkpoint_s() -> None:
    shorter = filled()
    shorter.entries = [one for one in shorter.entries if instance(2).encode() not in one]
    more = len(LOG.entries) - len(shorter.entries)
    shorter.entries += [Logged("others", instance(9), 0, "0" * 64).data()] * more
    inside = made(LOG, without(2))
    at = next(n for n, (folder, *_) in enumerate(inside) if folder == "log")
    ((path, data),) = shorter.tiles().items()
    folder, _, name = f"log/{path}".rpartition("/")
    inside[at + 1] = (folder, name, data)
    assert codes(inside) == [("log_root", "INVALID")]


def test_a_log_is_read_from_a_disk_as_from_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "a.evidence"
    path.write_bytes(bundle(made(LOG)))
    with path.open("rb") as file:
        read = Bundle(file)
        for _ in read.sections():
            pass
        assert len(list(read.log())) == 1 + len(LOG.entries)
        assert len(list(read.texts())) == len(bundles.TEXTS)


_INSIDE = made(LOG)
_WHOLE = bundle(_INSIDE)
# Where the log lies in it: behind the instances, before the texts.
_FIRST = next(n for n, (folder, *_) in enumerate(_INSIDE) if folder == "log")
_NEXT = next(n for n, (folder, *_) in enumerate(_INSIDE) if folder == "policies")
_BEGIN, _END = (len(bundle(_INSIDE[:n])) - 1024 for n in (_FIRST, _NEXT))


@given(st.data())
def test_no_flipped_bit_of_a_log_shows_completeness(data: st.DataObject) -> None:
    spoilt = bytearray(_WHOLE)
    spoilt[data.draw(st.integers(_BEGIN, _END - 1))] ^= 1 << data.draw(st.integers(0, 7))
    reports = verify_bundle(io.BytesIO(spoilt), TrustFile.load(TRUST), stream=True)
    found = [report for _, report in reports]
    codes = [one.code for report in found for one in report.findings]
    assert codes
    assert not any(report.whole for report in found)
    second = second_of_bytes(TRUST, bytes(spoilt), pipe=True)
    assert second is None or second[1] == codes

"""``gantral evidence export``: out of a store, one file of which every byte is determined."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest
from gantral.cli.main import main
from gantral.evidence import LocalStore, TrustFile, parse, verify_folder
from gantral.evidence.envelope import read_envelope
from instances import INSTANCE, NAMES, TEAM, VECTORS, files_of, put_instance


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "gantral.toml"
    path.write_text(
        '[deployment]\nenvironment = "development"\npackages = []\n\n'
        '[evidence]\nstore = "file:store"\ndrafts = "file:drafts"\ntrust = "file:trust.json"\n'
    )
    return path


def export(settings: Path, out: Path, *words: str) -> int:
    return main(["evidence", "export", *words, "--out", str(out), "--settings", str(settings)])


def verify(*words: object) -> int:
    return main(["verify", *map(str, words), "--trust", str(VECTORS / "waived" / "trust.json")])


@pytest.mark.parametrize("vector", NAMES)
def test_unpacked_it_is_the_vectors_folder_byte_for_byte(
    vector: str, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", vector)
    assert export(settings, tmp_path / "out.evidence") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{TEAM} {INSTANCE}" in told.err
    assert "Completeness is not shown" in told.err
    assert "not at hand" in told.err
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "xf", tmp_path / "out.evidence", "-C", tmp_path / "out"], check=True)
    unpacked = files_of(tmp_path / "out")
    contents = parse(unpacked.pop("contents.json"))
    assert isinstance(contents, dict)
    assert (contents["instances"], contents["completeness"]) == ("1", "not_shown")
    assert unpacked == {
        f"{INSTANCE}/{name}": data for name, data in files_of(VECTORS / vector / "instance").items()
    }


def test_the_same_question_gives_the_same_bytes(settings: Path, tmp_path: Path) -> None:
    put_instance(tmp_path / "store", "amended")
    made = [tmp_path / f"{n}.evidence" for n in range(3)]
    assert export(settings, made[0]) == export(settings, made[1]) == 0
    assert made[0].read_bytes() == made[1].read_bytes()
    assert export(settings, made[2], "--team", TEAM) == 0
    # Another question has another contents.json, and the same evidence.
    assert made[0].read_bytes() != made[2].read_bytes()
    first, last = (tarfile.open(made[n]) for n in (0, 2))  # noqa: SIM115
    with first, last:
        assert [(one.name, one.chksum) for one in first.getmembers()[1:]] == [
            (one.name, one.chksum) for one in last.getmembers()[1:]
        ]


def test_to_standard_output(
    settings: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    put_instance(tmp_path / "store", "amended")
    assert export(settings, tmp_path / "file") == 0
    assert main(["evidence", "export", "--out", "-", "--settings", str(settings)]) == 0
    assert capsysbinary.readouterr().out == (tmp_path / "file").read_bytes()


def other(number: int) -> str:
    return f"{number:08x}{INSTANCE[8:]}"


def put_copy(root: Path, team: str, number: int) -> str:
    """Another instance with an amended vector's files: nobody's evidence, but in the store."""
    store, instance = LocalStore(root), other(number)
    for name, data in files_of(VECTORS / "amended" / "instance").items():
        if name != "artifacts.jsonl":
            store.put(f"{team}/{instance}/{name}", data)
    return instance


def listed(path: Path) -> list[str]:
    with tarfile.open(path) as found:
        return list(dict.fromkeys(one.name.split("/")[0] for one in found.getmembers()[1:]))


def test_a_team_alone_sorted_by_instance(settings: Path, tmp_path: Path) -> None:
    teams = [(put_copy(tmp_path / "store", team, n), team) for n, team in
             ((9, TEAM), (2, "hiring"), (4, TEAM), (1, TEAM))]  # fmt: skip
    assert export(settings, tmp_path / "all") == 0
    assert listed(tmp_path / "all") == sorted(instance for instance, _ in teams)
    assert export(settings, tmp_path / "one", "--team", TEAM) == 0
    assert listed(tmp_path / "one") == sorted(one for one, team in teams if team == TEAM)


def test_named_instances_of_two_teams_are_sorted_by_instance(
    settings: Path, tmp_path: Path
) -> None:
    both = [put_copy(tmp_path / "store", "hiring", 9), put_copy(tmp_path / "store", TEAM, 1)]
    assert export(settings, tmp_path / "named", *both) == 0
    assert listed(tmp_path / "named") == sorted(both)


def test_since_is_when_it_was_started(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "amended")
    first = read_envelope(
        (VECTORS / "amended" / "instance" / "commits" / "00000000.json").read_bytes(), "commit"
    ).statement["timestamp"]
    assert export(settings, tmp_path / "day", "--since", first[:10]) == 0
    assert export(settings, tmp_path / "instant", "--since", first) == 0
    later = f"{first[:20]}999Z"
    capsys.readouterr()
    refused(capsys, export(settings, tmp_path / "later", "--since", later), "started since")
    refused(capsys, export(settings, tmp_path / "x", "--since", "2026-11"), "no date")
    assert not (tmp_path / "later").exists()


def test_what_is_exported_is_valid(settings: Path, tmp_path: Path) -> None:
    put_instance(tmp_path / "store", "waived")
    assert export(settings, tmp_path / "out.evidence") == 0
    assert verify(tmp_path / "out.evidence") == 0
    assert verify(tmp_path / "out.evidence", "--require", "finance=waived") == 0
    assert verify(tmp_path / "out.evidence", "--require", "finance=approved") == 1


def test_a_stores_own_folder_is_not_what_is_judged(settings: Path, tmp_path: Path) -> None:
    put_instance(tmp_path / "store", "amended")
    trust = TrustFile.load((VECTORS / "amended" / "trust.json").read_bytes())
    report = verify_folder(tmp_path / "store" / TEAM / INSTANCE, trust)
    assert report.verdict == "INVALID"
    assert any("gantral evidence export" in finding.message for finding in report.findings)


def refused(capsys: pytest.CaptureFixture[str], status: int, *said: str) -> None:
    told = capsys.readouterr()
    assert status not in (0, 70)
    assert told.out == ""
    assert "Traceback" not in told.err
    for words in said:
        assert words in told.err


def test_a_beginning_that_no_instance_has(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "waived")
    refused(capsys, export(settings, tmp_path / "out", "6"), "no instance begins with 6", "help:")
    assert not (tmp_path / "out").exists()


def test_a_beginning_that_two_instances_have(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "waived")
    store = LocalStore(tmp_path / "store")
    store.put(f"{TEAM}/5{INSTANCE[1:-1]}0/commits/00000000.json", b"{}")
    refused(capsys, export(settings, tmp_path / "out", "5f"), "2 instances begin with 5f")


def test_a_file_that_is_there_already(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "waived")
    (tmp_path / "out").write_text("mine")
    refused(capsys, export(settings, tmp_path / "out"), "can't be written", "name a new file")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_store_that_is_not_there(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, export(settings, tmp_path / "out"), "holds no instance", "help:")
    assert not (tmp_path / "out").exists()


def test_a_store_that_is_a_file(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").touch()
    refused(capsys, export(settings, tmp_path / "out"), "can't be exported")


def test_a_store_that_holds_something_else(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = LocalStore(tmp_path / "store")
    store.put(f"{TEAM}/{INSTANCE}/commits/00000000.json", b"{}")
    refused(capsys, export(settings, tmp_path / "out"), "can't be exported")
    # Whole or not at all.
    assert not (tmp_path / "out").exists()


def test_settings_that_are_not_there_or_name_no_store(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, export(tmp_path / "none.toml", tmp_path / "out"), "none.toml")
    settings.write_text('[deployment]\nenvironment = "development"\npackages = []\n')
    refused(capsys, export(settings, tmp_path / "out"), "[evidence]")

"""``gantral evidence export``: out of a store, byte for byte the folder that an auditor judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gantral.cli.main import main
from gantral.evidence import LocalStore, TrustFile, canonical, verify_folder
from gantral.evidence.envelope import read_envelope, unwrap, write_envelope

VECTORS = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"
NAMES = sorted(path.name for path in VECTORS.iterdir() if path.is_dir())
TEAM, INSTANCE = "payments", "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
# Keys of the store that no folder for an auditor holds.
DRAFT = canonical(["0" * 32, INSTANCE, "/justification/x", "of a vote that was never put"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put_instance(root: Path, vector: str) -> None:
    """The vector as a store keeps it: votes and uses lie beside the commits that hold them."""
    store, files = LocalStore(root), files_of(VECTORS / vector / "instance")
    for name, data in files.items():
        if name != "artifacts.jsonl":
            store.put(f"{TEAM}/{INSTANCE}/{name}", data)
        if name.startswith("commits/"):
            for key, envelope in held(read_envelope(data, "commit").statement):
                store.put(f"{TEAM}/{INSTANCE}/{key}", write_envelope(envelope))
    store.put(f"{TEAM}/{INSTANCE}/texts/{'ab' * 32}.json", DRAFT)


def held(statement: dict[str, Any]) -> list[tuple[str, Any]]:
    decision = statement["decision"]
    votes = decision.get("votes", []) if isinstance(decision, dict) else []
    found = [(f"votes/{unwrap(vote, 'authority-decision').hash}.json", vote) for vote in votes]
    for record in statement["records"]:
        for kind, member, end in (("use", "claim", ""), ("outcome", "outcome", ".outcome")):
            if record["kind"] == kind:
                told = unwrap(record[member], kind).statement
                found.append((f"uses/{told['grant']}/{told['slot']}{end}.json", record[member]))
    return found


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


@pytest.mark.parametrize("vector", NAMES)
def test_the_folder_is_the_vectors_byte_for_byte(
    vector: str, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", vector)
    assert export(settings, tmp_path / "out") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out' / INSTANCE}\n"
    assert files_of(tmp_path / "out") == {
        f"{INSTANCE}/{name}": data for name, data in files_of(VECTORS / vector / "instance").items()
    }


def test_a_stores_own_folder_is_not_what_is_judged(settings: Path, tmp_path: Path) -> None:
    put_instance(tmp_path / "store", "amended")
    trust = TrustFile.load((VECTORS / "amended" / "trust.json").read_bytes())
    report = verify_folder(tmp_path / "store" / TEAM / INSTANCE, trust)
    assert report.verdict == "INVALID"
    assert any("gantral evidence export" in finding.message for finding in report.findings)
    assert export(settings, tmp_path / "out", INSTANCE[:6]) == 0
    assert verify_folder(tmp_path / "out" / INSTANCE, trust).verdict == "VALID"


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


def test_a_folder_that_is_there_already(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "waived")
    kept = tmp_path / "out" / INSTANCE / "notes.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    refused(capsys, export(settings, tmp_path / "out"), "is not empty", "name a new folder")
    assert files_of(tmp_path / "out") == {f"{INSTANCE}/notes.txt": b"mine"}


def test_an_output_that_is_a_file(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_instance(tmp_path / "store", "waived")
    (tmp_path / "out").touch()
    refused(capsys, export(settings, tmp_path / "out"), "can't be written", "help:")


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


def test_settings_that_are_not_there_or_name_no_store(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, export(tmp_path / "none.toml", tmp_path / "out"), "none.toml")
    settings.write_text('[deployment]\nenvironment = "development"\npackages = []\n')
    refused(capsys, export(settings, tmp_path / "out"), "[evidence]")

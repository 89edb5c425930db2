"""``gantral policy build``: one bundle, named by its files; or a refusal that changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from gantral.cli.main import main

GOOD = """package p

default decision := {"decision": "DENY"}

decision := {"decision": "ALLOW"} if input.ok == true
"""
TEST = """package p_test

import data.p

test_ok if {
	answer := p.decision with input as {"ok": true}
	answer == {"decision": "ALLOW"}
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    (folder / "deep").mkdir(parents=True)
    (folder / "p.rego").write_text(GOOD)
    (folder / "p_test.rego").write_text(TEST)
    (folder / "deep" / "data.json").write_text('{"limit": 3}')
    (folder / "README.md").write_text("no policy")
    return folder


def build(folder: Path, output: Path) -> int:
    return main(["policy", "build", str(folder), "-o", str(output)])


def members(bundle: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle.read_bytes())) as archive:
        found = {}
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
        return found


def test_the_revision_is_the_digest_of_path_and_digest(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(folder, tmp_path / "out" / "bundle.tar.gz") == 0
    said = capsys.readouterr().out
    # By hand, from the design's words; the tests are no part of it, nor is what OPA does not read.
    listed = ",".join(
        f'["{path}","{hashlib.sha256((folder / path).read_bytes()).hexdigest()}"]'
        for path in ("deep/data.json", "p.rego")
    )
    expected = f"sha256:{hashlib.sha256(f'[{listed}]'.encode()).hexdigest()}"
    assert said == f"{expected}\n"
    held = members(tmp_path / "out" / "bundle.tar.gz")
    assert json.loads(held["/.manifest"])["revision"] == expected
    assert held["/p.rego"].decode() == GOOD
    assert not any("test" in name for name in held)
    assert json.loads(held["/data.json"]) == {"deep": {"limit": 3}}


def test_the_same_files_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.tar.gz", tmp_path / "2.tar.gz"
    assert build(folder, first) == build(folder, second) == 0
    assert first.read_bytes() == second.read_bytes()
    (folder / "p.rego").write_text(GOOD + "\n# a word\n")
    assert build(folder, second) == 0
    assert members(first)["/.manifest"] != members(second)["/.manifest"]


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("p.rego", "package p\n\ndecision := nothing", "opa check --strict"),
        ("p.rego", "package p\n\nd := x if {\n\tx := 1\n\ty := 2\n}", "opa check --strict"),
        ("p.rego", "package p {", "opa check --strict"),
        ("p_test.rego", TEST.replace('"ALLOW"', '"DENY"'), "fails its own tests"),
    ],
)
def test_a_faulty_policy_is_refused_and_the_last_bundle_stands(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    path: str,
    text: str,
    said: str,
) -> None:
    output = tmp_path / "bundle.tar.gz"
    assert build(folder, output) == 0
    before = output.read_bytes()
    (folder / path).write_text(text)
    capsys.readouterr()
    assert build(folder, output) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert "help:" in told.err
    assert told.out == ""
    assert output.read_bytes() == before
    assert [file.name for file in tmp_path.glob(".*")] == []


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(tmp_path / "none", tmp_path / "b") == 1
    assert "is not a folder" in capsys.readouterr().err


def test_a_folder_without_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data.json").write_text("{}")
    assert build(tmp_path, tmp_path / "b") == 1
    assert "holds no .rego file" in capsys.readouterr().err


def test_an_output_that_can_not_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(folder, folder / "p.rego" / "bundle.tar.gz") == 1
    assert "can't be written" in capsys.readouterr().err

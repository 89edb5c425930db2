"""The commands verify and keys, as a user runs them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from gantral.cli.main import main
from gantral.evidence import TrustFile

VECTORS = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"


def verify(*words: object) -> int:
    return main(["verify", *map(str, words)])


def vector(name: str) -> tuple[Path, str, Path]:
    return VECTORS / name / "instance", "--trust", VECTORS / name / "trust.json"


def test_stdout_is_the_word_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(*vector("amended")) == 0
    assert capsys.readouterr().out == "VALID\n"


def test_the_worst_of_many_folders_wins(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder, _, trust = vector("approved")
    (tmp_path / "empty").mkdir()
    assert verify(folder, tmp_path / "empty", "--trust", trust) == 2
    assert capsys.readouterr().out == "INCONCLUSIVE\n"
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "readme").touch()
    assert verify(folder, tmp_path / "empty", tmp_path / "wrong", "--trust", trust) == 1
    told = capsys.readouterr()
    assert told.out == "INVALID\n"
    assert "INVALID[layout]" in told.err


def test_require(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(*vector("rejected")) == 0
    assert verify(*vector("rejected"), "--require", "finance=approved") == 1
    assert verify(*vector("amended"), "--require", "finance=approved") == 0
    assert verify(*vector("waived"), "--require", "finance=approved") == 1
    assert verify(*vector("waived"), "--require", "finance=nonsense") == 64
    capsys.readouterr()


def test_the_trust_file_can_be_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    digest = TrustFile.load(vector("waived")[2].read_bytes()).digest
    assert verify(*vector("waived"), "--trust-sha256", digest) == 0
    assert verify(*vector("waived"), "--trust-sha256", "0" * 64) == 64
    assert verify(vector("waived")[0], "--trust", "nowhere.json") == 64
    assert verify("nowhere", *vector("waived")[1:]) == 64
    assert "help:" in capsys.readouterr().err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(*vector("timed_out"), "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "VALID"
    assert told["instances"][0]["decisions"] == {"finance": "rejected"}


def test_keys_then_trust_then_the_next_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    new = ["keys", "new", "--out", str(keys), "--environment", "development", "--team", "payments"]
    assert main(new) == 0
    assert main(new) == 1
    for name in ("commit", "decision", "effect", "closer", "erasure", "pepper"):
        assert stat.S_IMODE((keys / f"{name}.key").stat().st_mode) == 0o600
    manifest = str(vector("approved")[0] / "manifest.json")
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    made = ["keys", "trust", "--keys", str(keys), "--program", manifest]
    assert main([*made, "--out", str(first)]) == 0
    assert main([*made, "--out", str(first)]) == 1
    assert main([*made, "--out", str(second), "--previous", str(first)]) == 0
    one, two = (TrustFile.load(path.read_bytes()) for path in (first, second))
    assert (one.serial, two.serial, two.previous) == (1, 2, one.digest)
    assert len(two.keys) == 5
    assert two.programs == one.programs
    assert main(["keys", "trust", "--keys", "nowhere", "--out", str(tmp_path / "3")]) == 64
    assert "Traceback" not in capsys.readouterr().err

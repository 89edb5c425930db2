"""Keys that follow one another, end, or are stolen, as `gantral keys` and `gantral verify` show."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.main import main
from gantral.evidence import SigningKey, TrustFile, canonical, seal

APPROVED = Path(__file__).parents[2] / "docs" / "evidence" / "vectors" / "approved"
FIRST = APPROVED / "trust.json"
INSTANCE = APPROVED / "instance"
COMMIT = next(
    keyid
    for keyid, key in TrustFile.load(FIRST.read_bytes()).keys.items()
    if key.use == "commit" and keyid in (INSTANCE / "commits/00000000.json").read_text()
)
Trust = Callable[..., Path]


def payload(number: int, folder: Path = INSTANCE) -> dict[str, Any]:
    envelope = json.loads((folder / f"commits/{number:08d}.json").read_text())
    statement: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return statement


TIMES = [payload(number)["timestamp"] for number in range(4)]


def after(instant: str) -> str:
    """The millisecond after an instant that does not end in 9."""
    assert instant[-2] != "9", instant
    return f"{instant[:-2]}{int(instant[-2]) + 1}Z"


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """`gantral keys trust` into a file of its own: the next one of the line."""
    line = tmp_path / "line"
    line.mkdir()
    # The vectors' trust file is a later one of its line.
    (line / "1.json").write_bytes(canonical(json.loads(FIRST.read_text()) | {"serial": "1"}))

    def make(*words: str) -> Path:
        last = len(list(line.iterdir()))
        out = line / f"{last + 1}.json"
        made = ["keys", "trust", "--previous", str(line / f"{last}.json"), "--out", str(out)]
        assert main([*made, *words]) == 0
        return out

    return make


def verdict(capsys: pytest.CaptureFixture[str], trust: Path, folder: Path = INSTANCE) -> str:
    capsys.readouterr()
    main(["verify", str(folder), "--trust", str(trust)])
    told = capsys.readouterr()
    code = told.err.partition("[")[2].partition("]")[0] if "[" in told.err else ""
    return f"{told.out.strip()} {code}".strip()


def test_a_revoked_key_keeps_what_it_signed(
    trust: Trust, capsys: pytest.CaptureFixture[str]
) -> None:
    at = trust("--revoke", COMMIT[:8])
    assert verdict(capsys, at) == "VALID"
    assert verdict(capsys, at.parent) == "VALID"


@pytest.mark.parametrize(("number", "told"), [(3, "VALID"), (2, "INVALID key_lifetime")])
def test_an_end_between_commits(
    trust: Trust, capsys: pytest.CaptureFixture[str], number: int, told: str
) -> None:
    assert verdict(capsys, trust("--not-after", f"{COMMIT}={TIMES[number]}")) == told


def test_from_its_compromise_on_nothing_counts(
    trust: Trust, capsys: pytest.CaptureFixture[str]
) -> None:
    later = trust("--compromised", f"{COMMIT}={after(TIMES[-1])}")
    assert verdict(capsys, later) == "VALID"
    at = trust("--compromised", f"{COMMIT}={TIMES[-1]}")
    assert verdict(capsys, at) == "INVALID key_compromised"
    # The line's last file judges.
    assert verdict(capsys, at.parent) == "INVALID key_compromised"


def test_the_new_key_goes_on_where_the_old_one_ends(
    trust: Trust, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "new"
    new = ["keys", "new", "--out", str(keys), "--environment", "production", "--use", "commit"]
    assert main([*new, "--team", "payments"]) == 0
    assert sorted(path.name for path in keys.iterdir()) == ["commit.key", "keys.json"]
    # As if it had been made between the second commit and the third.
    public = json.loads((keys / "keys.json").read_text()) | {"created": TIMES[2]}
    (keys / "keys.json").write_bytes(canonical(public))
    at = trust("--keys", str(keys), "--not-after", f"{COMMIT}={TIMES[1]}")

    folder = tmp_path / "instance"
    shutil.copytree(INSTANCE, folder)
    key = SigningKey.load((keys / "commit.key").read_bytes())

    def sign(number: int) -> None:
        sealed = canonical(seal("commit", payload(number), key))
        (folder / f"commits/{number:08d}.json").write_bytes(sealed)

    assert verdict(capsys, at, folder) == "INVALID key_lifetime"
    sign(2)
    sign(3)
    assert verdict(capsys, at, folder) == "VALID"
    sign(1)
    assert verdict(capsys, at, folder) == "INVALID key_lifetime"


def test_the_next_file_keeps_what_the_line_says(trust: Trust) -> None:
    at = trust("--revoke", COMMIT[:8])
    first = TrustFile.load((at.parent / "1.json").read_bytes())
    second = TrustFile.load(at.read_bytes())
    assert (second.serial, second.previous) == (first.serial + 1, first.digest)
    for name in ("trust_id", "actor_claim", "max_skew", "programs", "environment"):
        assert getattr(second, name) == getattr(first, name)
    assert second.keys[COMMIT].not_after == second.issued
    assert {k: v for k, v in second.keys.items() if k != COMMIT} == {
        k: v for k, v in first.keys.items() if k != COMMIT
    }


def test_an_end_is_never_put_later(
    trust: Trust, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = trust("--compromised", f"{COMMIT}={TIMES[1]}")
    out = str(tmp_path / "out.json")
    made = ["keys", "trust", "--previous", str(last), "--out", out]
    for words in (
        ["--compromised", f"{COMMIT}={TIMES[2]}"],
        ["--not-after", f"{COMMIT}=2099-01-01T00:00:00.000Z"],
        ["--not-after", f"{COMMIT}=tomorrow"],
        ["--revoke", COMMIT[:7]],
        ["--revoke", "0" * 64],
        ["--trust-id", "another"],
    ):
        assert main([*made, *words]) == 64, words
        assert not Path(out).exists()
    assert "help:" in capsys.readouterr().err


def broken(line: Path, name: str, members: dict[str, str]) -> None:
    path = line / name
    path.write_bytes(canonical(json.loads(path.read_text()) | members))


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"serial": "4"}, "gap"),
        ({"serial": "2"}, "forks"),
        ({"previous": "0" * 64}, "previous"),
        ({"previous": "none"}, "previous"),
        ({"trust_id": "another"}, "another line"),
        ({"issued": "2020-01-01T00:00:00.000Z"}, "issued before"),
    ],
)
def test_a_line_that_breaks_is_no_trust(
    trust: Trust, capsys: pytest.CaptureFixture[str], members: dict[str, str], told: str
) -> None:
    trust()
    line = trust().parent
    assert verdict(capsys, line) == "VALID"
    broken(line, "3.json", members)
    assert main(["verify", str(INSTANCE), "--trust", str(line)]) == 64
    assert told in capsys.readouterr().err


def test_a_line_begins_at_one_and_holds_nothing_else(
    trust: Trust, capsys: pytest.CaptureFixture[str]
) -> None:
    line = trust().parent
    (line / "note.txt").write_text("hello")
    assert main(["verify", str(INSTANCE), "--trust", str(line)]) == 64
    (line / "note.txt").unlink()
    (line / "1.json").unlink()
    assert main(["verify", str(INSTANCE), "--trust", str(line)]) == 64
    (line / "2.json").unlink()
    assert main(["verify", str(INSTANCE), "--trust", str(line)]) == 64
    assert "Traceback" not in capsys.readouterr().err


def test_what_is_of_development_never_stands_in_production(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, out = tmp_path / "keys", tmp_path / "trust.json"
    new = ["keys", "new", "--out", str(keys), "--environment", "development"]
    assert main([*new, "--team", "payments"]) == 0
    made = ["keys", "trust", "--keys", str(keys), "--previous", str(FIRST), "--out", str(out)]
    assert main(made) == 64
    assert "the two never mix" in capsys.readouterr().err
    for member in ("keys", "programs"):
        file: Any = json.loads(FIRST.read_text())
        entries = file[member]
        next(iter(entries.values() if member == "keys" else entries))["environment"] = "development"
        out.write_bytes(canonical(file))
        assert main(["verify", str(INSTANCE), "--trust", str(out)]) == 64
        assert "the two never mix" in capsys.readouterr().err
    # A whole file of development says so of itself, and production's evidence is not under it.
    file = json.loads(FIRST.read_text().replace('"production"', '"development"'))
    out.write_bytes(canonical(file))
    assert verdict(capsys, out) == "INVALID environment"

"""The signed log of refusals: a line taken out, changed or cut shows."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from gantral.api.refusals import RefusalLog
from gantral.evidence import SigningKey, parse
from gantral.evidence.envelope import unwrap

KEY = SigningKey.from_seed(b"d" * 32)
AT = "2026-11-23T10:00:00.000Z"
ONE = "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"


def add(log: RefusalLog, rule: str, instance: str = ONE) -> None:
    log.add(at=AT, rule=rule, message="why", request="POST /", instance_id=instance)


def test_lines_are_chained_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.jsonl"
    add(RefusalLog(path, KEY), "a")
    second = RefusalLog(path, KEY)
    add(second, "b")
    add(second, "c", "none")
    lines = path.read_bytes().splitlines()
    previous = ["0" * 64, *(sha256(line).hexdigest() for line in lines[:-1])]
    statements = [unwrap(parse(line), "request-refusal").statement for line in lines]
    assert [one["previous"] for one in statements] == previous
    assert [one["rule"] for one in second.about(ONE)] == ["a", "b"]


def test_a_line_cut_by_a_crash_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    add(RefusalLog(path, KEY), "a")
    with path.open("ab") as file:
        file.write(b'{"payload": "cut')
    log = RefusalLog(path, KEY)
    add(log, "b")
    assert [one["rule"] for one in log.about(ONE)] == ["a", "b"]


def test_a_log_that_was_moved_away_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = RefusalLog(path, KEY)
    add(log, "a")
    path.rename(tmp_path / "old.jsonl")
    add(log, "b")
    (line,) = path.read_bytes().splitlines()
    assert unwrap(parse(line), "request-refusal").statement["previous"] == "0" * 64

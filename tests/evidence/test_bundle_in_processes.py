"""A bundle in several processes, or an instance of it read in one piece: the same is told."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from bundles import bundle, entries, instance
from gantral.cli.main import main
from gantral.evidence import Report, TrustFile
from gantral.evidence import bundle as reading
from gantral.evidence.bundle import Bundle, Section, Stretch, read_stretch
from gantral.evidence.several import judge_in_processes
from gantral.evidence.verify import Judged, one_by_one, verify_bundle, verify_files
from wrong_bundles import FOUND, SAID, SHAPES, TRUST, WHOLE


def told(data: bytes, judge: Judged) -> list[object]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return list(verify_bundle(file, TrustFile.load(TRUST), judge=judge))


MANY = {instance(n): FOUND[instance(1 + n % 2)] for n in range(1, 41)}


def spoilt_within(data: bytes) -> bytes:
    """The header of the second file of an instance in the middle says another mode."""
    at = data.index(b"commits/00000000.json", len(data) // 2)
    return data[: at + 100] + b"1" + data[at + 101 :]


@pytest.mark.parametrize(
    "data",
    [WHOLE, bundle(entries(MANY, {})), bundle(entries(MANY, {}))[:1_000_000],
     spoilt_within(bundle(entries(MANY, {}))),
     SAID["an instance less than contents.json tells"][0], SHAPES["no contents"]],
    ids=["whole", "of others", "cut", "spoilt", "less", "wrong"],
)  # fmt: skip
def test_several_processes_say_what_one_says(data: bytes) -> None:
    assert told(data, partial(judge_in_processes, jobs=2)) == told(data, one_by_one)


def in_stretches(bundle: Bundle, trust: TrustFile) -> Iterator[tuple[str, Report]]:
    """What the processes do, in one."""
    for one in bundle.stretches():
        section = one if isinstance(one, Section) else read_stretch(bundle.handle, one)
        yield one.instance_id, verify_files(section, trust)


@pytest.mark.parametrize("what", [*SHAPES, *SAID])
def test_what_is_wrong_is_told_the_same_of_an_instance_read_in_one_piece(what: str) -> None:
    data = SHAPES[what] if what in SHAPES else SAID[what][0]
    assert told(data, in_stretches) == told(data, one_by_one)


def test_bytes_that_are_spoilt_are_told_the_same_of_an_instance_read_in_one_piece() -> None:
    rng = random.Random(7)
    headers = [at for at in range(0, len(WHOLE), 512) if WHOLE[at + 257 : at + 262] == b"ustar"]
    for how in range(300):
        data = bytearray(WHOLE)
        for _ in range(rng.choice([1, 1, 2])):
            # Into headers more often than into what they are of.
            start = rng.choice(headers) if rng.randrange(4) else rng.randrange(len(data) - 512)
            data[start + rng.choice([0, 40, 124, 130, 135, 150, 156, 345, 380, 511])] ^= 1
        made = bytes(data[: rng.randrange(len(data))] if how % 5 == 0 else data)
        assert told(made, in_stretches) == told(made, one_by_one), how


def test_an_instance_that_is_long_is_not_read_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    def kinds() -> set[type]:
        with tempfile.TemporaryFile() as file:
            file.write(WHOLE)
            file.seek(0)
            return {type(one) for one in Bundle(file).stretches()}

    assert kinds() == {Stretch}
    monkeypatch.setattr(reading, "_LONG", 1000)
    # Nothing is kept as it passes: the processes come back for it, to the file handed over.
    monkeypatch.setattr(reading, "_SMALL", -1)
    assert kinds() == {Section}
    assert told(WHOLE, partial(judge_in_processes, jobs=2)) == told(WHOLE, one_by_one)


def test_the_command_takes_a_number_of_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_bytes(WHOLE)
    (tmp_path / "trust.json").write_bytes(TRUST)
    words = ["verify", str(tmp_path / "a"), "--trust", str(tmp_path / "trust.json"), "--jobs"]
    said = [(main([*words, jobs]), capsys.readouterr()) for jobs in ("1", "2")]
    assert said[0] == said[1]
    assert said[0][0] == 0
    assert main([*words, "0"]) == 64

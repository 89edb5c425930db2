"""A bundle, read strictly and one instance at a time. Everything here goes through the command, or
is written by hand: what a stranger may do to a file."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import bundles
import jsonschema
import pytest
from bundles import block, bundle, contents, entries, instance, scenes
from gantral.cli.main import main
from gantral.evidence import TrustFile, canonical
from gantral.evidence import bundle as reading
from gantral.evidence import verify as judging
from gantral.evidence.tar import header
from gantral.evidence.verify import verify_bundle
from hypothesis import given
from hypothesis import strategies as st
from rules_off import switch_off
from twice import second_of_bytes
from wrong_bundles import FIRST, FOUND, HEAD, INSIDE, SAID, SHAPES, TRUST, WHOLE

KEPT = Path(__file__).parent / "kept"
SCHEMA = Path(__file__).parents[2] / "docs" / "evidence" / "verdict.schema.json"


def verify(tmp_path: Path, data: bytes, *words: str) -> int:
    (tmp_path / "a.evidence").write_bytes(data)
    (tmp_path / "trust.json").write_bytes(TRUST)
    paths = [str(tmp_path / "a.evidence"), *(one for one in words if one.endswith(".evidence"))]
    more = [one for one in words if not one.endswith(".evidence")]
    return main(["verify", *paths, "--trust", str(tmp_path / "trust.json"), *more])


def codes(
    data: bytes, *, pipe: bool = False, trust: bytes = TRUST, alone: bool = False
) -> tuple[str, list[str]]:
    """The worst severity ("VALID" for none) and the codes found; unless ``alone`` the second
    verifier says the same."""
    if pipe:
        found = list(verify_bundle(io.BytesIO(data), TrustFile.load(trust), stream=True))
    else:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            found = list(verify_bundle(file, TrustFile.load(trust)))
    findings = [one for _, report in found for one in report.findings]
    worst = {one.severity for one in findings}
    word = "INVALID" if "INVALID" in worst else "INCONCLUSIVE" if worst else "VALID"
    found_codes = [one.code for one in findings]
    if not alone:
        second = second_of_bytes(trust, data, pipe=pipe)
        assert second in (None, (word, found_codes))
    return word, found_codes


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.evidence")), ids=lambda path: path.stem)
def test_bundles_of_every_release_stay_valid(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = path.with_suffix(".trust.json")
    assert main(["verify", str(path), "--trust", str(trust), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert [one["verdict"] for one in told["instances"]] == ["VALID"] * 4
    # From a pipe, and unpacked by a program that is not ours.
    command = [sys.executable, "-m", "gantral.cli", "verify", "-", "--trust", str(trust)]
    with path.open("rb") as file:
        piped = subprocess.run(command, stdin=file, capture_output=True, check=False)
    assert (piped.returncode, piped.stdout) == (0, b"VALID\n")
    subprocess.run(["tar", "xf", path, "-C", tmp_path], check=True)
    folders = [str(tmp_path / one["instance_id"]) for one in told["instances"]]
    assert main(["verify", *folders, "--trust", str(trust)]) == 0
    # A child's parent is in the same file: it is judged with it.
    alone = next(one for one in told["instances"] if one["instance_id"].startswith("9fbfc125"))
    assert main(["verify", str(tmp_path / alone["instance_id"]), "--trust", str(trust)]) == 2


def test_the_verdict_names_file_instance_commit_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = [
        (folder, name, data.replace(b'"sig":"', b'"sig":"A')[: len(data)] if name == LAST else data)
        for folder, name, data in entries(FOUND)
    ]
    assert verify(tmp_path, bundle(spoilt)) == 1
    told = capsys.readouterr()
    assert told.out == "INVALID\n"
    assert f"{tmp_path / 'a.evidence'} {instance(1)} commit 3: " in told.err
    assert verify(tmp_path, bundle(spoilt), "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    first, second = told["instances"]
    assert (first["verdict"], first["findings"][0]["commit"]) == ("INVALID", "3")
    assert second["verdict"] == "VALID"


LAST = "commits/00000003.json"


def test_require_asks_every_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(tmp_path, WHOLE, "--require", "finance=approved") == 1
    assert f"{instance(2)}: the gate finance is rejected, not approved" in capsys.readouterr().err
    assert (
        verify(tmp_path, bundle(entries(scenes("amended"))), "--require", "finance=approved") == 0
    )


def test_require_asks_a_child_that_is_judged_with_its_parent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = KEPT / "bundle_v1.evidence"
    words = [str(path), "--trust", str(path.with_suffix(".trust.json"))]
    assert main(["verify", *words, "--require", "finance=waived"]) == 1
    assert "9fbfc125-205c-5fe0-9ce0-d1f9d6731e7c: the gate finance is approved" in (
        capsys.readouterr().err
    )


def test_two_bundles_that_tell_one_instance_differently_are_a_fork(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "b.evidence"
    other.write_bytes(bundle(entries({instance(1): bundles.scene("approved", 1)})))
    assert verify(tmp_path, WHOLE, str(other)) == 1
    assert "INVALID[fork]" in capsys.readouterr().err


@pytest.mark.parametrize("pipe", [False, True])
def test_cut_anywhere_it_is_inconclusive(pipe: bool) -> None:
    ends = {0, 1, 511, 512, len(WHOLE) - 1, len(WHOLE) - 512, len(WHOLE) - 1024}
    ends |= set(random.Random(7).sample(range(len(WHOLE)), 25))
    for end in sorted(ends):
        word, found = codes(WHOLE[:end], pipe=pipe)
        assert (word, found[-1]) == ("INCONCLUSIVE", "cut"), end


def test_no_byte_can_be_another() -> None:
    rng = random.Random(11)
    for at in rng.sample(range(len(WHOLE)), 150):
        data = bytearray(WHOLE)
        data[at] ^= 1 << rng.randrange(8)
        assert codes(bytes(data))[0] != "VALID", at


SPLICES = st.lists(
    st.tuples(
        st.integers(0, len(WHOLE)),
        st.integers(0, 2048),
        st.one_of(
            st.binary(max_size=64), st.integers(0, len(WHOLE)).map(lambda at: WHOLE[at : at + 1024])
        ),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.hypothesis
@given(SPLICES, st.booleans())
def test_whatever_is_spliced_only_the_same_bytes_are_valid(
    splices: list[tuple[int, int, bytes]], pipe: bool
) -> None:
    data = WHOLE
    for at, gone, new in splices:
        data = data[:at] + new + data[at + gone :]
    assert (codes(data, pipe=pipe)[0] == "VALID") == (data == WHOLE)


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("pipe", [False, True])
def test_only_one_shape_is_read(what: str, pipe: bool) -> None:
    word, found = codes(SHAPES[what], pipe=pipe)
    assert (word, found[-1]) == ("INVALID", "bundle")


@pytest.mark.parametrize("what", SAID)
def test_what_a_bundle_says_is_what_lies_in_it(what: str) -> None:
    data, code = SAID[what]
    word, found = codes(data)
    assert (word, found[-1]) == ("INVALID", code)
    assert codes(data, pipe=True) == (word, found)


def test_a_text_of_an_instance_that_nobody_vouches_for_is_no_fault() -> None:
    trust = json.loads(TRUST)
    for keyid in [keyid for keyid, key in trust["keys"].items() if key["use"] == "decision"]:
        del trust["keys"][keyid]
    word, found = codes(WHOLE, trust=canonical(trust))
    assert (word, set(found)) == ("INCONCLUSIVE", {"key_unknown"})


def test_a_later_format_is_inconclusive() -> None:
    later = contents([FIRST], type="gantral.dev/bundle/v2")
    assert codes(bundle([("", "contents.json", later)])) == ("INCONCLUSIVE", ["version"])


def test_a_bundle_of_nothing_is_inconclusive() -> None:
    assert codes(bundle([("", "contents.json", contents([]))])) == ("INCONCLUSIVE", ["missing"])


@pytest.mark.parametrize("code", ["text_unnamed"])
def test_without_the_rule_it_would_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (data,) = (data for data, expected in SAID.values() if expected == code)
    switch_off(monkeypatch, {code})
    assert codes(data, alone=True) == ("VALID", [])


def test_a_huge_file_is_refused_by_its_header(tmp_path: Path) -> None:
    huge = header(FIRST, "manifest.json", 8**11 - 1)
    word, found = codes(HEAD + huge + bytes(4096))
    assert (word, found) == ("INVALID", ["bundle"])
    # Lines may be long; what is not there is cut, and no memory is made for it.
    before = [one for one in INSIDE[1:] if one[0] == FIRST and one[1] < "d" and one[1][0] == "c"]
    tracemalloc.start()
    long = (
        HEAD + b"".join(block(*one) for one in before) + header(FIRST, "artifacts.jsonl", 8**11 - 1)
    )
    for pipe in (False, True):
        assert codes(long + bytes(4096), pipe=pipe, alone=True)[0] == "INCONCLUSIVE"
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_too_much_for_a_pipe_or_of_one_instance_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_STREAMED", 10_000)
    assert codes(WHOLE, pipe=True, alone=True) == ("INCONCLUSIVE", ["too_large"])
    assert codes(WHOLE) == ("VALID", [])
    monkeypatch.setattr(reading, "MOST_FILES", 10)
    assert codes(WHOLE, alone=True) == ("INCONCLUSIVE", ["too_large"])


def test_findings_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = scenes("amended")
    for name in [name for name in bare[FIRST].files if name.startswith("texts/")]:
        del bare[FIRST].files[name]
    assert len(codes(bundle(entries(bare)))[1]) > 10
    monkeypatch.setattr(judging, "_MOST_FINDINGS", 3)
    assert codes(bundle(entries(bare)), alone=True) == ("INCONCLUSIVE", ["missing"] * 3)


@pytest.mark.parametrize("pipe", [False, True])
def test_memory_is_flat_in_the_number_of_instances(pipe: bool) -> None:
    def peak(number: int) -> int:
        many = {instance(n): FOUND[FIRST] for n in range(1, number + 1)}
        data = bundle(entries(many, {}))
        trust = TrustFile.load(TRUST)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            del data
            file.seek(0)
            tracemalloc.start()
            for _ in verify_bundle(file, trust, stream=pipe):
                pass
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(1)
    assert peak(40) < 1.3 * peak(4)

"""What shows that nothing is missing can't be forged: a proof, and all of a log, are VALID as they
were made or as true as that, by both verifiers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from bundles import bundle
from gantral.evidence import TrustFile
from gantral.evidence.verify import verify_bundle
from hypothesis import settings
from log_corpus import (
    BUNDLE_TRUST,
    BUNDLES,
    LAST,
    PROOFS,
    TRUST,
    WHOLE,
    complete,
    of_bundle,
    of_proof,
)
from second import ask
from subjects import bounded, judge, trust_of

QUICK = settings.get_current_profile_name() == "house"
SEEDS, TWICE = (60, 8) if QUICK else (20_000, 400)
BITS = [0] if QUICK else range(8)


def test_every_byte_of_a_proof_counts() -> None:
    """Text, index, hashes, size, root, names, key ids and signatures."""
    assert judge(WHOLE, trust_of(TRUST)).findings == ()
    data = WHOLE[LAST]
    for at in range(len(data)):
        for bit in BITS:
            changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            report = judge({**WHOLE, LAST: changed}, trust_of(TRUST))
            assert report.verdict != "VALID", (at, bit)


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(PROOFS))
def test_only_true_proofs_are_valid(name: str) -> None:
    attacks = 0
    for number in range(SEEDS):
        files, true = of_proof(name, number)
        report = judge(files, trust_of(TRUST))
        assert (report.verdict == "VALID") == true, number
        attacks += not true
    assert attacks > SEEDS * 0.2


def told(data: bytes) -> list[Any]:
    with bounded():
        trust = TrustFile.load(BUNDLE_TRUST)
        return [report for _, report in verify_bundle(io.BytesIO(data), trust, stream=True)]


def test_what_is_attacked_is_complete() -> None:
    reports = told(bundle(complete()))
    assert [one.verdict for one in reports] == ["VALID"] * 4
    assert reports[-1].whole is not None


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_only_what_is_true_is_complete(name: str) -> None:
    attacks, seeds = 0, SEEDS // 2 if QUICK else SEEDS // 8
    for number in range(seeds):
        data, true = of_bundle(name, number)
        reports = told(data)
        valid = {one.verdict for one in reports} == {"VALID"}
        assert valid == true, number
        assert any(one.whole for one in reports) == true, number
        attacks += not true
    assert attacks > seeds * 0.5


def _codes(findings: Any) -> list[tuple[str, str]]:
    rows = [one if isinstance(one, dict) else vars(one) for one in findings]
    return [(one["code"], one["severity"]) for one in rows if one["code"] != "fork"]


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
def test_both_verifiers_say_the_same_of_proofs(tmp_path: Path) -> None:
    """Each folder alone: several of one log are views of it, and then judged together."""
    (place := tmp_path / "trust.json").write_bytes(TRUST)
    for name in sorted(PROOFS):
        for number in range(TWICE):
            files, _ = of_proof(name, number)
            folder = tmp_path / f"{name} {number}"
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            (second,) = ask(place, [folder])["instances"]
            first = judge(files, trust_of(TRUST))
            assert _codes(second["findings"]) == _codes(first.findings), (name, number)


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
def test_both_verifiers_say_the_same_of_logs(tmp_path: Path) -> None:
    (place := tmp_path / "trust.json").write_bytes(BUNDLE_TRUST)
    for name in sorted(BUNDLES):
        for number in range(TWICE):
            data, true = of_bundle(name, number)
            (file := tmp_path / "a.evidence").write_bytes(data)
            second = ask(place, [file])
            inside = [found for one in second["instances"] for found in one["findings"]]
            found = [finding for report in told(data) for finding in report.findings]
            assert _codes([*inside, *second["findings"]]) == _codes(found), (name, number)
            assert bool(second["complete"]) == true, (name, number)

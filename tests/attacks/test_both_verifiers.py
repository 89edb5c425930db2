"""The corpus by both verifiers: the second one (verify-go/) says the same of each folder and
bundle."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import test_bundles
from bundles import instance
from corpus import FAMILIES, one
from hypothesis import settings
from second import ask
from subjects import Files, judge, trust_of

SEEDS = 16 if settings.get_current_profile_name() == "house" else 400
# One process of the second verifier judges as many.
BATCH = 200


def put(folder: Path, files: Files) -> bool:
    """Whether a file system can hold such a folder."""
    names = set(files)
    if any(".." in name or name + "/" in {f"{n.partition('/')[0]}/" for n in names - {name}}
           for name in names):  # fmt: skip
        return False
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return True


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("family", test_bundles.FAMILIES, ids=lambda family: family.__name__)
def test_both_say_the_same_of_bundles(family: Any, tmp_path: Path) -> None:
    first: dict[str, list[Any]] = {}
    for seed in range(SEEDS):
        try:
            data = family(random.Random(seed))
        except ValueError:
            continue  # see test_bundles.py
        file = tmp_path / f"{seed}.evidence"
        file.write_bytes(data)
        first[str(file)] = test_bundles.findings(data)
    (place := tmp_path / "trust.json").write_bytes(test_bundles.FOUND[instance(1)].trust)
    told = ask(place, list(first))
    second: dict[str, list[Any]] = {path: [] for path in first}
    for judged in told["instances"]:
        second[judged["path"]] += _codes(judged["findings"])
    for finding in told["findings"]:
        second[finding["path"]] += _codes([finding])
    assert second == first


def _codes(findings: list[Any]) -> list[tuple[str, str, str]]:
    """Without forks: all folders are of few instances, and one alone has none."""
    return [(f["code"], f["severity"], f["commit"]) for f in findings if f["code"] != "fork"]


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_both_say_the_same(name: str, tmp_path: Path) -> None:
    told: dict[bytes, list[tuple[Path, list[tuple[str, str, str]]]]] = defaultdict(list)
    for seed in range(SEEDS):
        subject, files = one(name, seed)
        folder = tmp_path / str(seed)
        if put(folder, files):
            report = judge(files, trust_of(subject.trust))
            first = _codes([vars(finding) for finding in report.findings])
            told[subject.trust].append((folder, first))
    for number, (trust, all_) in enumerate(told.items()):
        (place := tmp_path / f"{number}.trust").write_bytes(trust)
        for at in range(0, len(all_), BATCH):
            batch = all_[at : at + BATCH]
            second = ask(place, [folder for folder, _ in batch])["instances"]
            for (folder, first), other in zip(batch, second, strict=True):
                assert _codes(other["findings"]) == first, folder.name
    assert sum(map(len, told.values())) > SEEDS / 2

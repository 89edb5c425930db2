"""None of the corpus is VALID that is not byte for byte what was sealed; nothing raises, and
nothing takes long."""

from __future__ import annotations

import pytest
from corpus import FAMILIES, one
from hypothesis import settings
from subjects import Files, Subject, judge, subjects, trust_of

# Thousands in `make test`; in `make soak` as many as make a million that are all different: a
# family of few choices repeats itself.
SEEDS = 250_000 if settings.get_current_profile_name() == "soak" else 250


def own(subject: Subject, files: Files) -> bool:
    """Whether these are the subject's bytes, or those of other VALID evidence."""
    return files == subject.files or files in subject.twins.values()


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.name)
def test_what_is_attacked_is_valid(subject: Subject) -> None:
    for files in (subject.files, *subject.twins.values()):
        assert judge(files, trust_of(subject.trust)).findings == ()


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_only_the_sealed_bytes_are_valid(name: str) -> None:
    seen: set[int] = set()
    attacks = 0
    for seed in range(SEEDS):
        subject, files = one(name, seed)
        key = hash((subject.name, frozenset(files.items())))
        if key in seen:
            continue
        seen.add(key)
        report = judge(files, trust_of(subject.trust))
        assert (report.verdict == "VALID") == own(subject, files), (seed, subject.name)
        attacks += not own(subject, files)
    print(f"{name}: {attacks} different attacks")
    assert attacks > min(SEEDS * 0.5, 1_000)


def test_the_same_seed_is_the_same_attack() -> None:
    for name in FAMILIES:
        assert one(name, 7)[1] == one(name, 7)[1]
        assert one(name, 7)[1] != one(name, 8)[1]

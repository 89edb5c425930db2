"""The holder of the commit key signs everything downstream anew: no yes comes of it that people
did not give, to what they were shown."""

from __future__ import annotations

import random
from typing import Any

import pytest
from gantral.evidence import EvidenceError
from hypothesis import settings
from rechaining import KEYS, by_the_worker, rechained, statements
from subjects import Files, Subject, judge, subjects, trust_of

SEEDS = 300 if settings.get_current_profile_name() == "house" else 60_000
YES = ("APPROVED", "OVERRIDDEN")


def yeses(files: Files) -> set[str]:
    """What was decided with yes: the gate, what was shown, what was approved, by which votes."""
    found = set()
    before: Any = None
    for one in statements(files):
        if one["artifacts"] and one["artifacts"][0]["authority_state"] in YES:
            told = [one["artifacts"][0]["gate"], before["context"], one["context"], one["decision"]]
            found.add(repr(told))
        before = one
    return found


def known(subject: Subject) -> set[str]:
    return set().union(*map(yeses, (subject.files, *subject.twins.values())))


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.name)
def test_a_chain_that_is_chained_anew_as_it_was_is_the_same(subject: Subject) -> None:
    if any(one["artifacts"] and one["artifacts"][0]["cause"] == "execution_lost"
           for one in statements(subject.files)):  # fmt: skip
        return  # its end is a closer's
    assert rechained(subject.files, statements(subject.files), KEYS["commit"]) == subject.files


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
def test_no_yes_is_made_with_the_commit_key() -> None:
    attacks = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        subject = rng.choice(subjects())
        try:
            files = by_the_worker(subject, rng)
        except (EvidenceError, LookupError, TypeError, AttributeError, ValueError):
            continue  # so spoilt that nobody could have written the rest
        attacks += 1
        if judge(files, trust_of(subject.trust)).verdict == "VALID":
            assert yeses(files) <= known(subject), (seed, subject.name)
    assert attacks > SEEDS / 2

"""Who decides in two versions of a gate, case by case (LANGUAGE section 6).

Whoever can approve a proposal now could before, when each case that a proposal can choose now asks
for at least what each case asked for that it could choose before. What is decided chooses its case
by the same conditions, so it needs no look of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gantral.compiler.compare.bounds import Claim, claims, contradict, whole
from gantral.compiler.compare.formulas import implies
from gantral.compiler.compare.meaning import Meaning
from gantral.compiler.phrases import case as said
from gantral.compiler.program import Case


class Deciding:
    """Compares who decides in the gates of two programs."""

    def __init__(self, old: Meaning, new: Meaning) -> None:
        self._old = old
        self._new = new

    def both(self, old: Sequence[Case], new: Sequence[Case]) -> tuple[bool, bool]:
        """Whether whoever can approve under the new cases could under the old ones, and back."""
        were = [_known(old, at, self._old) for at in range(len(old))]
        are = [_known(new, at, self._new) for at in range(len(new))]
        pairs = [
            (old[i], new[j])
            for i in range(len(old))
            for j in range(len(new))
            if not any(contradict(one, other) for one in were[i] for other in are[j])
        ]
        shown = lru_cache(maxsize=None)(implies)
        return (
            all(shown(now.formula, was.formula) for was, now in pairs),
            all(shown(was.formula, now.formula) for was, now in pairs),
        )


def in_words(cases: Sequence[Case]) -> str:
    """The cases as they stand in a spec."""
    return ", ".join(f"`{said(one)}`" for one in cases)


def _known(cases: Sequence[Case], at: int, of: Meaning) -> frozenset[Claim]:
    """What is known of a proposal that chooses a case: its condition, and none before it."""
    found: set[Claim] = set()
    for one in cases[: at + 1]:
        if one.condition is not None:
            holds = one is cases[at]
            found |= {*claims(one.condition, holds, of), whole(one.condition, holds, of)}
    return frozenset(found)

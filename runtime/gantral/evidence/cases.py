"""Which formulas a gate's votes must meet: of `decide F when …` what was proposed chooses one case,
what is decided another, and both count (LANGUAGE section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from gantral.evidence.errors import EvidenceError
from gantral.evidence.expr import holds, reads
from gantral.evidence.formula import Formula
from gantral.evidence.once import once

Amendment: TypeAlias = tuple[tuple[str, str], ...]
"""Sorted (pointer, value) pairs that differ from the proposal."""

ALWAYS = "always"


@once
def case_paths(gate: Mapping[str, Any]) -> frozenset[str]:
    """The pointers of the proposal that the conditions of `decide` read; none for one case."""
    return frozenset(
        pointer
        for case in gate["decide"]
        if case["when"] != ALWAYS
        for _, pointer in reads(case["when"])
    )


def has_cases(gate: Mapping[str, Any]) -> bool:
    """Whether who decides depends on what is proposed."""
    return len(gate["decide"]) > 1


def chosen(gate: Mapping[str, Any], values: Mapping[str, str], amendment: Amendment = ()) -> int:
    """The case of the proposal (`values`: pointer -> leaf value), as far as it is amended: the
    first whose condition holds.

    Raises:
        EvidenceError: ``opened`` when a value that a condition reads is not there, ``expression``.
    """
    decided = dict(amendment)

    def read(source: str, pointer: str) -> str:
        value = decided.get(pointer, values.get(pointer))
        if value is None:
            raise EvidenceError("opened", f"the value at {pointer:.80} is not opened")
        return value

    for number, case in enumerate(gate["decide"]):
        if case["when"] == ALWAYS or holds(case["when"], read):
            return number
    raise EvidenceError("manifest", "a gate without a last case")


def formulas(
    gate: Mapping[str, Any], values: Mapping[str, str], amendment: Amendment = ()
) -> tuple[Formula, ...]:
    """The formulas that votes for this amendment must meet, each by all of them: the proposal's
    and, where that is another, that of the decided value.

    Raises:
        EvidenceError: as ``chosen``.
    """
    cases = sorted({chosen(gate, values), chosen(gate, values, amendment)})
    return tuple(gate["decide"][number]["formula"] for number in cases)

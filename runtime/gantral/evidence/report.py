"""What a verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["INVALID", "INCONCLUSIVE"]
Verdict: TypeAlias = Literal["VALID", "INVALID", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Finding:
    """One broken rule. ``commit`` is its number, or "" when it is about the folder."""

    code: str
    severity: Severity
    commit: str
    message: str


@dataclass(frozen=True)
class Report:
    """The verdict on one folder. ``decisions``: gate -> approved, amended, waived, rejected or
    waiting, as it ended last. ``state``: the last state. Both say nothing unless VALID."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    instance_id: str
    state: str
    decisions: Mapping[str, str]
    trust_digest: str
    trust_serial: int


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Any INVALID wins, else any INCONCLUSIVE, else VALID (FORMAT section 8)."""
    found = {finding.severity for finding in findings}
    return "INVALID" if "INVALID" in found else "INCONCLUSIVE" if found else "VALID"

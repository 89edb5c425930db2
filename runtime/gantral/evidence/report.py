"""What a verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gantral.evidence.log_views import Tree, Whole
    from gantral.evidence.logged import Seen

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
class Told:
    """What a chain tells of a child: the call, the child's instance, the hash of its submission,
    and its end ("" while it runs): the state, the hash of the artifact that says so, and what it
    left standing, None where that is not said."""

    call: str
    instance_id: str
    submission: str
    state: str
    artifact: str
    standing: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Report:
    """The verdict on one folder. ``decisions``: gate -> approved, amended, waived, unasked,
    rejected or waiting, as it ended last. ``state``: the last state. Both say nothing unless VALID.
    ``commits``: the hash of each commit that was judged and holds, in order. ``parent`` is the
    artifact under which its parent ran it, "none" for what a person started; ``submission`` the
    hash of its submission; ``last`` of its last artifact; ``ended`` whether that is an end.
    ``children`` are those it ran; ``running`` then the artifacts under which it could.
    ``named`` are the texts that its evidence names by digest: ``policies/<hex>``, ``roles/<hex>``
    and its own program's ``specs/<hex>``. ``standing`` is what stood when it ended, own and of its
    children; ``undos`` the claims and outcomes, by instance and hash, by which it undid what its
    children left, and ``undone`` what it says is undone by that; ``late`` the hashes of those that
    lie in its own folder, claimed after it ended, and ``late_undone`` what is undone by them. What
    stands or is undone is named ``instance/call``. ``seen`` are the checkpoints of the log under
    which it stands; of a bundle ``tree`` are the log's entries in it, and ``whole`` what they
    show. ``part``: in words, that its bundle was asked to hold some instances alone, which no log
    can show to be complete; else empty."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    instance_id: str
    state: str
    decisions: Mapping[str, str]
    trust_digest: str
    trust_serial: int
    commits: tuple[str, ...] = ()
    parent: str = "none"
    submission: str = ""
    last: str = ""
    ended: bool = False
    children: tuple[Told, ...] = ()
    running: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    team: str = ""
    seen: frozenset[Seen] = frozenset()
    tree: Tree | None = None
    whole: Whole | None = None
    part: str = ""
    standing: tuple[str, ...] = ()
    undos: frozenset[tuple[str, str]] = frozenset()
    undone: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    late_undone: frozenset[str] = frozenset()


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Any INVALID wins, else any INCONCLUSIVE, else VALID (FORMAT section 8)."""
    found = {finding.severity for finding in findings}
    return "INVALID" if "INVALID" in found else "INCONCLUSIVE" if found else "VALID"


def worse(one: Verdict, other: Verdict) -> Verdict:
    """The verdict on two together: any INVALID wins, else any INCONCLUSIVE."""
    return max(one, other, key=("VALID", "INCONCLUSIVE", "INVALID").index)


def with_findings(report: Report, *more: Finding) -> Report:
    """The report with more findings, and the verdict that follows."""
    findings = (*report.findings, *more)
    return replace(report, findings=findings, verdict=verdict_of(findings))


def find_forks(reports: Sequence[Report]) -> list[Report]:
    """The reports of one run, with a finding ``fork`` on each whose instance another folder tells
    otherwise: another commit at the same number (FORMAT section 3). A shorter copy of the same
    chain, or other signatures on the same payloads, is no fork.
    """
    told: dict[str, list[Report]] = {}
    for report in reports:
        told.setdefault(report.instance_id, []).append(report)
    found = []
    for report in reports:
        for other in told[report.instance_id] if report.instance_id else ():
            pairs = zip(report.commits, other.commits, strict=False)
            number = next((str(n) for n, (a, b) in enumerate(pairs) if a != b), None)
            if number is not None:
                message = f"another folder tells commit {number} of {report.instance_id} otherwise"
                report = with_findings(report, Finding("fork", "INVALID", number, message))
                break
        found.append(report)
    return found

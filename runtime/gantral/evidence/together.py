"""Reports of one run judged together: forks between inputs, children with their parents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from gantral.evidence.children import link_children
from gantral.evidence.log_views import find_split
from gantral.evidence.report import Report, find_forks, with_findings

Place = TypeVar("Place")


def judge_together(
    found: Iterable[tuple[Place, Report]],
    *,
    several: bool,
    also: Callable[[Report], Report] = lambda report: report,
) -> Iterator[tuple[Place, Report]]:
    """Each report, as it stands beside the others of the run. What no other can change is handed
    on at once; the rest waits for the last one.

    Args:
        found: reports and where they come from. several: more than one input is given, so that an
            instance may be told twice; within one bundle it can't. also: the last word on each.
    """
    kept: list[tuple[Place, Report]] = []
    for place, report in found:
        # Only with its parent is a child judged, and a parent with its children.
        if several or report.children or report.running or report.parent != "none":
            kept.append((place, report if several else replace(report, commits=())))
        else:
            yield place, also(report)
    linked = link_children(find_forks([report for _, report in kept]))
    if several:
        linked = _one_log(linked)
    for (place, _), report in zip(kept, linked, strict=True):
        yield place, also(report)


def _one_log(reports: list[Report]) -> list[Report]:
    """The reports, with a finding on each that stands under another view of the log than the rest
    of the run does. What one input tells alone was judged with it."""
    seen = frozenset().union(*(report.seen for report in reports))
    trees = [report.tree for report in reports if report.tree is not None]
    found = find_split(seen, trees)
    if found is None:
        return reports
    codes = {found.code}
    return [
        with_findings(report, found)
        if report.seen and not codes & {one.code for one in report.findings}
        else report
        for report in reports
    ]

"""Reports of one run judged together: forks between inputs, children with their parents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from gantral.evidence.children import link_children
from gantral.evidence.report import Report, find_forks

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
    for (place, _), report in zip(kept, linked, strict=True):
        yield place, also(report)

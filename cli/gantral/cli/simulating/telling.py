"""What was found, as text and as JSON: the same bytes for the same spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from gantral.cli.simulating.places import Place
from gantral.cli.simulating.words import lasting
from gantral.simulation.exploring import RULES, End, Found, People, Span

_MILLISECOND: Final = timedelta(milliseconds=1)


def text(
    workflow: str,
    found: Found,
    people: People,
    inputs: int,
    places: Mapping[str, Place],
    files: Mapping[str, str],
) -> str:
    """A table of the ends, and what holds. ``files``: rule -> the story file that breaks it."""
    whole = "yes" if found.whole else "no: a limit was reached (--states, --depth)"
    lines = [
        f"{workflow}: {found.states} states by {found.steps} steps, explored whole: {whole}",
        f"  people: {', '.join(_people(people))}",
        f"  values: {inputs} inputs; what services and senders give is varied where a condition"
        " reads it",
        "",
    ]
    rows = [("end", "cause", "where", "at least", "at most", "courses")]
    for end, span in sorted(found.ends.items()):
        rows.append(
            (
                end.state,
                end.cause if end.gate == "none" else f"{end.cause} at {end.gate}",
                _where(end, places),
                lasting(span.least),
                lasting(span.most),
                f"{span.courses:,}",
            )
        )
        if end.standing:
            rows.append(("", f"  stands: {', '.join(end.standing)}", "", "", "", ""))
    lines += _table(rows)
    lines.append("")
    for rule, what in RULES.items():
        if rule in found.stories:
            broken = found.stories[rule].broken
            lines.append(f"  BROKEN  {what}")
            lines.append(f"          {broken.why}")
            lines.append(f"          gantral replay {files[rule]}")
        else:
            lines.append(f"  holds   {what}")
    lines.append(f"  evidence was judged once for each end: {found.judged} times")
    return "\n".join(lines) + "\n"


def tree(
    workflow: str, found: Found, people: People, places: Mapping[str, Place]
) -> dict[str, Any]:
    """The same for programs. Times are in milliseconds."""
    return {
        "workflow": workflow,
        "whole": found.whole,
        "states": found.states,
        "steps": found.steps,
        "people": {name: list(one.roles) for name, one in people.known.items()},
        "ends": [_end(end, span, places) for end, span in sorted(found.ends.items())],
        "broken": [
            {"rule": rule, "why": story.broken.why} for rule, story in sorted(found.stories.items())
        ],
        "called": sorted(found.called),
        "reached": dict(sorted(found.reached.items())),
    }


def _end(end: End, span: Span, places: Mapping[str, Place]) -> dict[str, Any]:
    place = places.get(end.at)
    return {
        "state": end.state,
        "cause": end.cause,
        "gate": end.gate,
        "site": end.at,
        "file": "none" if place is None else place.file,
        "line": 0 if place is None else place.line,
        "standing": list(end.standing),
        "least_ms": span.least // _MILLISECOND,
        "most_ms": span.most // _MILLISECOND,
        "courses": span.courses,
    }


def _where(end: End, places: Mapping[str, Place]) -> str:
    place = places.get(end.at)
    if place is None:
        return "between steps" if end.at == "none" else end.at
    return f"{place.file}:{place.line}"


def _people(people: People) -> list[str]:
    kinds: dict[tuple[str, ...], int] = {}
    for one in people.known.values():
        kinds[one.roles] = kinds.get(one.roles, 0) + 1
    return [
        f"{count} {' and '.join(roles) or 'of no role'}" for roles, count in sorted(kinds.items())
    ]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    right = (3, 4, 5)
    widths = [max(len(row[at]) for row in rows if row[0] or at != 1) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines

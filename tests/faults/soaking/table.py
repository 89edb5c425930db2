"""The table of faults against outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from soaking.running import Row

_HEAD = (
    "fault", "at", "instances", "completed", "rejected", "terminated", "waiting", "refused at once",
    "asked again", "VALID", "INCONCLUSIVE", "INVALID", "broken rules",
)  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Markdown: one line a fault and moment, by name, and a sum."""
    struck = sorted((row for row in rows if row.struck), key=lambda row: (row.name, row.at))
    lines = [_line(row.name, row.at, [row]) for row in struck]
    lines.append(_line("**all**", "", struck))
    head = "| " + " | ".join(_HEAD) + " |"
    rule = "|-|-|" + "-:|" * (len(_HEAD) - 3) + "-|"
    return "\n".join([head, rule, *lines])


def _line(name: str, at: str, rows: Sequence[Row]) -> str:
    cases = [case for row in rows for case in row.cases]
    judged = [one for row in rows for one in row.judged]
    states = Counter(one.end.split()[0] for one in judged)
    causes = {
        state: Counter(one.end.split()[1] for one in judged if one.end.startswith(state))
        for state in ("REJECTED", "TERMINATED")
    }
    verdicts = Counter(one.verdict for one in judged)
    broken = Counter(why for one in judged for why in one.broken)
    cells = [
        name,
        at,
        len(cases),
        states["COMPLETED"],
        _told(causes["REJECTED"]),
        _told(causes["TERMINATED"]),
        states["WAITING_FOR_HUMAN"],
        sum(not case.instance for case in cases),
        sum(case.unknown for case in cases),
        verdicts["VALID"],
        verdicts["INCONCLUSIVE"],
        verdicts["INVALID"],
        _told(broken),
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counted.items())) or "0"


def broken(rows: Sequence[Row]) -> list[str]:
    """Every broken rule, with its instance and fault; and what never struck."""
    found = [f"{row.name}, {row.at}: it never struck" for row in rows if not row.struck]
    for row in rows:
        for one in row.judged:
            found += [
                f"{row.name}, {row.at}: {one.case.course.name} {one.case.instance}: {why}"
                f" ({one.end}, {one.verdict} {' '.join(one.codes)})"
                for why in one.broken
            ]
    return found

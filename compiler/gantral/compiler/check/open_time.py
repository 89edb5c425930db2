"""A clock on a calendar counts open time: hours and minutes, and not more than can come."""

from __future__ import annotations

from gantral.compiler.names.findings import Findings
from gantral.compiler.program import declarations as de
from gantral.dsl import syntax as syn

# Half of what evidence lists of one gate: a day may be shorter than its hours say, when the clock
# leaps, and the day of the opening is over in part.
MOST_DAYS = 500


def clock(findings: Findings, one: syn.Clock, calendar: de.Calendar) -> None:
    """Find what is no open time, or too much of it."""
    for tick in one.ticks:
        if tick.after.text[-1:] in ("d", "w"):
            findings.error(
                "G0342",
                tick.after.span,
                f"`{tick.after.text}` is no open time: on a calendar hours and minutes count",
                "write the hours that the calendar is open then, such as `after 16h`",
            )
            return
    length = (calendar.closes - calendar.opens) * 60_000
    if one.ticks and one.ticks[-1].after.milliseconds > MOST_DAYS * length:
        last = one.ticks[-1].after
        findings.error(
            "G0343",
            last.span,
            f"`{last.text}` of open time are more than {MOST_DAYS} days of calendar"
            f" `{calendar.name}`",
            "end the clock earlier, or leave the calendar out",
        )

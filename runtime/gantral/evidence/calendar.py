"""Open time: the clock of a gate that stands on a calendar (LANGUAGE section 6, ADR 0112).

A calendar says on which days, from when to when by the clock of a zone, time counts. When a gate
opens, the evidence worker resolves it to periods, ``[[date, opens, closes], …]``, with the data of
time zones; they are committed with WAITING_FOR_HUMAN. What follows from them is arithmetic, which
anybody can do again without such data: that each open day is there and no other, that a period is
the calendar's hours at some distance from UTC, and every instant of the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gantral.evidence import errors, forms
from gantral.evidence.errors import EvidenceError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What no gate goes beyond: a clock of more open days is refused by the compiler.
MOST_PERIODS: Final = 1_000
_DAY = 86_400_000
_HOUR = 3_600_000
# What a zone's clock may differ from UTC, and how far it may move while one gate is open.
_EAST, _WEST, _MOVED = 14 * _HOUR, -12 * _HOUR, 2 * _HOUR

Calendar = Mapping[str, Any]
Period = Sequence[str]


def calendar_of(gate: Mapping[str, Any]) -> Calendar | None:
    """The manifest's calendar under a gate's clock, None when elapsed time counts."""
    return next((row[1] for row in gate["clock"] if is_calendar(row)), None)


def ticks(gate: Mapping[str, Any]) -> list[Any]:
    """The rows of the gate's clock that say when what happens."""
    return [row for row in gate["clock"] if not is_calendar(row)]


def is_calendar(row: Sequence[Any]) -> bool:
    """Whether a row of a manifest's clock is the calendar under it, [`on`, calendar]."""
    return row[0] == "on" and isinstance(row[1], Mapping)


def minutes(text: str) -> int:
    """Minutes since midnight of ``HH:MM``, 0 to 1440."""
    return int(text[:2]) * 60 + int(text[3:])


def open_days(calendar: Calendar, first: int) -> Iterator[int]:
    """Every day on which time counts, from ``first`` on (days since 1970-01-01). Endless, unless no
    day ever comes."""
    numbers = {DAYS.index(day) for day in calendar["days"]}
    closed = {forms.date_days(date) for date in calendar["except"]}
    last = max(closed, default=first)
    day = first
    while numbers or day <= last:
        # 1970-01-01 was a Thursday.
        if (day + 3) % 7 in numbers and day not in closed:
            yield day
        day += 1


def first_day(opened_at: str) -> int:
    """The day from which on periods are listed: no clock is a day behind UTC's."""
    return forms.instant_ms(opened_at) // _DAY - 1


def check_periods(calendar: Calendar, opened_at: str, periods: Sequence[Period]) -> None:
    """Check that the periods are the calendar's open days, each once, from the day before the
    opening on, and its hours by a clock that some zone could have.

    Raises:
        EvidenceError: ``periods``.
    """
    if not 0 < len(periods) <= MOST_PERIODS:
        raise EvidenceError("periods", f"a gate opens over 1 to {MOST_PERIODS} open days")
    wanted = open_days(calendar, first_day(opened_at))
    days = [forms.date_days(date) for date, _, _ in periods]
    if days != [next(wanted) for _ in days]:
        errors.refuse("periods", "the days are not those on which the calendar counts time")
    opens, closes = (minutes(text) * 60_000 for text in calendar["hours"])
    before, apart = 0, []
    for day, (_, *bounds) in zip(days, periods, strict=True):
        start, end = map(forms.instant_ms, bounds)
        if not before <= start <= end:
            errors.refuse("periods", "the periods do not follow each other")
        before = end
        apart += [day * _DAY + opens - start, day * _DAY + closes - end]
    if min(apart) < _WEST or max(apart) > _EAST or max(apart) - min(apart) > _MOVED:
        errors.refuse("periods", "no zone's clock shows the calendar's hours then")


def after(opened_at: str, periods: Sequence[Period], open_ms: int) -> str:
    """The first instant by which ``open_ms`` > 0 of open time have passed since the opening.

    Raises:
        EvidenceError: ``periods``: they end before.
    """
    opened, left = forms.instant_ms(opened_at), open_ms
    for _, *bounds in periods:
        start, end = map(forms.instant_ms, bounds)
        start = max(start, opened)
        if 0 < left <= end - start:
            return forms.instant_text(start + left)
        left -= max(0, end - start)
    raise EvidenceError("periods", "the periods end before the clock does")


def calendar_instants(
    gate: Mapping[str, Any], opened_at: str, periods: Sequence[Period]
) -> list[list[Any]]:
    """The clock record's instants of a gate on a calendar that opened then.

    Raises:
        EvidenceError: ``periods``, also when they go on after the clock has ended.
    """
    found = [
        [after(opened_at, periods, forms.duration_ms(length)), action, *(rest or ["none", "none"])]
        for length, action, *rest in ticks(gate)
    ]
    if len(periods) > 1 and found[-1][0] <= periods[-1][1]:
        errors.refuse("periods", "the periods go on after the clock has ended")
    return found

"""A calendar's open periods from the data of time zones (ADR 0112). The only place that has any.

The data is that of the locked ``tzdata`` package, never the machine's: two workers of one build
resolve alike. Zones stay out of workflow code: there they read files and fail in the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from gantral.evidence.calendar import (
    MOST_PERIODS,
    calendar_of,
    first_day,
    minutes,
    open_days,
    ticks,
)
from gantral.evidence.forms import duration_ms, instant_ms, instant_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# A gate that has to wait longer for its open time has a calendar that hardly ever opens.
_MOST_DAYS = 3_700


class NoPeriods(Exception):  # noqa: N818 - what is so, not a fault
    """The calendar has no instants for this gate; the message says why."""


def periods(calendar: Mapping[str, Any], opened_at: str, last: str) -> list[list[str]]:
    """[[date, opens, closes], …] from the day before ``opened_at`` until the duration ``last`` of
    open time has passed.

    Raises:
        NoPeriods: the zone is unknown, or the time never comes.
    """
    zone = _zone(calendar["zone"])
    opens, closes = map(minutes, calendar["hours"])
    opened, left = instant_ms(opened_at), duration_ms(last)
    first = first_day(opened_at)
    found: list[list[str]] = []
    for day in open_days(calendar, first):
        if len(found) == MOST_PERIODS or day > first + _MOST_DAYS:
            break
        start, end = _reaches(zone, day, opens), _reaches(zone, day, closes)
        text = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
        found.append([text, instant_text(start), instant_text(end)])
        left -= max(0, end - max(start, opened))
        if left <= 0:
            return found
    raise NoPeriods("its calendar is not open for so long within ten years or 1,000 open days")


def gate_periods(gate: Mapping[str, Any], opened_at: str) -> list[list[str]]:
    """The periods of a gate that opens then, none when its clock counts elapsed time. Raises as
    ``periods``."""
    calendar = calendar_of(gate)
    return [] if calendar is None else periods(calendar, opened_at, ticks(gate)[-1][0])


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        if ".." in name.split("/"):
            raise OSError
        with place.open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        raise NoPeriods(f"there is no time zone {name[:60]}") from None


def _reaches(zone: ZoneInfo, day: int, minute: int) -> int:
    """The first instant, in ms since 1970, at which the zone's clock shows this minute of the day
    or, where it leaps over that, a later one."""
    wanted = datetime(1970, 1, 1) + timedelta(days=day, minutes=minute)
    # Of a time that the clock shows twice, the first; of one that it never shows, by the two
    # offsets around the leap, an instant after it and one before.
    late, early = (_utc(wanted.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if _shows(zone, late) == wanted:
        return late
    low, high = early // 1000, late // 1000
    while low < high:
        middle = (low + high) // 2
        if _shows(zone, middle * 1000) >= wanted:
            high = middle
        else:
            low = middle + 1
    return high * 1000


def _utc(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND


def _shows(zone: ZoneInfo, instant: int) -> datetime:
    return (_EPOCH + instant * _MILLISECOND).astimezone(zone).replace(tzinfo=None)

"""A zone's table, made when a spec is compiled and read in the run, against the zone data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from gantral.compiler.calendars.shifts import shifts
from gantral.runtime import Zone, expressions
from hypothesis import given
from hypothesis import strategies as st

# Half hours, far east and west, a day left out (Apia), clocks that leap at midnight (Havana, Cairo,
# Azores), summer time without end (Casablanca), no summer time, offsets with seconds (Monrovia).
ZONES = (
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Pacific/Kiritimati",
    "America/Havana", "Africa/Cairo", "Atlantic/Azores", "Africa/Casablanca", "Africa/Monrovia",
    "Australia/Lord_Howe", "America/Sao_Paulo", "Antarctica/Troll", "Etc/GMT+12", "Etc/UTC",
)  # fmt: skip


@cache
def clock(name: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def zone(name: str) -> Zone:
    return Zone(name, shifts(name))


def near_shifts() -> st.SearchStrategy[tuple[str, datetime]]:
    """(zone, instant), half of them within two days of a shift."""

    def beside(name: str) -> st.SearchStrategy[tuple[str, datetime]]:
        starts = [int(row.replace("-", "+").split("+")[0]) for row in shifts(name).split()]
        seconds = st.one_of(
            st.integers(0, 4_102_444_799),
            st.tuples(st.sampled_from(starts), st.integers(-172_800, 172_800)).map(sum),
        ).filter(lambda second: 0 <= second < 4_102_444_800)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return seconds.map(lambda second: (name, epoch + timedelta(seconds=second)))

    return st.sampled_from(ZONES).flatmap(beside)


@given(near_shifts())
def test_the_day_is_the_one_that_the_clock_shows(one: tuple[str, datetime]) -> None:
    name, instant = one
    assert expressions.date(instant, zone=zone(name)) == instant.astimezone(clock(name)).date()


@given(near_shifts())
def test_a_day_begins_when_the_clock_first_shows_it(one: tuple[str, datetime]) -> None:
    name, near = one
    day = near.astimezone(clock(name)).date()
    if not date(1970, 1, 3) <= day <= date(2099, 12, 30):
        return
    found = expressions.instant(day, zone=zone(name))
    assert found.astimezone(clock(name)).date() == day
    # All that is before it, back to where no clock of the world shows the day, shows another.
    before = found - timedelta(seconds=1)
    while before > datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15):
        assert before.astimezone(clock(name)).date() != day
        before -= timedelta(minutes=10)


def test_days_at_the_edges() -> None:
    berlin, apia, havana = zone("Europe/Berlin"), zone("Pacific/Apia"), zone("America/Havana")
    assert expressions.instant(date(2026, 3, 29), zone=berlin) == datetime(
        2026, 3, 28, 23, tzinfo=UTC
    )
    assert expressions.instant(date(2026, 3, 30), zone=berlin) == datetime(
        2026, 3, 29, 22, tzinfo=UTC
    )
    # The clock leaps from midnight to one.
    assert expressions.instant(date(2026, 3, 8), zone=havana) == datetime(2026, 3, 8, 5, tzinfo=UTC)
    with pytest.raises(OverflowError, match="left 2011-12-30 out"):
        expressions.instant(date(2011, 12, 30), zone=apia)


@pytest.mark.parametrize(
    "instant", [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)]
)
def test_what_the_table_does_not_know_has_no_day(instant: datetime) -> None:
    with pytest.raises(OverflowError, match="from 1970 to 2099"):
        expressions.date(instant, zone=zone("Asia/Kolkata"))


@pytest.mark.parametrize(
    "day", [date(1970, 1, 1), date(2100, 1, 2), date(1, 1, 1), date(9999, 12, 31)]
)
def test_a_day_whose_beginning_is_not_known_has_none(day: date) -> None:
    with pytest.raises(OverflowError):
        expressions.instant(day, zone=zone("Asia/Kolkata"))

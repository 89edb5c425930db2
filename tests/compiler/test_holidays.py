"""Files of holidays: what is read, against a look at every day; what is refused; every bound."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from gantral.compiler.calendars import holidays as module
from gantral.compiler.calendars.holidays import FIRST, LAST, NoHolidays, holidays
from gantral.compiler.calendars.zones import zones
from hypothesis import given, settings
from hypothesis import strategies as st

WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def file(*events: str) -> str:
    parts = [f"BEGIN:VEVENT\nUID:{n}\n{one}\nEND:VEVENT" for n, one in enumerate(events)]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *parts, "END:VCALENDAR", ""])


def day(text: str) -> str:
    return f"DTSTART;VALUE=DATE:{text}"


def named(*events: str) -> list[str]:
    return [one.isoformat() for one in holidays(file(*events)).dates]


CHRISTMAS = day("20201225") + "\nRRULE:FREQ=YEARLY"


@pytest.mark.parametrize(
    ("events", "dates", "known"),
    [
        ([day("20261225")], ["2026-12-25"], "2026-12-31"),
        ([day("20261225") + "\nDTEND;VALUE=DATE:20261227"], ["2026-12-25", "2026-12-26"], "2026"),
        ([day("20261231") + "\nDURATION:P2D"], ["2026-12-31", "2027-01-01"], "2027"),
        ([day("20261225") + "\nRRULE:FREQ=YEARLY;COUNT=2"], ["2026-12-25", "2027-12-25"], "2027"),
        (
            [day("20261225") + "\nRRULE:FREQ=YEARLY;UNTIL=20271225"],
            ["2026-12-25", "2027-12-25"],
            "2027",
        ),
        (
            [day("20261225") + "\nRDATE;VALUE=DATE:20270402,20270405"],
            ["2026-12-25", "2027-04-02", "2027-04-05"],
            "2027",
        ),
        (
            [day("20261225") + "\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20271225"],
            ["2026-12-25", "2028-12-25"],
            "2028",
        ),
        ([day("20261225") + "\nSTATUS:CANCELLED", day("20270101")], ["2027-01-01"], "2027"),
        ([day("20191225")], [], "2019"),
        # Whoever names a day once knows no more than its year, whatever else repeats.
        ([CHRISTMAS, day("20270402")], None, "2027"),
        ([CHRISTMAS], None, "2049"),
    ],
)
def test_what_is_read(events: list[str], dates: list[str] | None, known: str) -> None:
    found = holidays(file(*events))
    if dates is not None:
        assert [one.isoformat() for one in found.dates] == dates
    assert found.known_until.isoformat() == f"{known[:4]}-12-31"


@settings(max_examples=settings.default.max_examples // 2)
@given(
    start=st.dates(date(2018, 1, 1), date(2045, 12, 31)),
    weeks=st.integers(1, 9),
    more=st.sets(st.integers(0, 6), max_size=1),
)
def test_weeks_as_a_look_at_every_day(start: date, weeks: int, more: set[int]) -> None:
    days = sorted({start.weekday(), *more})
    rule = f"RRULE:FREQ=WEEKLY;INTERVAL={weeks};BYDAY={','.join(WEEK[one] for one in days)}"
    first = start - timedelta(days=start.weekday())
    wanted = []
    at = start
    while at <= LAST:
        if at.weekday() in days and (at - first).days // 7 % weeks == 0 and at >= FIRST:
            wanted.append(at.isoformat())
        at += timedelta(days=1)
    assert named(f"{day(start.strftime('%Y%m%d'))}\n{rule}") == wanted


@settings(max_examples=settings.default.max_examples // 2)
@given(
    start=st.dates(date(1990, 1, 1), date(2045, 12, 31)),
    years=st.integers(1, 4),
    length=st.integers(1, 5),
)
def test_years_as_a_look_at_every_day(start: date, years: int, length: int) -> None:
    rule = f"RRULE:FREQ=YEARLY;INTERVAL={years}\nDURATION:P{length}D"
    wanted = set()
    for year in range(start.year, LAST.year + 1, years):
        try:
            first = start.replace(year=year)
        except ValueError:
            continue  # The 29 February of other years.
        wanted |= {first + timedelta(days=n) for n in range(length)}
    inside = sorted(one.isoformat() for one in wanted if FIRST <= one <= LAST)
    assert named(f"{day(start.strftime('%Y%m%d'))}\n{rule}") == inside


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART:20261225T100000Z", "its DTSTART"),
        ("SUMMARY:Nothing", "its DTSTART of the event `Nothing`"),
        (day("20261225") + "\n" + day("20261226"), "its DTSTART"),
        (day("18990101"), "its DTSTART"),
        (day("20260230"), "DTSTART wrong"),
        (day("20261225") + "\nDTEND;VALUE=DATE:20261225", "length of 0 days"),
        (day("20261225") + "\nDTEND;VALUE=DATE:20281225", "length of 731 days"),
        (day("20261225") + "\nDURATION:PT5H", "DURATION"),
        (day("20261225") + "\nRECURRENCE-ID;VALUE=DATE:20261224", "RECURRENCE-ID"),
        (day("20261225") + "\nEXRULE:FREQ=YEARLY", "EXRULE"),
        (day("20261225") + "\nEXDATE:20261225T000000Z", "its EXDATE"),
        (day("20261225") + "\nRDATE:20261225T000000Z", "its RDATE"),
        (day("20261225") + "\nRRULE:FREQ=YEARLY\nRRULE:FREQ=WEEKLY", "more than one RRULE"),
        *[
            (day("20261225") + f"\nRRULE:{rule}", "RRULE")
            for rule in (
                *("FREQ=DAILY", "FREQ=MONTHLY", "FREQ=SECONDLY", "FREQ=YEARLY;INTERVAL=0"),
                *("FREQ=YEARLY;BYHOUR=1", "FREQ=WEEKLY;BYMONTH=2", "INTERVAL=1", "FREQ=NEVER"),
                f"FREQ=YEARLY;BYMONTHDAY={','.join(['25'] * 200)}",
            )
        ],
        # Its own day is none of the rule's: the rule may be one that is never met.
        (day("20261225") + "\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "does not name"),
        (day("20261225") + "\nRRULE:FREQ=WEEKLY;BYDAY=MO", "does not name"),
        (day("19000101") + "\nRRULE:FREQ=WEEKLY", "more than 4000 days"),
        (day("19900101") + "\nRRULE:FREQ=YEARLY\nDURATION:P366D", "more than 4000 days"),
    ],
)
def test_what_is_refused(event: str, why: str) -> None:
    with pytest.raises(NoHolidays) as refused:
        holidays(file(event))
    assert why in str(refused.value)
    assert refused.value.help


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no VEVENT"),
        ("25 December", "no iCalendar file"),
        (file(), "no VEVENT"),
        ("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nEND:VEVENT\n", "BEGIN:VCALENDAR"),
        ("x" * (module.MOST_CHARACTERS + 1), "longer than 256 KiB"),
        (file(*[day("20261225")] * (module.MOST_EVENTS + 1)), "more than 2000 events"),
        (file(*[CHRISTMAS] * (module.MOST_REPEATED + 1)), "more than 100 of its events repeat"),
        (
            file(
                *[
                    f"{day((FIRST + timedelta(days=366 * n)).strftime('%Y%m%d'))}\nDURATION:P366D"
                    for n in range(12)
                ]
            ),
            "more than 4000 days",
        ),
    ],
)
def test_no_file_of_holidays(text: str, why: str) -> None:
    with pytest.raises(NoHolidays) as refused:
        holidays(text)
    assert why in str(refused.value)


LINES = st.sampled_from(
    [
        *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE"),
        *(day("20261225"), day("99991231"), "DTSTART:", "DTSTART;VALUE=DATE:", "DTEND:x"),
        *("RRULE:FREQ=YEARLY", "RRULE:", "RRULE:FREQ=YEARLY;COUNT=0", "RRULE:FREQ=YEARLY;UNTIL=x"),
        *("RRULE:FREQ=YEARLY;BYDAY=60MO", "RRULE:FREQ=YEARLY;BYSETPOS=0", "DURATION:P9999999D"),
        *("EXDATE;VALUE=DATE:20261225", "RDATE;VALUE=PERIOD:20261225T000000Z/P1D", " folded", ":"),
        *("SUMMARY:\\n;,", 'X-Y;Z="a":b', "STATUS:CANCELLED", "DURATION:-P1D", ""),
    ]
)


@settings(max_examples=3 * settings.default.max_examples)
@given(st.one_of(st.text(), st.lists(LINES, max_size=20).map("\n".join)))
def test_any_text_gives_dates_or_a_reason(text: str) -> None:
    for each in (text, file(text)):
        try:
            found = holidays(each)
        except NoHolidays:
            continue
        assert list(found.dates) == sorted(set(found.dates))
        assert all(FIRST <= one <= LAST for one in found.dates)


def test_zones_are_those_of_the_locked_data() -> None:
    assert {"Europe/Berlin", "UTC", "Asia/Kathmandu"} <= zones()
    assert not {"Berlin", "", "zone.tab", "../UTC"} & zones()

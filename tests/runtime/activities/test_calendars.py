"""Open time: against a clock that is looked at every minute, over leaps of it, and in a gate."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from gantral.evidence import EvidenceError
from gantral.evidence.calendar import DAYS, after, check_periods
from gantral.evidence.forms import duration_text, instant_ms, instant_text
from gantral.runtime.workers.calendars import NoPeriods, periods
from hypothesis import example, given, settings
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

MINUTE = 60_000
ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"),
    *("Asia/Beirut", "America/Santiago", "Antarctica/Troll", "Asia/Kathmandu", "Pacific/Apia"),
    *("Pacific/Kiritimati", "Etc/GMT+12", "UTC", "Africa/Casablanca"),
)


def zone(name: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def slow(calendar: dict[str, Any], opened: datetime, wanted: int) -> str:
    """The first minute by which ``wanted`` minutes of open time have passed: a day is open from the
    first minute in which the clock shows the opening hour, or is past it, to the first one in which
    it shows the closing hour, or is past that."""
    clock = zone(calendar["zone"])
    opens, closes = (int(one[:2]) * 60 + int(one[3:]) for one in calendar["hours"])
    now = opened - timedelta(days=2)
    opened_on: set[date] = set()
    closed_on: set[date] = set()
    left = wanted
    while left:
        shown = now.astimezone(clock).replace(tzinfo=None)
        is_open = False
        for back in (0, 1):
            day = shown.date() - timedelta(days=back)
            of_day = (shown - datetime.combine(day, datetime.min.time())) // timedelta(minutes=1)
            if of_day >= opens:
                opened_on.add(day)
            if of_day >= closes:
                closed_on.add(day)
            counts = DAYS[day.weekday()] in calendar["days"]
            if counts and day.isoformat() not in calendar["except"]:
                is_open |= day in opened_on and day not in closed_on
        now += timedelta(minutes=1)
        if is_open and now > opened:
            left -= 1
    return instant_text(int(now.timestamp()) * 1000)


def calendar(
    name: str, days: list[str], opens: int, closes: int, closed: list[str]
) -> dict[str, Any]:
    hours = [text(opens), text(closes)]
    return {"zone": name, "days": days, "hours": hours, "except": sorted(closed)}


WEEK = list(DAYS)


@settings(max_examples=settings.default.max_examples // 2)
@given(
    name=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from(DAYS), min_size=1).map(lambda s: [d for d in DAYS if d in s]),
    hours=st.lists(st.integers(0, 96).map(lambda n: n * 15), min_size=2, max_size=2, unique=True),
    day=st.integers(0, 365 * 4),
    minute=st.integers(0, 1439),
    wanted=st.integers(1, 60 * 20),
    closed=st.sets(st.integers(0, 9), max_size=3),
)
# The clock leaps in the opening hour, in the closing hour, and over midnight; it stands twice.
@example("Europe/Berlin", WEEK, [120, 1050], 87, 0, 1500, set())
@example("Europe/Berlin", WEEK, [150, 1050], 86, 1300, 1200, set())
@example("Europe/Berlin", WEEK, [0, 150], 86, 0, 300, set())
@example("Europe/Berlin", WEEK, [150, 240], 296, 0, 300, set())
@example("America/Havana", WEEK, [0, 60], 66, 0, 150, set())
@example("America/Havana", WEEK, [15, 1440], 304, 0, 3000, set())
@example("America/Santiago", WEEK, [0, 1440], 94, 0, 3000, set())
@example("America/Santiago", WEEK, [1395, 1440], 92, 0, 150, set())
@example("Australia/Lord_Howe", WEEK, [105, 600], 93, 0, 1500, set())
def test_as_a_clock_that_is_looked_at_every_minute(
    name: str,
    days: list[str],
    hours: list[int],
    day: int,
    minute: int,
    wanted: int,
    closed: set[int],
) -> None:
    opened = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    off = [(opened.date() + timedelta(days=n)).isoformat() for n in closed]
    opens, closes = sorted(hours)
    made = calendar(name, days, opens, closes, off)
    at = instant_text(int(opened.timestamp()) * 1000)
    found = periods(made, at, duration_text(wanted * MINUTE))
    check_periods(made, at, found)
    assert after(at, found, wanted * MINUTE) == slow(made, opened, wanted)
    # Open time is never longer than what passes.
    assert instant_ms(after(at, found, wanted * MINUTE)) - instant_ms(at) >= wanted * MINUTE


BERLIN = calendar("Europe/Berlin", WEEK[:5], 540, 1050, ["2026-12-25"])


@pytest.mark.parametrize(
    ("opened", "length", "instant"),
    [
        # In the night, on a Saturday, within an open day, at its very end.
        ("2026-11-23T03:00:00.000Z", "PT1H", "2026-11-23T09:00:00.000Z"),
        ("2026-11-21T12:00:00.000Z", "PT1H", "2026-11-23T09:00:00.000Z"),
        ("2026-11-23T10:00:00.500Z", "PT1H", "2026-11-23T11:00:00.500Z"),
        ("2026-11-23T16:00:00.000Z", "PT30M", "2026-11-23T16:30:00.000Z"),
        ("2026-11-23T16:00:00.000Z", "PT31M", "2026-11-24T08:01:00.000Z"),
        ("2026-11-23T16:30:00.000Z", "PT1H", "2026-11-24T09:00:00.000Z"),
        # Over Christmas, a Friday; over the night in which summer time begins.
        ("2026-12-24T15:30:00.000Z", "PT2H", "2026-12-28T09:00:00.000Z"),
        ("2027-03-26T15:30:00.000Z", "PT2H", "2027-03-29T08:00:00.000Z"),
        ("2026-11-23T08:00:00.000Z", "PT85H", "2026-12-04T16:30:00.000Z"),
    ],
)
def test_hours_of_an_office(opened: str, length: str, instant: str) -> None:
    found = periods(BERLIN, opened, length)
    check_periods(BERLIN, opened, found)
    hours, minutes = int(length[2:-1]), 0
    if length.endswith("M"):
        hours, minutes = 0, hours
    assert after(opened, found, (hours * 60 + minutes) * MINUTE) == instant


def test_what_never_comes(tmp_path: Any) -> None:
    for name in ("Europe/Nowhere", "../zones", "", "/etc/localtime", "zone.tab"):
        with pytest.raises(NoPeriods, match="no time zone"):
            periods({**BERLIN, "zone": name}, "2026-11-23T08:00:00.000Z", "PT1H")
    with pytest.raises(NoPeriods, match="not open for so long"):
        periods(BERLIN, "2026-11-23T08:00:00.000Z", "PT99999H")
    # A minute a week, for more weeks than ten years have.
    rare = calendar("UTC", ["mon"], 0, 1, [])
    with pytest.raises(NoPeriods):
        periods(rare, "2026-11-23T08:00:00.000Z", "PT12H")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.clear(),
        lambda rows: rows.pop(0),
        lambda rows: rows.pop(1),
        lambda rows: rows.insert(1, rows[1]),
        lambda rows: rows.insert(2, ["2026-11-28", *rows[1][1:]]),
        lambda rows: rows[1].__setitem__(1, "2026-11-24T11:30:00.000Z"),
        lambda rows: rows[1].__setitem__(2, "2026-11-24T19:00:00.000Z"),
        lambda rows: rows[1].__setitem__(2, "2026-11-24T07:00:00.000Z"),
        lambda rows: [row.__setitem__(1, row[1].replace("T08", "T23")) for row in rows],
    ],
)
def test_periods_that_are_not_the_calendars(spoil: Any) -> None:
    opened = "2026-11-24T03:00:00.000Z"
    rows = periods(BERLIN, opened, "PT30H")
    check_periods(BERLIN, opened, rows)
    spoil(rows)
    with pytest.raises(EvidenceError) as refused:
        check_periods(BERLIN, opened, rows)
    assert refused.value.code == "periods"


def test_a_gate_opens_with_them(world: Any) -> None:
    command = {
        **world.of("office"),
        "workflow_id": "activity_refund",
        "initiator": {"actor": world.actor("carol"), "value": "carol"},
        "opened_at": "2026-12-24T15:30:00.000Z",
        "proposal": {
            "order": {
                "id": "A-1",
                "customer": "Zoë",
                "total": {"amount": "90.00", "currency": "EUR"},
            },
            "refund": {"amount": "40.00", "currency": "EUR"},
            "reason": "broken",
        },
    }
    said = asyncio.run(ActivityEnvironment().run(world.opener().open_gate, command))
    assert said["instants"] == [
        ["2026-12-24T16:30:00.000Z", "remind", "none", "none"],
        ["2026-12-28T15:30:00.000Z", "reject", "none", "none"],
    ]
    assert [row[0] for row in said["periods"]] == ["2026-12-23", "2026-12-24", "2026-12-28"]


def waiting(world: Any) -> dict[str, Any]:
    world.put(world.created())
    made: dict[str, Any] = world.waiting("office")
    return made


def test_its_decision_is_valid(world: Any) -> None:
    world.put(waiting(world))
    votes = [world.vote("alice"), world.vote("bob")]
    world.put(world.approved(votes, gate="office"))
    assert [one.code for one in world.verdict()[1]] == ["no_end"]


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("periods", lambda records: records.pop(0)),
        ("periods", lambda records: records.insert(0, records[0])),
        # Arithmetic alone would take this: the zone's clock moved by a quarter of an hour.
        (
            "periods",
            lambda records: [
                row.__setitem__(2, row[2].replace("T16:30", "T16:45"))
                for row in records[0]["periods"]
            ],
        ),
        (
            "clock",
            lambda records: records[1]["instants"][1].__setitem__(0, "2026-11-25T08:00:00.000Z"),
        ),
    ],
)
def test_a_gate_on_a_calendar_says_which_hours(world: Any, rule: str, spoil: Any) -> None:
    from commit_steps import refused

    made = waiting(world)
    spoil(made["records"])
    assert refused(world, made) == rule


def test_a_gate_without_a_calendar_says_none(world: Any) -> None:
    from commit_steps import refused

    made = waiting(world)
    calendar = {**made["records"][0], "gate": "paying"}
    plain = world.waiting("paying")
    assert refused(world, {**plain, "records": [calendar, *plain["records"]]}) == "periods"

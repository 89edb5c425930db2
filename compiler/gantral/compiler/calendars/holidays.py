"""The holidays of an iCalendar file (RFC 5545), as dates.

Read for days on which an office is closed, and nothing else: whole days, repeated by year or week.
What would need a guess is refused with its reason, and every bound is fixed: a file can make the
compiler neither wait nor grow, and the same text gives the same dates on any day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from gantral.dsl.frozen import frozen

# The span over which repeated days are spelled out; no gate opens before it.
FIRST: Final = date(2020, 1, 1)
LAST: Final = date(2049, 12, 31)
MOST_CHARACTERS: Final = 256 * 1024
MOST_EVENTS: Final = 2_000
MOST_REPEATED: Final = 100
MOST_DATES: Final = 4_000
MOST_DAYS: Final = 366
_EARLIEST: Final = 1900
_RULE_CHARACTERS: Final = 300
_BOUNDS = frozenset("FREQ INTERVAL COUNT UNTIL WKST BYDAY".split())
# What a rule may say, by how it repeats. dateutil looks for the next day of a rule that is never
# met until the year 9999: by years that is soon over, by weeks a rule of these parts is always met.
_PARTS = {
    "YEARLY": _BOUNDS | set("BYMONTH BYMONTHDAY BYYEARDAY BYWEEKNO BYSETPOS".split()),
    "WEEKLY": _BOUNDS,
}


class NoHolidays(Exception):  # noqa: N818 - what a file is, not a fault
    """The file can't be read as holidays; the message says why, `help` what to do."""

    def __init__(self, why: str, help: str) -> None:
        self.help = help
        super().__init__(why)


@frozen
class Holidays:
    """Sorted dates within FIRST and LAST. After `known_until` the file names none any more that it
    does not repeat for ever."""

    dates: tuple[date, ...]
    known_until: date


@lru_cache(maxsize=16)
def holidays(text: str) -> Holidays:
    """The dates that the text of a file names.

    Raises:
        NoHolidays: it is no iCalendar file, or holds what is not read here.
    """
    if len(text) > MOST_CHARACTERS:
        raise NoHolidays(
            f"it is longer than {MOST_CHARACTERS // 1024} KiB", "leave in it the holidays alone"
        )
    events = _events(text)
    if not events:
        raise NoHolidays("there is no VEVENT in it", "export the holidays as events of whole days")
    if len(events) > MOST_EVENTS:
        raise NoHolidays(f"it has more than {MOST_EVENTS} events", "leave past years out")
    if sum("RRULE" in one for one in events) > MOST_REPEATED:
        raise NoHolidays(
            f"more than {MOST_REPEATED} of its events repeat", "leave in it the holidays alone"
        )
    found: set[date] = set()
    ends: list[date] = []
    for event in events:
        dates, endless = _of(event)
        if dates and not endless:
            ends.append(max(dates))
        found |= {one for one in dates if FIRST <= one <= LAST}
        if len(found) > MOST_DATES:
            raise NoHolidays(f"it names more than {MOST_DATES} days", "name the holidays alone")
    known = max(ends, default=LAST)
    return Holidays(tuple(sorted(found)), date(known.year, 12, 31))


def _events(text: str) -> list[Any]:
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except Exception as error:
        # The library raises many kinds; each says that this is no iCalendar text.
        raise NoHolidays(f"it is no iCalendar file ({_line(error)})", "export it anew") from None
    found: list[Any] = []
    for calendar in calendars:
        if calendar.name != "VCALENDAR":
            raise NoHolidays("it does not begin with BEGIN:VCALENDAR", "export it anew")
        for part in calendar.subcomponents:
            if part.errors:
                raise NoHolidays(f"its {part.name} has {part.errors[0][0]} wrong", "correct it")
            if part.name == "VEVENT":
                found.append(part)
    return found


def _of(event: Any) -> tuple[set[date], bool]:
    """The dates of one event, and whether it repeats for ever."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return set(), True
    for name in ("RECURRENCE-ID", "EXRULE"):
        if name in event:
            raise _not_read(event, name, "take the day out by EXDATE and name it as its own event")
    start = _date(event, "DTSTART", _value(event, "DTSTART"))
    length = _length(event, start)
    starts, endless = {start}, False
    if "RRULE" in event:
        starts, endless = _repeated(event, start)
    starts |= set(_dates(event, "RDATE"))
    starts -= set(_dates(event, "EXDATE"))
    if len(starts) * length > MOST_DATES:
        why = f"{_named(event)} names more than {MOST_DATES} days"
        raise NoHolidays(why, "name the holidays alone")
    return {one + timedelta(days=n) for one in starts for n in range(length)}, endless


def _length(event: Any, start: date) -> int:
    if "DTEND" in event:
        length = (_date(event, "DTEND", _value(event, "DTEND")) - start).days
    elif "DURATION" in event:
        lasting = _value(event, "DURATION")
        if not isinstance(lasting, timedelta) or lasting % timedelta(days=1):
            raise _not_read(event, "DURATION", "holidays are whole days: write DURATION:P1D")
        length = lasting.days
    else:
        length = 1
    if not 1 <= length <= MOST_DAYS:
        raise _not_read(event, f"its length of {length} days", "let it end after it begins")
    return length


def _repeated(event: Any, start: date) -> tuple[set[date], bool]:
    rules = event["RRULE"]
    if isinstance(rules, list):
        raise _not_read(event, "more than one RRULE", "make an event of each")
    text = rules.to_ical().decode()
    frequency = [str(one) for one in rules.get("FREQ", [])]
    every = [int(one) for one in rules.get("INTERVAL", [1])]
    if (
        len(text) > _RULE_CHARACTERS
        or len(frequency) != 1
        or not set(rules) <= _PARTS.get(frequency[0], set())
        or len(every) != 1
        or every[0] < 1
    ):
        raise _not_read(
            event, f"RRULE:{text[:80]}", "repeat by FREQ=YEARLY, or by WEEKLY and BYDAY"
        )
    endless = "COUNT" not in rules and "UNTIL" not in rules
    found = set(_spelled_out(event, rules, text, start))
    if start <= LAST and start not in found:
        why = "a DTSTART that its RRULE does not name"
        raise _not_read(event, why, "begin with the first day that the rule names")
    return found, endless


def _spelled_out(event: Any, rules: Any, text: str, start: date) -> Iterator[date]:
    from dateutil.rrule import rrule, rrulestr

    until = LAST
    if "UNTIL" in rules:
        until = min(until, _day(rules["UNTIL"][0]))
    most = int(rules["COUNT"][0]) if "COUNT" in rules else MOST_DATES + 1
    parts = [one for one in text.split(";") if not one.startswith(("COUNT=", "UNTIL="))]
    try:
        rule = rrulestr(";".join(parts), dtstart=datetime(start.year, start.month, start.day))
        assert isinstance(rule, rrule)
        # The end is ours: a rule that is never met would else be looked for until the year 9999.
        bounded = rule.replace(until=datetime(until.year, until.month, until.day))
        for one in islice(bounded, min(most, MOST_DATES + 1)):
            yield one.date()
    except (ValueError, TypeError, AssertionError, OverflowError):
        raise _not_read(event, f"RRULE:{text[:80]}", "correct it") from None


def _dates(event: Any, name: str) -> Iterator[date]:
    listed = event.get(name, [])
    for one in listed if isinstance(listed, list) else [listed]:
        for each in one.dts:
            yield _date(event, name, each.dt)


def _value(event: Any, name: str) -> Any:
    found = event.get(name)
    if found is None or isinstance(found, list):
        raise _not_read(event, f"its {name}", "write each once")
    return found.dt


def _date(event: Any, name: str, value: Any) -> date:
    if isinstance(value, datetime) or not isinstance(value, date) or value.year < _EARLIEST:
        raise _not_read(event, f"its {name}", f"name a whole day: {name};VALUE=DATE:20261225")
    return value


def _day(value: Any) -> date:
    found: date = value.date() if isinstance(value, datetime) else value
    return found


def _not_read(event: Any, what: str, help: str) -> NoHolidays:
    return NoHolidays(f"{what} of {_named(event)} is not read here", help)


def _named(event: Any) -> str:
    summary = str(event.get("SUMMARY", "")) or str(event.get("UID", ""))
    return f"the event `{_line(summary)}`" if summary else "an event"


def _line(text: object) -> str:
    return " ".join(str(text).split())[:60]

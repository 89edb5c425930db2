"""Calendars: their zone, days, hours and holidays (LANGUAGE section 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from gantral.compiler.calendars.zones import zones
from gantral.compiler.names.findings import Findings, meant
from gantral.compiler.names.module import Names
from gantral.compiler.names.project import imported_path
from gantral.compiler.program import declarations as de
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Calendars:
    """Checks calendars, each once. `read` gives a file's text by its path from the root."""

    def __init__(self, findings: Findings, read: Callable[[str], str | None]) -> None:
        self._findings = findings
        self._read = read
        self._made: dict[Span, de.Calendar | None] = {}

    def calendar(self, names: Names, one: syn.Calendar) -> de.Calendar | None:
        """The calendar; None after a finding."""
        key = one.name.span
        if key not in self._made:
            self._made[key] = self._calendar(names, one)
        return self._made[key]

    def used(self, names: Names, path: syn.Path) -> de.Calendar | None:
        """The calendar that a clock names; None after a finding."""
        found = names.lookup("calendar", path.parts, path.span)
        if found is None:
            return None
        assert isinstance(found[1], syn.Calendar)
        return self.calendar(found[0], found[1])

    def _calendar(self, names: Names, one: syn.Calendar) -> de.Calendar | None:
        before = self._findings.errors
        if one.zone.value not in zones():
            # The name stands in quotes, which no edit may take away.
            help, _ = meant(
                one.zone.span, one.zone.value, zones(), 'name one as in "Europe/Berlin"'
            )
            self._error("G0340", one.zone.span, f"there is no zone `{one.zone.value}`", help)
        first, last = self._day(one.first_day), self._day(one.last_day)
        if one.opens.minutes >= one.closes.minutes:
            self._error(
                "G0340",
                one.closes.span,
                "the hours end before they begin",
                "write the earlier time first; a day ends with 24:00 at the latest",
            )
        closed, known = self._holidays(names, one.holidays)
        if self._findings.errors > before:
            return None
        assert first is not None
        assert last is not None
        count = (last - first) % 7 + 1
        days = {(first + n) % 7 for n in range(count)}
        made = de.Calendar(
            name=one.name.text,
            zone=one.zone.value,
            days=tuple(DAYS[number] for number in sorted(days)),
            opens=one.opens.minutes,
            closes=one.closes.minutes,
            closed=tuple(each.isoformat() for each in closed if each.weekday() in days),
            known_until=None if known is None else known.isoformat(),
            span=one.name.span,
            holidays=one.holidays.span if one.holidays is not None else None,
        )
        return made if self._opens(one, made, days) else None

    def _day(self, one: syn.Identifier) -> int | None:
        if one.text in DAYS:
            return DAYS.index(one.text)
        help, _ = meant(one.span, one.text, DAYS, "days are mon tue wed thu fri sat sun")
        self._error("G0340", one.span, f"there is no day `{one.text}`", help)
        return None

    def _holidays(
        self, names: Names, file: syn.PlainText | None
    ) -> tuple[tuple[date, ...], date | None]:
        if file is None:
            return (), None
        path = imported_path(names.source.path, file.value)
        if path is None or not file.value:
            self._error(
                "G0214",
                file.span,
                f'"{file.value}" leaves the project',
                "name a file of this project by a relative path with `/`",
            )
            return (), None
        text = self._read(path)
        if text is None:
            self._error(
                "G0213",
                file.span,
                f"there is no file `{path}` in the project",
                "correct the path; it is relative to this file's folder",
            )
            return (), None
        # What reads it is loaded for a calendar with holidays, and for nothing else.
        from gantral.compiler.calendars.holidays import NoHolidays, holidays

        try:
            found = holidays(text)
        except NoHolidays as fault:
            self._error("G0341", file.span, f"`{path}`: {fault}", fault.help)
            return (), None
        return found.dates, found.known_until

    def _opens(self, one: syn.Calendar, made: de.Calendar, days: set[int]) -> bool:
        """Whether it is never closed for over a year; what is closed for ever rejects nobody."""
        if not made.closed:
            return True
        closed = {date.fromisoformat(each) for each in made.closed}
        day, last, open_since = min(closed), max(closed), min(closed)
        while day <= last:
            if day.weekday() in days and day not in closed:
                open_since = day
            if (day - open_since).days > 366:
                assert one.holidays is not None
                self._error(
                    "G0343",
                    one.holidays.span,
                    f"calendar `{made.name}` is closed for over a year from {open_since}",
                    "name the holidays alone",
                )
                return False
            day += timedelta(days=1)
        return True

    def _error(self, code: str, span: Span, message: str, help: str) -> None:
        self._findings.error(code, span, message, help)

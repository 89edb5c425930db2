"""The clock of a place: what day it is there, and when a day begins.

The program carries the zone's table (ADR 0150): nothing here reads zone data, so a replay on any
machine, in any year, tells the same day.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = 86_400
_HORIZON: Final = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND


class Zone:
    """A zone with its table: ``0+3600 7952400+7200 …``, from which second of 1970 to 2100, in UTC,
    its clock is how many seconds ahead."""

    def __init__(self, name: str, table: str) -> None:
        self.name = name
        self._starts: list[int] = []
        self._ahead: list[int] = []
        for row in table.split():
            sign = "+" if "+" in row else "-"
            start, ahead = row.split(sign)
            self._starts.append(int(start))
            self._ahead.append(int(sign + ahead))

    def day(self, instant: datetime) -> date:
        """The day on which the instant is there. Raises OverflowError outside of 1970 to 2099."""
        second = (instant - _EPOCH) // _SECOND
        if not 0 <= second < _HORIZON:
            raise OverflowError(f"{self.name} is known from 1970 to 2099")
        ahead = self._ahead[bisect_right(self._starts, second) - 1]
        return (_EPOCH + timedelta(seconds=second + ahead)).date()

    def first(self, day: date) -> datetime:
        """The first instant at which its clock shows the day.

        Raises:
            OverflowError: outside of 1970 to 2099, or there was no such day there.
        """
        shown = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // _SECOND
        ends = [*self._starts[1:], _HORIZON]
        for start, end, ahead in zip(self._starts, ends, self._ahead, strict=True):
            # While the clock is so far ahead, it shows the day from here on, for a day at most.
            found = max(start, shown - ahead)
            if found < min(end, shown - ahead + _DAY):
                if start == 0 and shown < ahead:
                    break
                return _EPOCH + timedelta(seconds=found)
        raise OverflowError(f"{self.name} is known from 1970 to 2099, or left {day} out")

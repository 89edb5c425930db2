"""When a zone's clock is put forward or back, of the locked `tzdata` package: what a program that
asks for days there carries with it (ADR 0150)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = 7 * 86_400
HORIZON = int((datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
"""Where the table ends, in seconds since 1970 begins: in 2100."""


@cache
def shifts(zone: str) -> str:
    """`0+3600 7952400+7200 …`: from which second of 1970 to 2100, in UTC, the zone's clock is how
    many seconds ahead.

    Raises:
        OSError: there is no such zone.
    """
    # Only here: most specs name no zone, and this costs an import.
    from importlib import resources
    from zoneinfo import ZoneInfo

    place = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    with place.open("rb") as file:
        clock = ZoneInfo.from_file(file, key=zone)

    def ahead(second: int) -> int:
        found = (_EPOCH + timedelta(seconds=second)).astimezone(clock).utcoffset()
        assert found is not None
        return int(found.total_seconds())

    known = ahead(0)
    rows = [f"0{known:+}"]
    for at in range(0, HORIZON, _STEP):
        # No zone puts its clock forth and back within a week (tried: a day finds the same for all).
        low, high = at, min(at + _STEP, HORIZON - 1)
        if ahead(high) == known:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if ahead(middle) == known else (low, middle)
        known = ahead(high)
        rows.append(f"{high}{known:+}")
    return " ".join(rows)

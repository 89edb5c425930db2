"""The text forms of names, hashes, instants and durations, and arithmetic on them.

Own arithmetic on whole milliseconds instead of ``datetime``: the recount runs inside a workflow
sandbox and in the verifier's inner loop, and must be the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from gantral.evidence.errors import EvidenceError

HEX64 = re.compile(r"[0-9a-f]{64}\Z")
HEX32 = re.compile(r"[0-9a-f]{32}\Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
ACTOR = re.compile(r"actor:[0-9a-f]{32}\Z")
POLICY = re.compile(r"sha256:[0-9a-f]{64}\Z")
NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
COMMIT_NUMBER = re.compile(r"[0-9]{8}\Z")
ARTIFACT_VALUE = re.compile(r"[A-Za-z0-9._:/+-]{1,200}\Z")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z\Z"
)
_DURATION = re.compile(r"PT(?:([1-9][0-9]*)H)?(?:([1-9][0-9]*)M)?(?:([0-9]+)(?:\.([0-9]{3}))?S)?\Z")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_WHOLE = re.compile(r"-?[0-9]{1,400}\Z")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")


def matcher(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    """A test that a value is text of this form."""
    match = pattern.match
    return lambda value: isinstance(value, str) and match(value) is not None


is_hex64 = matcher(HEX64)
is_uuid = matcher(UUID)
is_name = matcher(NAME)
is_actor = matcher(ACTOR)
is_policy = matcher(POLICY)
is_number = matcher(NUMBER)


def is_instant(value: object) -> bool:
    """Whether ``value`` is an instant of FORMAT section 2 that the calendar holds."""
    if not isinstance(value, str):
        return False
    try:
        instant_ms(value)
    except EvidenceError:
        return False
    return True


@lru_cache(maxsize=4096)
def instant_ms(text: str) -> int:
    """Milliseconds since 1970-01-01 of ``YYYY-MM-DDTHH:MM:SS.mmmZ``.

    Raises:
        EvidenceError: ``form``.
    """
    match = _INSTANT.match(text)
    if match is None:
        raise EvidenceError("form", f"no instant: {text[:40]}")
    year, month, day, hour, minute, second, ms = map(int, match.groups())
    if hour > 23 or minute > 59 or second > 59:
        raise EvidenceError("form", f"no instant: {text[:40]}")
    days = _days(year, month, day, text)
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms


def instant_text(ms: int) -> str:
    """The text of an instant given in milliseconds since 1970-01-01; the inverse of
    ``instant_ms``."""
    days, rest = divmod(ms, 86_400_000)
    year, month, day = _civil(days)
    seconds, milli = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"


def date_days(text: str) -> int:
    """Days since 1970-01-01 of ``YYYY-MM-DD``.

    Raises:
        EvidenceError: ``form``.
    """
    match = _DATE.match(text)
    if match is None:
        raise EvidenceError("form", f"no date: {text[:40]}")
    return _days(int(match[1]), int(match[2]), int(match[3]), text)


@lru_cache(maxsize=1024)
def duration_ms(text: str) -> int:
    """Milliseconds of a canonical duration ``PT[nH][nM][n[.mmm]S]`` (docs/manifest.md).

    Raises:
        EvidenceError: ``form``, also for a duration that is not in its one canonical form.
    """
    match = _DURATION.match(text)
    if match is None or text == "PT" or any(len(part or "") > 12 for part in match.groups()):
        raise EvidenceError("form", f"no duration: {text[:40]}")
    hours, minutes, seconds, milli = (int(part or 0) for part in match.groups())
    total = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milli
    if duration_text(total) != text:
        raise EvidenceError("form", f"a duration that is not canonical: {text[:40]}")
    return total


def duration_text(ms: int) -> str:
    """The canonical text of a duration of ``ms`` >= 0 milliseconds."""
    seconds, milli = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    text = "PT" + (f"{hours}H" if hours else "") + (f"{minute}M" if minute else "")
    if second or milli or text == "PT":
        text += f"{second}.{milli:03}S" if milli else f"{second}S"
    return text


def decimal(text: str, *, whole: bool = False) -> Decimal:
    """The number of its plain text, exactly: digits, perhaps a point and digits. Not what Python
    reads beside that: no exponent, blank, underscore, infinity or digits of other scripts.

    Raises:
        EvidenceError: ``form``.
    """
    match = _DECIMAL.match(text) if len(text) <= 400 else None
    if match is None or (whole and match[1]):
        raise EvidenceError("form", f"no number: {text[:40]}")
    return Decimal(text)


def typed(kind: str, text: str) -> str | int | bool:
    """What a person typed for a field of a kind (``"int"``, ``"bool"``, ...), as JSON holds it.
    Text that is no such value stays text, so that whoever reads it refuses the field by name."""
    if kind == "int" and _WHOLE.match(text):
        return int(text)
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    return text


def plus(instant: str, ms: int) -> str:
    """``instant`` moved by ``ms`` milliseconds."""
    return instant_text(instant_ms(instant) + ms)


_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days(year: int, month: int, day: int, text: str) -> int:
    if not 1 <= month <= 12:
        raise EvidenceError("form", f"no such month: {text[:40]}")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _LENGTHS[month - 1] + (leap and month == 2) or year < 1:
        raise EvidenceError("form", f"no such day: {text[:40]}")
    # Days from civil: March-based years make the leap day the last of its year.
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _civil(days: int) -> tuple[int, int, int]:
    era, of_era = divmod(days + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day

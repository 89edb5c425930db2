"""Text forms of scalars (docs/manifest.md): one writer and one strict reader for each.

Decimals have exactly their scale, instants milliseconds and ``Z``, durations the canonical
``PT[nH][nM][n[.mmm]S]``.
Arithmetic on decimals happens in a context that traps inexact results: money is never rounded by
accident (DESIGN section 5).
"""

from __future__ import annotations

import decimal
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

# Python's default context rounds at 28 digits and says nothing. Here a result that does not fit
# raises, which a governed run ends as a failed action.
EXACT: Final = decimal.Context(
    prec=10_000,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[
        decimal.Inexact,
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.Underflow,
        decimal.FloatOperation,
    ],
)

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,999})(?:\.[0-9]{1,999})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\.([0-9]{3})Z")
_DURATION = re.compile(
    r"(-?)PT(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,12})(?:\.([0-9]{3}))?S)?", re.ASCII
)

# Python writes and reads ints of 4,300 digits and no more.
_DIGITS: Final = 4_000
_LONGEST: Final = 10**_DIGITS

MILLISECOND: Final = timedelta(milliseconds=1)


def to_scale(value: Decimal, scale: int) -> Decimal:
    """Return ``value`` with exactly ``scale`` decimals: 40 is 40.00.

    Raises:
        ValueError: if digits would be lost (40.005 at scale 2), or the value is not finite.
    """
    if not value.is_finite():
        raise ValueError("a decimal is a finite number")
    try:
        scaled = EXACT.quantize(value, Decimal((0, (1,), -scale)))
    except decimal.DecimalException:
        raise ValueError(f"a decimal with more than {scale} digits after the point") from None
    # There is one zero: "-0.00" would be a second text, and a second hash, for the same amount.
    return EXACT.abs(scaled) if scaled.is_zero() else scaled


def read_decimal(text: str, scale: int) -> Decimal:
    """Read a decimal's text; fewer digits than ``scale`` are filled up.

    Raises:
        ValueError: for exponents, signs other than one minus, spaces, and digits beyond the scale.
    """
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError('a decimal is written like "40.00"')
    return to_scale(Decimal(text), scale)


def write_decimal(value: Decimal) -> str:
    """The decimal with exactly its digits, never with an exponent. A zero has no sign: a product
    may have one in Python."""
    return format(value.copy_abs() if value.is_zero() else value, "f")


def writable(value: int) -> int:
    """The int, which can be written and sent.

    Raises:
        OverflowError: for more digits than Python writes: no value of the language is that long.
    """
    if abs(value) >= _LONGEST:
        raise OverflowError(f"an int of more than {_DIGITS:,} digits")
    return value


def read_date(text: str) -> date:
    """Read ``YYYY-MM-DD``. Raises ValueError for anything else."""
    if _DATE.fullmatch(text) is None:
        raise ValueError('a date is written like "2026-11-23"')
    return date.fromisoformat(text)


def read_instant(text: str) -> datetime:
    """Read ``YYYY-MM-DDTHH:MM:SS.mmmZ``. Raises ValueError for anything else."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError('an instant is written like "2026-11-23T10:00:00.000Z"')
    whole = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)
    return whole + int(found.group(2)) * MILLISECOND


def to_millisecond(value: datetime) -> datetime:
    """Cut an aware instant to milliseconds, in UTC.

    Raises:
        ValueError: if it has no zone: which instant it names is then not known.
    """
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone; use datetime.now(timezone.utc)")
    in_utc = value.astimezone(UTC)
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)


def write_instant(value: datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SS.mmmZ``, cut to the millisecond."""
    return to_millisecond(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_duration(text: str) -> timedelta:
    """Read ``PT[nH][nM][n[.mmm]S]``; ``PT90S`` is PT1M30S. Raises ValueError for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.group(part) for part in (2, 3, 4)):
        raise ValueError('a duration is written like "PT1H30M"')
    sign, hours, minutes, seconds, thousandths = found.groups()
    length = timedelta(
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        milliseconds=int(thousandths or 0),
    )
    return -length if sign else length


def write_duration(value: timedelta) -> str:
    """The canonical form: hours are not folded into days, zero parts are left out, zero is PT0S."""
    total = value // MILLISECOND
    sign, total = ("-", -total) if total < 0 else ("", total)
    seconds, thousandths = divmod(total, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}H" if hours else ""
    text += f"{minutes}M" if minutes else ""
    if thousandths:
        text += f"{seconds}.{thousandths:03d}S"
    elif seconds or not text:
        text += f"{seconds}S"
    return f"{sign}PT{text}"


def nfc(data: Any) -> Any:
    """Wire data with every text in it in NFC."""
    if isinstance(data, str):
        return unicodedata.normalize("NFC", data)
    if isinstance(data, list):
        return [nfc(item) for item in data]
    if isinstance(data, dict):
        return {name: nfc(item) for name, item in data.items()}
    return data

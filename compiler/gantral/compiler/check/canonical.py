"""Constants as canonical text (the form that evidence, manifest and wire share)."""

from __future__ import annotations

import re
from decimal import Decimal

_DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{3}))?S)?", re.ASCII)


def decimal_text(value: Decimal | int, scale: int) -> str:
    """The number with exactly `scale` digits after the point; it has no more than that."""
    whole, _, part = format(Decimal(value), "f").partition(".")
    return f"{whole}.{part.ljust(scale, '0')}" if scale else whole


def duration_text(milliseconds: int) -> str:
    """ISO 8601, hours not folded into days, zero parts left out: `PT1M30S`, zero is `PT0S`."""
    sign = "-" if milliseconds < 0 else ""
    seconds, rest = divmod(abs(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}H" if hours else ""
    text += f"{minutes}M" if minutes else ""
    if rest:
        text += f"{seconds}.{rest:03}S"
    elif seconds or not text:
        text += f"{seconds}S"
    return f"{sign}PT{text}"


def duration_of(text: str) -> int:
    """The milliseconds of what `duration_text` wrote."""
    found = _DURATION.fullmatch(text)
    assert found is not None
    hours, minutes, seconds, rest = (int(part or 0) for part in found.groups()[1:])
    whole = ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
    return -whole if found[1] else whole

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


def duration_ms(text: str) -> int:
    """The milliseconds of a canonical duration."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no canonical duration")
    sign = -1 if found[1] else 1
    hours, minutes, seconds, rest = (int(part or 0) for part in found.groups()[1:])
    return sign * (((hours * 60 + minutes) * 60 + seconds) * 1000 + rest)


def written(milliseconds: int) -> str:
    """A duration as one writes it in a spec: `1h 30m`; nothing is `0s`."""
    parts = []
    left = milliseconds
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"

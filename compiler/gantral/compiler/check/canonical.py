"""Constants as canonical text (the form that evidence, manifest and wire share)."""

from __future__ import annotations

from decimal import Decimal


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

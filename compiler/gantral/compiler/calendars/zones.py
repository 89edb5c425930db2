"""The names of time zones: those of the locked `tzdata` package, the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def zones() -> frozenset[str]:
    """Every name, also the older ones that are links."""
    text = resources.files("tzdata").joinpath("zones").read_text("ascii")
    return frozenset(text.split())

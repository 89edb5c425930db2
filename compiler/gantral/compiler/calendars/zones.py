"""The names of time zones: those of the locked `tzdata` package, the same on every machine."""

from __future__ import annotations

from functools import cache


@cache
def zones() -> frozenset[str]:
    """Every name, also the older ones that are links."""
    # Only here: most specs have no calendar, and this costs an import.
    from importlib import resources

    text = resources.files("tzdata").joinpath("zones").read_text("ascii")
    return frozenset(text.split())

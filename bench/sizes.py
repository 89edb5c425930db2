"""How much is measured: `SMALL=1` takes the least of everything, which tells whether it all still
runs (tests/demo asks that) and nothing else."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def size(whole: T, least: T) -> T:
    """The one, or the other with SMALL=1."""
    return least if os.environ.get("SMALL") == "1" else whole

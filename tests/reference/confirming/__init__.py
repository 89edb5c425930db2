"""Holds the compiler's word against the interpreter's."""

from confirming.compiled import Compiled, compiled
from confirming.judging import (
    WRITTEN,
    Tally,
    broken,
    consequence,
    judge,
    stricter_than_any,
    violated,
)
from confirming.witness import RULES, confirm

__all__ = [
    "RULES",
    "WRITTEN",
    "Compiled",
    "Tally",
    "broken",
    "compiled",
    "confirm",
    "consequence",
    "judge",
    "stricter_than_any",
    "violated",
]

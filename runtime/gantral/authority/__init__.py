"""The authority states and their table. Imports nothing of ours."""

from gantral.authority.table import (
    CAUSES,
    ENDS,
    GROUPS,
    TRANSITIONS,
    Cause,
    IllegalTransition,
    State,
    advance,
)

__all__ = [
    "CAUSES",
    "ENDS",
    "GROUPS",
    "TRANSITIONS",
    "Cause",
    "IllegalTransition",
    "State",
    "advance",
]

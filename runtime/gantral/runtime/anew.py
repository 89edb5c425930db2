"""Going on in a new history (ADR 0174): when, and what is taken along.

The place is the compiler's: between two rounds of a loop, with no gate or wait open, no call in
flight and no approval in scope. No commit is made of it: authority does not change. What is taken
along is believed as little as any answer in history: the next commit must find its predecessor in
the store, and an effect's worker reads every grant there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from gantral.authority import Cause
from gantral.runtime.effects import LARGEST
from gantral.runtime.ends import Ending, Terminated
from temporalio import workflow

# A round begins in a new history when this one has grown so far. The server suggests one as well,
# by its events (4,096 unless it is configured otherwise) and by its size.
EVENTS: Final = 4_000
UPDATES: Final = 1_000
# What is too large to be taken along stays, and the history grows on to here at most: then the run
# ends, while it still can (`gantral.compiler.proofs.p6` counts from these).
MOST_EVENTS: Final = 40_000
MOST_UPDATES: Final = 1_500
_MOST_BYTES: Final = 40 * 1024 * 1024


class Place(TypedDict):
    """Where the run goes on: the loop's site, the round that begins, the names that the rest
    reads (spec-named wire values)."""

    at: str
    round: int
    names: dict[str, Any]


class Carried(TypedDict):
    """What a run takes along to its next history. The parts are of the modules that keep them."""

    place: Place
    started_at: str
    cancelled: bool
    machine: dict[str, Any]
    actions: dict[str, Any]
    gates: dict[str, Any]
    waits: dict[str, Any]


@dataclass
class Anew(Exception):  # noqa: N818 - it is no error
    """The run goes on in a new history; raised through generated code up to the run."""

    carried: Carried


class Grown:
    """How far this history has grown. Deterministic: its length is that at the task's start, which
    a replay tells too."""

    def __init__(self) -> None:
        self.updates = 0  # accepted in this history

    @property
    def full(self) -> bool:
        """Whether the next round should begin in a new one."""
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= EVENTS
            or self.updates >= UPDATES
        )

    def fits(self, carried: Carried) -> bool:
        """Whether it is small enough to be taken along.

        Raises:
            Terminated: it is not, and this history can't grow on.
        """
        if len(json.dumps(carried, ensure_ascii=False).encode()) <= LARGEST:
            return True
        info = workflow.info()
        if (
            info.get_current_history_length() >= MOST_EVENTS
            or info.get_current_history_size() >= _MOST_BYTES
            or self.updates >= MOST_UPDATES
        ):
            at = carried["place"]["at"]
            why = f"{at}: what would go on to a new history is larger than {LARGEST} bytes"
            raise Terminated(Ending(Cause.ACTION_FAILED, why, at))
        return False

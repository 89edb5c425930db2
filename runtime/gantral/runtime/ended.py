"""How a run ended, for whoever waits for it with the instance's key."""

from __future__ import annotations

from typing import Any

from gantral.runtime.ends import RunEnd
from gantral.runtime.sealing import Sealer, Unsealed
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError


async def end_of(handle: WorkflowHandle[Any, Any], sealer: Sealer) -> RunEnd:
    """The end of a run that no other run started.

    Raises:
        WorkflowFailureError: it failed; ``why_failed`` reads that.
        Unsealed: its result is no end.
    """
    end: Any = sealer.open("end", await handle.result())
    return end  # type: ignore[no-any-return]


def why_failed(error: WorkflowFailureError, sealer: Sealer) -> str:
    """Why a run failed: what history holds only as a word and a sealed text."""
    cause = error.cause
    if not isinstance(cause, ApplicationError) or not cause.details:
        return str(cause)
    try:
        return str(sealer.open_value("failure", cause.details[0]))
    except Unsealed:
        return str(cause)

"""What goes through a simulated history is sealed as in a real one (docs/adr/0190): here it is
closed and opened for who stands outside of the runs."""

from __future__ import annotations

from typing import Any

from gantral.runtime.ended import why_failed
from gantral.runtime.sealing import PLAIN, Sealer
from gantral.simulation.memory import key_of
from gantral.simulation.run import CONVERTER
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowFailureError


def is_ours(activity: str) -> bool:
    """Whether a worker of ours does it: others, of ``as`` in a spec, know no envelope."""
    return activity.startswith(("gantral.", "gantral/"))


def sealer(workflow_id: str) -> Sealer:
    """What an instance seals its history with."""
    return Sealer(key_of(workflow_id), workflow_id)


def end_sealer(workflow_id: str, parent: str | None) -> Sealer:
    """What it seals its end with: a child's, for its parent."""
    if parent is None:
        return sealer(workflow_id)
    return Sealer(sealer(parent).for_end(workflow_id), workflow_id)


def close(workflow_id: str, activity: str, what: str, value: Any, argument: Any) -> str:
    """The answer or the failure of an activity that was asked with this opened argument."""
    plain = {name: one for name, one in argument.items() if name in PLAIN}
    return sealer(workflow_id).close_value(f"{activity}:{what}", value, plain)


def why(workflow_id: str, failure: Failure) -> str:
    """Why a run, or an update that it had accepted, failed."""
    cause = CONVERTER.failure_converter.from_failure(failure, CONVERTER.payload_converter)
    return why_failed(WorkflowFailureError(cause=cause), sealer(workflow_id))

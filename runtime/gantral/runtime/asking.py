"""The questions that a gate puts to its evidence worker: before people, and about their decision.

Both answers enter history once, and are committed with the transition that they are about.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gantral.authority import Cause
from gantral.runtime import forms
from gantral.runtime.commands import (
    ASK_GUARD,
    EVIDENCE_QUEUE,
    OPEN_GATE,
    AskGuardAnswer,
    OpenGateAnswer,
    Person,
)
from gantral.runtime.ends import Ending, Terminated
from gantral.runtime.machine import Identity
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

# The activity asks again by itself for 30 seconds; a lost worker's attempt is delivered again.
_OPTIONS: Final[dict[str, Any]] = {
    "task_queue": EVIDENCE_QUEUE,
    "result_type": dict[str, Any],
    "start_to_close_timeout": timedelta(seconds=60),
    "schedule_to_close_timeout": timedelta(days=1),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=1.0, maximum_attempts=5
    ),
}


async def open_gate(
    identity: Identity,
    initiator: Person,
    gate: str,
    round: int,
    site: str,
    opened: datetime,
    proposal: dict[str, Any],
    voted: list[str],
) -> OpenGateAnswer:
    """What the gate needs from outside before people are asked. ``voted``: who voted at gates
    whose deciders are kept out here.

    Raises:
        Terminated: authority_ambiguous: nobody could answer.
    """
    command = {
        **_place(identity, initiator, gate, round),
        "opened_at": forms.write_instant(opened),
        "proposal": proposal,
        "voted": voted,
    }
    try:
        answer: OpenGateAnswer = await workflow.execute_activity(
            OPEN_GATE, command, summary=gate, **_OPTIONS
        )
    except ActivityError as error:
        # Not policy_failure: that word goes with the record of a question that was asked.
        why = f"{site}: the gate could not be opened: {error.cause or error}"
        raise Terminated(Ending(Cause.AUTHORITY_AMBIGUOUS, why, site)) from error
    return answer


async def ask_guard(
    identity: Identity, initiator: Person, gate: str, round: int, decided: dict[str, Any]
) -> AskGuardAnswer:
    """What the gate's guard says of the decided values; where nobody could answer, that."""
    command = {**_place(identity, initiator, gate, round), "decided": decided}
    try:
        answer: AskGuardAnswer = await workflow.execute_activity(
            ASK_GUARD, command, summary=gate, **_OPTIONS
        )
    except ActivityError as error:
        return {
            "cause": Cause.AUTHORITY_AMBIGUOUS.value,
            "problem": f"the guard could not be asked: {error.cause or error}",
            "guard": "none",
            "sealed": "none",
        }
    return answer


def _place(identity: Identity, initiator: Person, gate: str, round: int) -> dict[str, Any]:
    return {
        "team": identity.team,
        "workflow_id": identity.workflow_id,
        "instance_id": identity.instance_id,
        "program": identity.program,
        "gate": gate,
        "round": round,
        "initiator": initiator,
    }

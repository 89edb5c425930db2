"""Reads and notifies: the activity of one operation, on the team's implementation.

They need no approval and leave no evidence of their own, so nothing is claimed: the arguments and
the result are held strictly against the generated types, and the service is called.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from gantral.runtime.calls import ActionFailed
from gantral.runtime.commands import ACTION_FAILED
from gantral.runtime.effects import ours
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.implementations import (
    BadArguments,
    BadResult,
    Implementation,
    call_context,
)
from temporalio import activity
from temporalio.exceptions import ApplicationError

Activity = Callable[..., Any]


def action(program: ProgramInfo, made: Implementation, executor: Executor | None) -> Activity:
    """The activity of a read or notify, under the manifest's wire name."""
    wire = str(program.manifest["operations"][made.operation]["wire"])

    if not ours(program.manifest["operations"][made.operation]):
        return _plain(program, made, wire, executor)

    @activity.defn(name=wire)
    async def run(command: dict[str, Any]) -> dict[str, Any]:
        context = call_context(
            team=program.team,
            workflow_id=program.workflow_id,
            instance_id=_text(command, "instance_id"),
            call=_text(command, "call"),
            operation=made.operation,
        )
        try:
            arguments = made.arguments(command.get("arguments"))
            result = await made.call(context, arguments, executor)
        except Exception as error:
            raise _failed(made.operation, error) from error
        return {"result": None if result is None else result.to_wire()}

    return run


def _plain(
    program: ProgramInfo, made: Implementation, wire: str, executor: Executor | None
) -> Activity:
    # ``as "GetOrder"``: the activity of a plain Temporal shop, wire names in and out.
    @activity.defn(name=wire)
    async def run(arguments: dict[str, Any]) -> Any:
        info = activity.info()
        context = call_context(
            team=program.team,
            workflow_id=program.workflow_id,
            instance_id=info.workflow_id or "none",
            call=info.activity_id,
            operation=made.operation,
        )
        try:
            result = await made.call(
                context, made.arguments(arguments, service_names=True), executor
            )
        except Exception as error:
            raise _failed(made.operation, error) from error
        return None if result is None else result.to_service()

    return run


def _failed(operation: str, error: Exception) -> ApplicationError:
    final = isinstance(error, (BadArguments, BadResult, ActionFailed))
    if isinstance(error, ActionFailed):
        why = error.cause
    elif final:
        why = str(error)
    else:
        # The text of a foreign exception may hold anything; its kind is enough for history, and
        # the worker's own log has the rest.
        activity.logger.warning("%s failed", operation, exc_info=error)
        why = f"{operation} failed with {type(error).__name__}"
    return ApplicationError(why, type=ACTION_FAILED, non_retryable=final)


def _text(command: dict[str, Any], name: str) -> str:
    value = command.get(name)
    if not isinstance(value, str) or not value:
        raise ApplicationError(
            f"the command has no {name}: it was not sent by a governed workflow",
            type=ACTION_FAILED,
            non_retryable=True,
        )
    return value

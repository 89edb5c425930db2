"""Reads, notifies, effects and undos as activities on the mapped queues (LANGUAGE section 5).

An effect's worker believes nothing from here: it reads the grant from the store. What is decided
here is only how long to wait, how often to ask again, and what an answer means for the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gantral.authority import Cause
from gantral.runtime import forms, terms
from gantral.runtime.calls import ActionFailed, Approval, Call
from gantral.runtime.channel import Unanswered
from gantral.runtime.commands import NOT_BEGUN, ActionCommand, EffectAnswer, EffectCommand, Grant
from gantral.runtime.commits import OutcomeRecord, UseRecord
from gantral.runtime.ends import Ending, Terminated
from gantral.runtime.machine import Machine, now, text
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.returned import given
from gantral.runtime.values import problem
from gantral.runtime.vouching import unvouched
from pydantic import ValidationError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, TimeoutError, TimeoutType

# Temporal refuses payloads over 2 MiB in a way that leaves the run stuck, so nothing near it is
# ever handed over (three large ones may share a task).
LARGEST: Final = 512 * 1024

# An approval that does not carry the effect ends the run, handler or not: only a failed action is
# the spec's to handle (DESIGN section 5).
_AUTHORITY_CAUSES: Final = frozenset(
    {
        Cause.LAPSED,
        Cause.SPENT,
        Cause.DRIFTED,
        Cause.CONTEXT_MISMATCH,
        Cause.AUTHORITY_AMBIGUOUS,
    }
)


@dataclass(frozen=True)
class Standing:
    """An effect that is done or of unknown outcome, and not undone."""

    call: str
    operation: str
    arguments: dict[str, Any]
    result: Any
    grants: tuple[Grant, ...]
    known: bool  # False: nobody can say whether it happened


class Actions:
    """What one instance does to the world, and what of it stands."""

    def __init__(self, machine: Machine, program: ProgramInfo) -> None:
        self._machine = machine
        self._program = program
        self._standing: dict[str, Standing] = {}
        self._undo_tried: list[str] = []

    @property
    def standing(self) -> list[str]:
        """Call ids of effects that are done or unknown, and not undone, in order."""
        return list(self._standing)

    def carry(self) -> dict[str, Any]:
        """What stands, for a new history. Of what has no undo nobody needs the arguments."""
        operations = self._program.manifest["operations"]
        return {
            "standing": [
                [one.call, one.operation, one.arguments, one.result, list(one.grants), one.known]
                if operations[one.operation]["undo"] != "none"
                else [one.call, one.operation, {}, None, list(one.grants), one.known]
                for one in self._standing.values()
            ],
            "undo_tried": self._undo_tried,
        }

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on with what stands. Raises KeyError, TypeError or ValueError if it is none."""
        for call, operation, arguments, result, grants, known in carried["standing"]:
            self._standing[text(call)] = Standing(
                call, text(operation), {**arguments}, result, tuple(grants), known is True
            )
        self._undo_tried = [text(one) for one in carried["undo_tried"]]

    async def act(self, call: Call[Any], site: str, *, handled: bool) -> Any:
        """A read or a notify. Returns the result, or None.

        Raises:
            ActionFailed: if it failed and the call site has a handler.
            Terminated: if it failed and has none.
        """
        name = call.operation_.name
        operation = self._program.manifest["operations"][name]
        plain = not ours(operation)
        arguments = call.to_service() if plain else call.to_wire()
        identity = self._machine.identity
        command: ActionCommand = {
            "team": identity.team,
            "workflow_id": identity.workflow_id,
            "instance_id": identity.instance_id,
            "program": identity.program,
            "run": identity.run,
            "call": site,
            "operation": name,
            "arguments": arguments,
        }
        attempts = _retries(operation, default=3 if operation["kind"] == "read" else 0)
        try:
            answer = await self._send(
                name,
                operation,
                arguments if plain else command,
                attempts=attempts,
                queued=forms.read_duration(operation["timeout"]),
            )
            return _result(call, answer if plain else answer["result"], plain=plain)
        except _Failed as failed:
            # A read changes nothing, whatever became of it.
            started = failed.started and operation["kind"] != "read"
            raise self._failed(site, failed.why, started, handled) from failed

    async def effect(
        self, call: Call[Any], site: str, under: Sequence[Approval], *, handled: bool
    ) -> Any:
        """An effect under approvals. Returns the result, or None.

        Raises:
            ActionFailed: if it failed or its outcome is unknown and the call site has a handler.
            Terminated: without handler, and always when an approval does not carry it.
        """
        name = call.operation_.name
        arguments = call.to_wire()
        granted = [approval.grant_ for approval in under]
        grants = tuple(grant.grant for grant in granted)
        lapses = min((grant.lapses for grant in granted if grant.lapses != "none"), default="none")
        answer = await self._answer(
            self._command(site, name, arguments, grants, lapses=lapses, undo=False)
        )
        self._note(answer)
        effect = Standing(site, name, arguments, answer["result"], grants, known=True)
        if answer["status"] == "done":
            self._standing[site] = effect
            try:
                return _result(call, answer["result"], plain=False)
            except _Failed as failed:
                # It is done, but what it gave cannot be read, so neither can an undo be made of it.
                answer = {**answer, "status": "unknown", "problem": failed.why}
        if answer["status"] == "unknown":
            self._standing[site] = Standing(site, name, arguments, None, grants, known=False)
            if handled:
                raise ActionFailed(answer["problem"], "unknown")
            raise Terminated(
                Ending(
                    Cause.EFFECT_UNKNOWN,
                    f"{site}: it is not known whether this happened: {answer['problem']}",
                    site,
                )
            )
        cause = Cause.ACTION_FAILED if answer["cause"] == "none" else Cause(answer["cause"])
        if cause in _AUTHORITY_CAUSES:
            raise Terminated(Ending(cause, f"{site}: {answer['problem']}", site))
        raise self._failed(site, answer["problem"], False, handled)

    async def undo(self, site: str) -> bool:
        """Undo the effect of this call, if it is done and stands; True when nothing is left of it.

        By the authority it was done under; it needs no new approval and does not expire.
        """
        effect = self._standing.get(site)
        if effect is None:
            return True
        undo = self._program.manifest["operations"][effect.operation]["undo"]
        if undo == "none" or not effect.known or site in self._undo_tried:
            return False
        self._undo_tried.append(site)
        arguments = terms.undo_arguments(undo["arguments"], effect.arguments, effect.result)
        answer = await self._answer(
            self._command(
                site, undo["operation"], arguments, effect.grants, lapses="none", undo=True
            )
        )
        self._note(answer)
        if answer["status"] != "done":
            return False
        del self._standing[site]
        return True

    async def undo_all(self) -> None:
        """Undo what is done and stands, last first; a failed undo stops no other."""
        for site in reversed(self.standing):
            await self.undo(site)

    def _command(
        self,
        site: str,
        operation: str,
        arguments: dict[str, Any],
        grants: Sequence[Grant],
        *,
        lapses: str,
        undo: bool,
    ) -> EffectCommand:
        identity = self._machine.identity
        return {
            "team": identity.team,
            "workflow_id": identity.workflow_id,
            "instance_id": identity.instance_id,
            "program": identity.program,
            "run": identity.run,
            "call": site,
            "operation": operation,
            "undo": undo,
            "grants": list(grants),
            "arguments": arguments,
            "lapses": lapses,
        }

    async def _answer(self, command: EffectCommand) -> EffectAnswer:
        operation = self._program.manifest["operations"][command["operation"]]
        queued = forms.read_duration(operation["timeout"])
        if command["lapses"] != "none":
            queued = forms.read_instant(command["lapses"]) - now()
            if queued <= timedelta():
                return _no_answer("not_done", Cause.LAPSED, _lapsed(command))
        idempotent = operation["idempotent"] == "true"
        try:
            answer: EffectAnswer = await self._send(
                command["operation"],
                operation,
                command,
                # Only a service that promised it may see the call a second time.
                attempts=_retries(operation, default=0) if idempotent else 1,
                queued=queued,
            )
        except _Failed as failed:
            if failed.started:
                return _no_answer("unknown", Cause.EFFECT_UNKNOWN, failed.why)
            if failed.queued and command["lapses"] != "none":
                return _no_answer("not_done", Cause.LAPSED, _lapsed(command))
            return _no_answer("not_done", Cause.NONE, failed.why)
        wrong = unvouched(command, answer)
        if wrong:
            why = f"nobody vouches for the answer: {wrong}"
            return _no_answer("unknown", Cause.EFFECT_UNKNOWN, why)
        return answer

    async def _send(
        self,
        name: str,
        operation: Mapping[str, Any],
        argument: Any,
        *,
        attempts: int,
        queued: timedelta,
    ) -> Any:
        if len(json.dumps(argument, ensure_ascii=False).encode()) > LARGEST:
            raise _Failed(f"the arguments are larger than {LARGEST} bytes", started=False)
        retry = operation["retry"] if operation["retry"] != "none" else {}
        every = _duration(retry.get("every"), timedelta(seconds=1))
        heartbeat = operation["heartbeat"]
        channel = self._machine.channel
        ask = channel.ask if ours(operation) else channel.ask_plainly
        try:
            return await ask(
                operation["wire"],
                argument,
                task_queue=self._program.queue(name),
                start_to_close_timeout=forms.read_duration(operation["timeout"]),
                schedule_to_start_timeout=queued,
                heartbeat_timeout=None if heartbeat == "none" else forms.read_duration(heartbeat),
                retry_policy=RetryPolicy(
                    initial_interval=every,
                    maximum_interval=max(every, _duration(retry.get("up_to"), 100 * every)),
                    maximum_attempts=attempts,
                ),
                summary=name,
            )
        except Unanswered as silence:
            raise _failed(silence, attempts) from silence

    def _failed(
        self, site: str, why: str, started: bool, handled: bool
    ) -> ActionFailed | Terminated:
        if handled:
            return ActionFailed(why, "unknown" if started else "no")
        return Terminated(Ending(Cause.ACTION_FAILED, f"{site}: {why}", site))

    def _note(self, answer: EffectAnswer) -> None:
        uses: list[UseRecord] = [{"kind": "use", "claim": claim} for claim in answer["claims"]]
        outcomes: list[OutcomeRecord] = [
            {"kind": "outcome", "outcome": outcome} for outcome in answer["outcomes"]
        ]
        self._machine.note([*uses, *outcomes])


class _Failed(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, why: str, *, started: bool, queued: bool = False) -> None:
        self.why = why
        self.started = started  # whether it may have happened
        self.queued = queued  # nobody took it from the queue in time
        super().__init__(why)


def _failed(silence: Unanswered, attempts: int) -> _Failed:
    cause = None if silence.error is None else silence.error.cause
    if isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START:
        # The server keeps the failure of an earlier attempt as the cause of the time-out.
        started = attempts > 1 and cause.cause is not None
        return _Failed("no worker took it in time", started=started, queued=True)
    if isinstance(cause, TimeoutError):
        return _Failed("no answer in time", started=True)
    if isinstance(cause, ApplicationError) and cause.type == NOT_BEGUN:
        return _Failed(silence.why, started=attempts > 1)
    return _Failed(silence.why, started=True)


def ours(operation: Mapping[str, Any]) -> bool:
    """Whether a worker of ours does it: one without ``as`` in the spec."""
    return str(operation["wire"]).startswith("gantral/")


def _result(call: Call[Any], answer: Any, *, plain: bool) -> Any:
    model = call.result_
    if model is None:
        return None
    try:
        return given(model.from_service(answer) if plain else model.from_wire(answer))
    except ValidationError as error:
        raise _Failed(f"the result is outside its type: {problem(error)}", started=True) from None


def _retries(operation: Mapping[str, Any], *, default: int) -> int:
    retry = operation["retry"]
    return 1 + (default if retry == "none" else int(retry["count"]))


def _duration(text: str | None, default: timedelta) -> timedelta:
    return default if text is None or text == "none" else forms.read_duration(text)


def _no_answer(status: Any, cause: Cause, why: str) -> EffectAnswer:
    return {
        "status": status,
        "result": None,
        "results": [],
        "claims": [],
        "outcomes": [],
        "cause": cause.value,
        "problem": why,
    }


def _lapsed(command: EffectCommand) -> str:
    return f"the approval lapsed at {command['lapses']}"


def lapses(decided: datetime, lasts: str) -> str:
    """When an approval of this moment lapses, as an instant; "none" if it does not."""
    return "none" if lasts == "none" else forms.write_instant(decided + forms.read_duration(lasts))

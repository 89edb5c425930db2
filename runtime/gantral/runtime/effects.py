"""Reads, notifies, effects and undos as activities on the mapped queues (LANGUAGE section 5).

An effect's worker believes nothing from here: it reads the grant from the store. What is decided
here is only how long to wait, how often to ask again, and what an answer means for the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gantral.authority import Cause
from gantral.runtime import forms, programs, terms
from gantral.runtime.attempts import Failed, duration, retries
from gantral.runtime.attempts import failed as attempts_failed
from gantral.runtime.calls import ActionFailed, Approval, Call
from gantral.runtime.channel import Unanswered
from gantral.runtime.commands import ActionCommand, EffectAnswer, EffectCommand, Grant
from gantral.runtime.commits import OutcomeRecord, UseRecord
from gantral.runtime.ends import Ending, Terminated
from gantral.runtime.machine import Machine, now, text
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.returned import given
from gantral.runtime.standing import Standing, adopted, bounded, from_wire
from gantral.runtime.values import problem
from gantral.runtime.vouching import unvouched
from pydantic import ValidationError
from temporalio.common import RetryPolicy

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


class Actions:
    """What one instance does to the world, and what of it stands."""

    def __init__(self, machine: Machine, program: ProgramInfo) -> None:
        self._machine = machine
        self._program = program
        self._standing: dict[str, Standing] = {}
        self._undo_tried: list[str] = []

    @property
    def standing(self) -> list[str]:
        """What is done or unknown, and not undone, in order: call ids, and ``instance/call`` of
        what completed children did."""
        return list(self._standing)

    @property
    def undoable(self) -> list[str]:
        """Of what stands, in the same order, what may still be undone: it is known to be done, and
        has an undo that was not tried."""
        return [
            name
            for name, one in self._standing.items()
            if one.known and self._undo_of(one) is not None and name not in self._undo_tried
        ]

    def left(self) -> list[dict[str, Any]]:
        """What stands, for a parent."""
        return bounded(self.carry()["standing"])

    def adopt(self, left: list[dict[str, Any]], call: str) -> None:
        """Hold what the child of this call left as it completed.

        Raises:
            KeyError, TypeError, ValueError: it is malformed.
            ProgramError: this worker has not the program of which something is left.
        """
        here = self._machine.identity.instance_id
        found = [adopted(from_wire(wire), here, call) for wire in left]
        for one in found:
            programs.get(one.program)
        self._standing.update((one.name, one) for one in found)

    def carry(self) -> dict[str, Any]:
        """What stands, for a new history. Of what has no undo nobody needs the arguments."""
        return {
            "standing": [
                one.to_wire(whole=self._undo_of(one) is not None) for one in self._standing.values()
            ],
            "undo_tried": self._undo_tried,
        }

    def resume(self, carried: dict[str, Any]) -> None:
        """Go on with what stands. Raises KeyError, TypeError or ValueError if it is none."""
        for wire in carried["standing"]:
            one = from_wire(wire)
            self._standing[one.name] = one
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
        attempts = retries(operation, default=3 if operation["kind"] == "read" else 0)
        try:
            answer = await self._send(
                name,
                operation,
                arguments if plain else command,
                attempts=attempts,
                queued=forms.read_duration(operation["timeout"]),
            )
            return _result(call, answer if plain else answer["result"], plain=plain)
        except Failed as failed:
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
        effect = self._own(site, name, arguments, grants, answer["result"], known=True)
        if answer["status"] == "done":
            self._standing[site] = effect
            try:
                return _result(call, answer["result"], plain=False)
            except Failed as failed:
                # It is done, but what it gave cannot be read, so neither can an undo be made of it.
                answer = {**answer, "status": "unknown", "problem": failed.why}
        if answer["status"] == "unknown":
            self._standing[site] = self._own(site, name, arguments, grants, None, known=False)
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
        """Undo the effect of this call, or what the child of this call left: what is done and
        stands, last first. True when nothing is left of what has an undo.

        By the authority it was done under; it needs no new approval and does not expire.
        """
        names = [name for name, one in self._standing.items() if site in (one.name, one.child)]
        own = [name for name in names if name == site]
        left = True
        for name in reversed(names):
            if name in own or self._undo_of(self._standing[name]) is not None:
                left = await self._undo(name) and left
        return left

    async def undo_all(self) -> None:
        """Undo what is done and stands, last first; a failed undo stops no other."""
        for name in reversed(self.standing):
            await self._undo(name)

    async def _undo(self, name: str) -> bool:
        effect = self._standing[name]
        undo = self._undo_of(effect)
        if undo is None or name not in self.undoable:
            return False
        self._undo_tried.append(name)
        arguments = terms.undo_arguments(undo["arguments"], effect.arguments, effect.result)
        program = self._program_of(effect)
        command = self._command(
            effect.call,
            undo["operation"],
            arguments,
            effect.grants,
            lapses="none",
            undo=True,
        )
        command["instance_id"], command["parents"] = effect.instance_id, list(effect.parents)
        command["program"], command["workflow_id"] = effect.program, program.workflow_id
        answer = await self._answer(command, program)
        self._note(answer, of_child=bool(effect.parents))
        if answer["status"] != "done":
            return False
        del self._standing[name]
        return True

    def _own(
        self,
        call: str,
        operation: str,
        arguments: dict[str, Any],
        grants: tuple[Grant, ...],
        result: Any,
        *,
        known: bool,
    ) -> Standing:
        identity = self._machine.identity
        of = (identity.instance_id, identity.program)
        return Standing(call, operation, arguments, result, grants, known, *of)

    def _program_of(self, one: Standing) -> ProgramInfo:
        return programs.get(one.program) if one.parents else self._program

    def _undo_of(self, one: Standing) -> Mapping[str, Any] | None:
        """How it is undone; None when it has no undo."""
        undo = self._program_of(one).manifest["operations"][one.operation]["undo"]
        return None if undo == "none" else undo

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
            "parents": [],
            "grants": list(grants),
            "arguments": arguments,
            "lapses": lapses,
        }

    async def _answer(
        self, command: EffectCommand, program: ProgramInfo | None = None
    ) -> EffectAnswer:
        program = program or self._program
        operation = program.manifest["operations"][command["operation"]]
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
                attempts=retries(operation, default=0) if idempotent else 1,
                queued=queued,
                program=program,
            )
        except Failed as failed:
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
        program: ProgramInfo | None = None,
    ) -> Any:
        if len(json.dumps(argument, ensure_ascii=False).encode()) > LARGEST:
            raise Failed(f"the arguments are larger than {LARGEST} bytes", started=False)
        retry = operation["retry"] if operation["retry"] != "none" else {}
        every = duration(retry.get("every"), timedelta(seconds=1))
        heartbeat = operation["heartbeat"]
        channel = self._machine.channel
        ask = channel.ask if ours(operation) else channel.ask_plainly
        try:
            return await ask(
                operation["wire"],
                argument,
                task_queue=(program or self._program).queue(name),
                start_to_close_timeout=forms.read_duration(operation["timeout"]),
                schedule_to_start_timeout=queued,
                heartbeat_timeout=None if heartbeat == "none" else forms.read_duration(heartbeat),
                retry_policy=RetryPolicy(
                    initial_interval=every,
                    maximum_interval=max(every, duration(retry.get("up_to"), 100 * every)),
                    maximum_attempts=attempts,
                ),
                summary=name,
            )
        except Unanswered as silence:
            raise attempts_failed(silence, attempts) from silence

    def _failed(
        self, site: str, why: str, started: bool, handled: bool
    ) -> ActionFailed | Terminated:
        if handled:
            return ActionFailed(why, "unknown" if started else "no")
        return Terminated(Ending(Cause.ACTION_FAILED, f"{site}: {why}", site))

    def _note(self, answer: EffectAnswer, *, of_child: bool = False) -> None:
        if of_child:
            for claim in answer["claims"]:
                self._machine.note([{"kind": "child_undo", "claim": claim}])
            for outcome in answer["outcomes"]:
                self._machine.note([{"kind": "child_undone", "outcome": outcome}])
            return
        uses: list[UseRecord] = [{"kind": "use", "claim": claim} for claim in answer["claims"]]
        outcomes: list[OutcomeRecord] = [
            {"kind": "outcome", "outcome": outcome} for outcome in answer["outcomes"]
        ]
        self._machine.note([*uses, *outcomes])


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
        raise Failed(f"the result is outside its type: {problem(error)}", started=True) from None


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

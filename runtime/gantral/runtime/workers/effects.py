"""An effect: the grant is read and checked, a use is claimed, the service is called, the outcome
is signed (DESIGN section 5, FORMAT section 6).

Every answer is one of done, not_done, unknown. The one exception that leaves here asks Temporal for
another attempt, of an operation whose service promised that a repeat is harmless.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gantral.authority import Cause
from gantral.evidence import (
    AlreadyThere,
    EvidenceError,
    Store,
    StoreError,
    TrustFile,
    canonical,
)
from gantral.evidence.forms import instant_text
from gantral.evidence.hashes import leaf
from gantral.evidence.signers import Signer
from gantral.policy import ShapeError
from gantral.policy.shapes import check, leaves, persons
from gantral.runtime.calls import ActionFailed
from gantral.runtime.commands import GRANTED, EffectAnswer, EffectCommand
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.returned import shape_of
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain, MissingEvidence
from gantral.runtime.workers.claiming import Claimed, Claimer, Occasion
from gantral.runtime.workers.grants import NotGranted, refusal
from gantral.runtime.workers.implementations import (
    BadArguments,
    BadResult,
    Implementation,
    call_context,
)
from gantral.runtime.workers.results import wire_result
from temporalio import activity
from temporalio.exceptions import ApplicationError

TRY_AGAIN = "TryAgain"

# workflow_version_id -> the program and its implementation of one operation
Offers = Mapping[str, tuple[ProgramInfo, Implementation]]


@dataclass(frozen=True)
class EffectWorker:
    """The service worker's hands: store (commits to read, uses/ and texts/ to create), its trust
    file, its effect key. ``actors`` only where operations take or give persons."""

    store: Store
    trust: TrustFile
    key: Signer
    actors: Actors | None = None

    def activity(self, wire: str, offers: Offers, executor: Executor | None) -> Callable[..., Any]:
        """The activity of one effect, under the manifest's wire name. Programs that share a
        service share the name; the command says which one asks."""

        @activity.defn(name=wire)
        async def run(command: dict[str, Any]) -> dict[str, Any]:
            began = time.monotonic()
            info = activity.info()
            occasion = Occasion(
                run=str(info.workflow_run_id),
                attempt=info.attempt,
                at=int(info.started_time.timestamp() * 1000),
                queue=info.task_queue,
            )
            asked = _read(command)
            if asked["program"] not in offers:
                why = "this worker does not have the program that asks"
                return dict(_answer("not_done", Cause.AUTHORITY_AMBIGUOUS, why))
            program, made = offers[asked["program"]]
            call = _Call(self, program, made, asked, occasion, executor, began)
            return dict(await call.answer())

        return run


@dataclass(frozen=True)
class _Call:
    worker: EffectWorker
    program: ProgramInfo
    made: Implementation
    command: EffectCommand
    occasion: Occasion
    executor: Executor | None
    began: float

    @property
    def operation(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.program.manifest["operations"][self.made.operation]
        return found

    @property
    def chain(self) -> Chain:
        command, worker = self.command, self.worker
        return Chain(worker.store, worker.trust, command["team"], command["instance_id"])

    async def answer(self) -> EffectAnswer:
        try:
            arguments = self.made.arguments(self.command["arguments"])
            claimed = await asyncio.to_thread(self._claim)
        except BadArguments as error:
            return _answer("not_done", Cause.DRIFTED, str(error))
        except _CHECKED as error:
            refused = refusal(error)
            return _answer("not_done", refused.cause, str(refused))
        if claimed.ended:
            return await asyncio.to_thread(self._ended, claimed)
        if not claimed.may_go_on:
            why = claimed.why or "an earlier attempt claimed this call and left no outcome"
            return await asyncio.to_thread(self._end, claimed, "unknown", None, why)
        context = call_context(
            team=self.command["team"],
            workflow_id=self.command["workflow_id"],
            instance_id=self.command["instance_id"],
            call=self.command["call"],
            operation=self.made.operation,
            undo=self.command["undo"],
        )
        try:
            result = await self.made.call(context, arguments, self.executor)
        except Exception as error:
            return await self._raised(claimed, error)
        given = None if result is None else result.to_wire()
        return await asyncio.to_thread(self._end, claimed, "done", given, "none")

    def _claim(self) -> Claimed:
        command, program = self.command, self.program
        if command["team"] != program.team:
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the program is another team's")
        if command["operation"] != self.made.operation:
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the command is for another operation")
        if self.occasion.queue != program.queue(self.made.operation):
            # The claim says by which queue it came; whoever schedules it may have chosen another.
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "the command came by another task queue")
        try:
            check(self.operation["arguments"], command["arguments"])
        except ShapeError as error:
            raise NotGranted(Cause.DRIFTED, f"the arguments: {error}") from None
        claimer = Claimer(self.chain, program, self.worker.key, self.worker.actors)
        return claimer.claim(command, self.occasion)

    async def _raised(self, claimed: Claimed, error: Exception) -> EffectAnswer:
        if isinstance(error, ActionFailed) and error.happened == "no":
            return await asyncio.to_thread(self._end, claimed, "not_done", None, error.cause)
        name = self.made.operation
        final = isinstance(error, (ActionFailed, BadResult))
        if final:
            why = error.cause if isinstance(error, ActionFailed) else str(error)
        else:
            activity.logger.warning("%s failed", name, exc_info=error)
            why = f"{name} failed with {type(error).__name__}"
        retry = self.operation["retry"]
        attempts = 1 + (int(retry["count"]) if retry != "none" else 0)
        if (
            not final
            and self.operation["idempotent"] == "true"
            and self.occasion.attempt < attempts
        ):
            raise ApplicationError(why, type=TRY_AGAIN) from error
        return await asyncio.to_thread(self._end, claimed, "unknown", None, why)

    def _end(self, claimed: Claimed, status: str, given: Any, why: str) -> EffectAnswer:
        at = instant_text(self.occasion.at + int((time.monotonic() - self.began) * 1000))
        try:
            results = self._results(given) if status == "done" else []
            outcomes = [book.end(use, status, results, at) for book, use in claimed.uses]
        except _CHECKED as error:
            # It was called; that nobody could write down how it ended is all that is known.
            return _answer("unknown", Cause.EFFECT_UNKNOWN, f"no outcome was put: {error}", claimed)
        first = outcomes[0].statement
        if first["status"] != status or first["results"] != results:
            # Another attempt was first: what is signed is what the run is told.
            return self._ended(claimed.with_outcomes(outcomes))
        done = claimed.with_outcomes(outcomes)
        return _answer(status, _CAUSES[status], why, done, given, results)

    def _results(self, given: Any) -> list[list[str]]:
        shape = self.operation["result"]
        if shape == "none":
            return []
        shape = shape_of(shape)
        check(shape, given)
        values = {
            pointer: value if isinstance(value, str) else canonical(value).decode()
            for pointer, value in leaves(shape, given).items()
        }
        for pointer, person in persons(shape, given).items():
            if self.worker.actors is None:
                raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "this worker has no [keys] pepper")
            values[pointer] = self.worker.actors.resolve(person)
        results: list[list[str]] = []
        chain = self.chain
        for pointer, value in sorted(values.items()):
            text = [secrets.token_hex(16), self.command["instance_id"], pointer, value]
            hashed = leaf(text)
            with suppress(AlreadyThere):
                chain.store.put(chain.key("texts", f"{hashed}.json"), canonical(text))
            results.append([pointer, hashed])
        return results

    def _ended(self, claimed: Claimed) -> EffectAnswer:
        """What the signed outcome says: a repeat tells the same as the first time."""
        (_, use), *_ = claimed.uses
        assert use.outcome is not None
        said = use.outcome.statement
        status, results = said["status"], said["results"]
        given = None
        if status == "done" and self.operation["result"] != "none":
            try:
                chain = self.chain
                values = {pointer: chain.text(hashed, pointer) for pointer, hashed in results}
                given = wire_result(shape_of(self.operation["result"]), values)
            except _CHECKED as error:
                return _answer(
                    "unknown", Cause.EFFECT_UNKNOWN, f"it is done; its result: {error}", claimed
                )
        why = "none" if status == "done" else "an earlier attempt ended so"
        return _answer(status, _CAUSES[status], why, claimed, given, results)


_CHECKED = (NotGranted, EvidenceError, MissingEvidence, ShapeError, StoreError)
_CAUSES = {"done": Cause.NONE, "not_done": Cause.NONE, "unknown": Cause.EFFECT_UNKNOWN}


def _answer(
    status: Any,
    cause: Cause,
    problem: str,
    claimed: Claimed | None = None,
    result: Any = None,
    results: list[list[str]] | None = None,
) -> EffectAnswer:
    uses = () if claimed is None else claimed.uses
    return {
        "status": status,
        "result": result,
        "results": results or [],
        "claims": [use.claim.envelope for _, use in uses],
        "outcomes": [use.outcome.envelope for _, use in uses if use.outcome is not None],
        "cause": cause.value,
        "problem": problem,
    }


def _read(command: Mapping[str, Any]) -> EffectCommand:
    texts = ("team", "workflow_id", "instance_id", "program", "run", "call", "operation", "lapses")
    good = (
        command.keys() == EffectCommand.__required_keys__
        and all(isinstance(command[name], str) for name in texts)
        and type(command["undo"]) is bool
        and isinstance(command["arguments"], dict)
        and isinstance(command["grants"], list)
        and all(_grant(one) for one in command["grants"])
    )
    if not good:
        raise ApplicationError(
            "the command was not sent by a governed workflow", type="BadCommand", non_retryable=True
        )
    return command  # type: ignore[return-value]


def _grant(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and len(one.keys() & GRANTED) == 1
        and one.keys() - GRANTED == {"waiting_commit", "decision_commit", "gate", "round"}
        and all(type(one[name]) is int for name in ("waiting_commit", "decision_commit", "round"))
        and all(isinstance(one[name], str) for name in one.keys() & {*GRANTED, "gate"})
    )

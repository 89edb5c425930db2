"""``gantral.open_gate``: ask policy, resolve persons and instants, before people are asked; and
``gantral.ask_guard``: ask the gate's guard once more, about what they decided.

Everything a gate needs from outside the workflow is fetched here once, enters history, and is
committed with WAITING_FOR_HUMAN on that same snapshot (DESIGN section 5, Gate), or with the
decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

from gantral.authority import Cause
from gantral.evidence import EvidenceError
from gantral.evidence.apart import kept_out
from gantral.evidence.gate import clock_instants
from gantral.evidence.guard import query_of
from gantral.evidence.recount import widened
from gantral.evidence.signers import Signer
from gantral.identity.directory import Directory
from gantral.policy import Opa, ShapeError
from gantral.policy.shapes import at, bare, check
from gantral.runtime import programs
from gantral.runtime.commands import (
    ANSWER_FAILURE,
    ASK_GUARD,
    NOT_OPENED,
    OPEN_GATE,
    AskGuardAnswer,
    AskGuardCommand,
    OpenGateAnswer,
    OpenGateCommand,
)
from gantral.runtime.workers import deciders, holders
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.asked import seal_answer, seal_guard
from gantral.runtime.workers.calendars import NoPeriods, gate_periods
from gantral.runtime.workers.policies import Policies
from temporalio import activity
from temporalio.exceptions import ApplicationError

_Answer = TypeVar("_Answer")


class GateOpener:
    """The activities. ``opa`` is None in a deployment without policies, ``directory`` in one that
    has none; ``key`` is the commit key, which seals what they said."""

    def __init__(
        self, actors: Actors, opa: Opa | None, key: Signer, directory: Directory | None = None
    ) -> None:
        self._directory = directory
        self._actors = actors
        self._policies = Policies(actors, opa)
        self._key = key

    @activity.defn(name=OPEN_GATE)
    async def open_gate(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a gate (``OpenGateCommand`` to ``OpenGateAnswer``).

        Raises ApplicationError ``NotOpened`` for a command that names no gate of a
        program of this worker.
        """
        asked = _read(command, OpenGateCommand.__required_keys__)
        return dict(await self._safely(self.answer(asked)))

    @activity.defn(name=ASK_GUARD)
    async def ask_guard(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask the guard of a decided gate (``AskGuardCommand`` to ``AskGuardAnswer``).

        Raises ApplicationError ``NotOpened`` for a command that names no guarded gate of a program
        of this worker.
        """
        asked = _read(command, AskGuardCommand.__required_keys__)
        return dict(await self._safely(self.again(asked)))

    async def _safely(self, answering: Coroutine[Any, Any, _Answer]) -> _Answer:
        try:
            return await answering
        except ApplicationError:
            raise
        except Exception as error:
            # A mistake of ours must not be asked again for a day.
            activity.logger.exception("asking for a gate failed")
            raise _not_opened(f"internal: {type(error).__name__}") from error

    async def again(self, command: AskGuardCommand) -> AskGuardAnswer:
        """What the guard says of the decided values, or why nobody could ask."""
        manifest, gate = _gate(command)
        query = query_of(manifest, gate, "guarded")
        if query == "none":
            raise _not_opened(f"no policy guards the gate {command['gate']}")
        problem = self._unclear(gate, command, command["decided"])
        if problem != "none":
            cause = Cause.AUTHORITY_AMBIGUOUS.value
            return {"cause": cause, "problem": problem, "guard": "none", "sealed": "none"}
        said, problem = await self._policies.ask(query, gate, command, command["decided"])
        values = self._policies.values(gate, command["decided"])
        return {
            "cause": _CAUSES.get(said["answer"], Cause.NONE).value,
            "problem": f"policy {gate['guarded']} says DENY" if problem == "none" else problem,
            "guard": said,
            "sealed": seal_guard(command, said, values, self._key),
        }

    async def answer(self, command: OpenGateCommand) -> OpenGateAnswer:
        """What the gate needs, or the failure that ends the run."""
        manifest, gate = _gate(command)
        answer: OpenGateAnswer = {
            "answer": "REQUIRE_HUMAN",
            "cause": Cause.NONE.value,
            "problem": "none",
            "query": "none",
            "policy_version_id": "none",
            "input_hash": "none",
            "guard": "none",
            "instants": [],
            "periods": [],
            "excluded": [],
            "named": {},
            "sealed": "none",
        }
        try:
            answer["periods"] = gate_periods(gate, command["opened_at"])
            answer["instants"] = _instants(gate, command, answer["periods"])
        except NoPeriods as error:
            return _failure(answer, Cause.AUTHORITY_AMBIGUOUS, f"the clock: {error}")
        problem = self._unclear(gate, command, command["proposal"])
        if problem != "none":
            return _failure(answer, Cause.AUTHORITY_AMBIGUOUS, problem)
        try:
            people = partial(self._people, gate, command["proposal"])
            answer["named"] = deciders.named(gate, people)
            answer["excluded"] = kept_out(gate, command["initiator"]["actor"], answer["named"], {})
        except ShapeError as error:
            return _failure(answer, Cause.AUTHORITY_AMBIGUOUS, str(error))
        await self._asked(answer, manifest, gate, command)
        values = self._policies.values(gate, command["proposal"])
        if answer["answer"] == "REQUIRE_HUMAN":
            too_few = await asyncio.to_thread(self._nobody, answer, gate, command, values)
            if too_few is not None:
                answer["holders"] = too_few
        if answer["guard"] != "none" or answer["query"] != "none" or "holders" in answer:
            answer["sealed"] = seal_answer(command, answer, values, self._key)
        return answer

    def _nobody(
        self,
        answer: OpenGateAnswer,
        gate: Mapping[str, Any],
        command: OpenGateCommand,
        values: Mapping[str, str],
    ) -> list[list[Any]] | None:
        last = widened(answer["named"], answer["instants"], answer["instants"][-1][0])
        excluded = [*answer["excluded"], *command.get("voted", [])]
        return holders.nobody(gate, values, last, excluded, self._directory, self._actors)

    def _unclear(
        self,
        gate: Mapping[str, Any],
        command: OpenGateCommand | AskGuardCommand,
        values: Mapping[str, Any],
    ) -> str:
        try:
            check(gate["parameters"], values)
            initiator = self._actors.resolve(command["initiator"]["value"])
        except ShapeError as error:
            return f"the proposal: {error}"
        if initiator != command["initiator"]["actor"]:
            return "the initiator's name and actor id differ"
        return "none"

    async def _asked(
        self,
        answer: OpenGateAnswer,
        manifest: Mapping[str, Any],
        gate: Mapping[str, Any],
        command: OpenGateCommand,
    ) -> None:
        """Ask the guard, then, if it lets the gate go on, the policy that may waive it."""
        guard, waived = (query_of(manifest, gate, clause) for clause in ("guarded", "waived"))
        if guard != "none":
            said, problem = await self._policies.ask(guard, gate, command, command["proposal"])
            answer["guard"] = said
            if said["answer"] in _CAUSES:
                answer["answer"] = said["answer"]  # type: ignore[typeddict-item]
                answer["cause"] = "none" if problem == "none" else Cause.POLICY_FAILURE.value
                answer["problem"] = problem
                return
        if waived == "none":
            return
        said, problem = await self._policies.ask(waived, gate, command, command["proposal"])
        if (
            answer["guard"] != "none"
            and problem == "none"
            and answer["guard"]["policy_version_id"] != said["policy_version_id"]
        ):
            # The artifact names one revision, and no transition stands on two (ADR 0111).
            said["answer"] = ANSWER_FAILURE
            problem = "the two policies of this gate answered from two revisions of the bundle"
        answer.update(said)  # type: ignore[typeddict-item]
        answer["cause"] = "none" if problem == "none" else Cause.POLICY_FAILURE.value
        answer["problem"] = problem

    def _people(
        self, gate: Mapping[str, Any], proposal: Mapping[str, Any], pointer: str
    ) -> list[str]:
        """The actor ids at a pointer, none twice; nobody there is ambiguous authority."""
        value: Any = proposal
        for step in pointer.split("/")[1:]:
            value = value.get(step) if isinstance(value, dict) else None
        shape = bare(at(gate["parameters"], pointer))
        people = value if shape[0] == "list" and value is not None else [value]
        if not people or any(person is None for person in people):
            raise ShapeError(pointer, "no person stands there, so nobody is named")
        return sorted({self._actors.resolve(person) for person in people})


def _instants(
    gate: Mapping[str, Any], command: OpenGateCommand, periods: list[list[str]]
) -> list[list[Any]]:
    try:
        return clock_instants(gate, command["opened_at"], periods)
    except EvidenceError as error:
        raise _not_opened(f"opened_at: {error.message}") from None


def _failure(answer: OpenGateAnswer, cause: Cause, problem: str) -> OpenGateAnswer:
    answer["answer"] = ANSWER_FAILURE
    answer["cause"] = cause.value
    answer["problem"] = problem
    return answer


def _gate(
    command: OpenGateCommand | AskGuardCommand,
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        manifest = programs.get(command["program"]).manifest
        return manifest, manifest["gates"][command["gate"]]
    except programs.ProgramError as error:
        raise _not_opened(str(error)) from None
    except KeyError:
        raise _not_opened(f"the program has no gate {command['gate']}") from None


# Whose annotations are text, a TypedDict does not tell which members may be missing.
_OPTIONAL = frozenset({"voted"})
_TEXTS = ("team", "workflow_id", "instance_id", "program", "gate", "opened_at")
_CAUSES = {"DENY": Cause.POLICY_DENY, ANSWER_FAILURE: Cause.POLICY_FAILURE}


def _read(command: Mapping[str, Any], members: frozenset[str]) -> Any:
    initiator = command.get("initiator")
    good = (
        command.keys() - _OPTIONAL == members - _OPTIONAL
        and isinstance(command.get("voted", []), list)
        and all(isinstance(command[name], str) for name in members & set(_TEXTS))
        and type(command["round"]) is int
        and isinstance(initiator, dict)
        and initiator.keys() == {"actor", "value"}
        and all(isinstance(part, str) for part in initiator.values())
    )
    if not good:
        raise _not_opened("the command has not the shape of ``gantral.runtime.commands``")
    return command


def _not_opened(why: str) -> ApplicationError:
    return ApplicationError(why, type=NOT_OPENED, non_retryable=True)

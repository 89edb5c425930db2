"""``gantral.open_gate``: ask policy, resolve persons and instants, before people are asked.

Everything a gate needs from outside the workflow is fetched here once, enters history, and is
committed with WAITING_FOR_HUMAN on that same snapshot (DESIGN section 5, Gate).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from gantral.authority import Cause
from gantral.evidence import EvidenceError, H, SigningKey, canonical
from gantral.evidence.gate import clock_instants
from gantral.policy import Opa, PolicyFailure, ShapeError, ask, question
from gantral.policy.shapes import at, bare, check, leaves, persons
from gantral.runtime import programs
from gantral.runtime.commands import (
    ANSWER_FAILURE,
    NOT_OPENED,
    OPEN_GATE,
    OpenGateAnswer,
    OpenGateCommand,
)
from gantral.runtime.workers import deciders
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.asked import seal_answer
from gantral.runtime.workers.leaves import leaf_value
from temporalio import activity
from temporalio.exceptions import ApplicationError


class GateOpener:
    """The activity. ``opa`` is None in a deployment without policies; ``key`` is the commit key,
    which seals what the policy said."""

    def __init__(self, actors: Actors, opa: Opa | None, key: SigningKey) -> None:
        self._actors = actors
        self._opa = opa
        self._key = key

    @activity.defn(name=OPEN_GATE)
    async def open_gate(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a gate (``OpenGateCommand`` to ``OpenGateAnswer``).

        Raises ApplicationError ``NotOpened`` for a command that names no gate of a
        program of this worker.
        """
        asked = _read(command)
        try:
            return dict(await self.answer(asked))
        except ApplicationError:
            raise
        except Exception as error:
            # A mistake of ours must not be asked again for a day.
            activity.logger.exception("open_gate failed")
            raise _not_opened(f"internal: {type(error).__name__}") from error

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
            "instants": _instants(gate, command),
            "excluded": [],
            "named": {},
            "sealed": "none",
        }
        try:
            check(gate["parameters"], command["proposal"])
            initiator = self._actors.resolve(command["initiator"]["value"])
        except ShapeError as error:
            return _failure(answer, Cause.AUTHORITY_AMBIGUOUS, f"the proposal: {error}")
        if initiator != command["initiator"]["actor"]:
            return _failure(
                answer, Cause.AUTHORITY_AMBIGUOUS, "the initiator's name and actor id differ"
            )
        try:
            people = partial(self._people, gate, command["proposal"])
            answer["named"] = deciders.named(gate, people)
            answer["excluded"] = deciders.excluded(gate, initiator, answer["named"], {})
        except ShapeError as error:
            return _failure(answer, Cause.AUTHORITY_AMBIGUOUS, str(error))
        if gate["waived"] == "none":
            return answer
        answer = await self._asked(answer, manifest, gate, command)
        if answer["query"] != "none":
            values = self._values(gate, command["proposal"])
            answer["sealed"] = seal_answer(command, answer, values, self._key)
        return answer

    async def _asked(
        self,
        answer: OpenGateAnswer,
        manifest: Mapping[str, Any],
        gate: Mapping[str, Any],
        command: OpenGateCommand,
    ) -> OpenGateAnswer:
        asked = question(
            query=manifest["policies"][gate["waived"]]["query"],
            workflow=command["workflow_id"],
            gate=command["gate"],
            round=command["round"],
            initiator=command["initiator"]["value"],
            parameters=gate["parameters"],
            proposal=command["proposal"],
        )
        answer["query"] = asked.query
        try:
            answer["input_hash"] = H("policy-input", canonical(asked.as_text))
        except EvidenceError as error:
            return _failure(answer, Cause.POLICY_FAILURE, f"the policy input: {error.message}")
        if self._opa is None:
            return _failure(answer, Cause.POLICY_FAILURE, "this worker knows no OPA: set [opa] url")
        try:
            given = await ask(self._opa, asked)
        except PolicyFailure as failure:
            return _failure(answer, Cause.POLICY_FAILURE, str(failure))
        answer["answer"] = given.decision  # type: ignore[typeddict-item]
        answer["policy_version_id"] = given.policy_version_id
        return answer

    def _values(self, gate: Mapping[str, Any], proposal: Mapping[str, Any]) -> dict[str, str]:
        """pointer -> what its leaf will hold when the proposal is committed."""
        shape = gate["parameters"]
        people = persons(shape, proposal)
        return {
            pointer: self._actors.resolve(value) if pointer in people else leaf_value(value)
            for pointer, value in leaves(shape, proposal).items()
        }

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


def _instants(gate: Mapping[str, Any], command: OpenGateCommand) -> list[list[Any]]:
    try:
        return clock_instants(gate, command["opened_at"])
    except EvidenceError as error:
        raise _not_opened(f"opened_at: {error.message}") from None


def _failure(answer: OpenGateAnswer, cause: Cause, problem: str) -> OpenGateAnswer:
    answer["answer"] = ANSWER_FAILURE
    answer["cause"] = cause.value
    answer["problem"] = problem
    return answer


def _gate(command: OpenGateCommand) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        manifest = programs.get(command["program"]).manifest
        return manifest, manifest["gates"][command["gate"]]
    except programs.ProgramError as error:
        raise _not_opened(str(error)) from None
    except KeyError:
        raise _not_opened(f"the program has no gate {command['gate']}") from None


_TEXTS = ("team", "workflow_id", "instance_id", "program", "gate", "opened_at")


def _read(command: Mapping[str, Any]) -> OpenGateCommand:
    initiator = command.get("initiator")
    good = (
        command.keys() == OpenGateCommand.__required_keys__
        and all(isinstance(command[name], str) for name in _TEXTS)
        and type(command["round"]) is int
        and isinstance(initiator, dict)
        and initiator.keys() == {"actor", "value"}
        and all(isinstance(part, str) for part in initiator.values())
    )
    if not good:
        raise _not_opened("the command has not the shape of ``gantral.runtime.commands``")
    return command  # type: ignore[return-value]


def _not_opened(why: str) -> ApplicationError:
    return ApplicationError(why, type=NOT_OPENED, non_retryable=True)

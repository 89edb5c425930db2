"""One policy asked about one set of values, for ``gantral.open_gate`` and ``gantral.ask_guard``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.evidence import EvidenceError, H, canonical
from gantral.policy import Opa, PolicyFailure, ask, question
from gantral.policy.shapes import leaves, persons
from gantral.runtime.commands import ANSWER_FAILURE, AskGuardCommand, OpenGateCommand, Said
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.leaves import leaf_value


@dataclass(frozen=True)
class Policies:
    """Who is asked. ``opa`` is None in a deployment without policies."""

    actors: Actors
    opa: Opa | None

    async def ask(
        self,
        query: str,
        gate: Mapping[str, Any],
        command: OpenGateCommand | AskGuardCommand,
        values: Mapping[str, Any],
    ) -> tuple[Said, str]:
        """What the query says of values that have the gate's shape, and the problem of a FAILURE,
        "none" else."""
        asked = question(
            query=query,
            workflow=command["workflow_id"],
            gate=command["gate"],
            round=command["round"],
            initiator=command["initiator"]["value"],
            parameters=gate["parameters"],
            proposal=values,
        )
        said: Said = {
            "query": query,
            "policy_version_id": "none",
            "input_hash": "none",
            "answer": ANSWER_FAILURE,
        }
        try:
            said["input_hash"] = H("policy-input", canonical(asked.as_text))
        except EvidenceError as error:
            return said, f"the policy input: {error.message}"
        if self.opa is None:
            return said, "this worker knows no OPA: set [opa] url"
        try:
            given = await ask(self.opa, asked)
        except PolicyFailure as failure:
            return said, str(failure)
        said["answer"], said["policy_version_id"] = given.decision, given.policy_version_id
        return said, "none"

    def values(self, gate: Mapping[str, Any], proposal: Mapping[str, Any]) -> dict[str, str]:
        """pointer -> what its leaf holds when these values are committed."""
        shape = gate["parameters"]
        people = persons(shape, proposal)
        return {
            pointer: self.actors.resolve(value) if pointer in people else leaf_value(value)
            for pointer, value in leaves(shape, proposal).items()
        }

"""What is recorded when a gate is asked and decided (FORMAT section 3), and what waits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.authority import State
from gantral.evidence import EvidenceError, TrustFile
from gantral.evidence.cases import chosen
from gantral.evidence.recount import Standing, Waiting
from gantral.runtime import forms
from gantral.runtime.commands import OpenGateAnswer, Record, VotesDecision
from gantral.runtime.machine import Committed
from gantral.runtime.votes import OpenGate


def policy_record(answer: OpenGateAnswer, gate: str, round: int) -> tuple[Record, ...]:
    """What OPA was asked and said; nothing when the gate has no policy."""
    if answer["query"] == "none":
        return ()
    return (
        {
            "kind": "policy",
            "gate": gate,
            "round": str(round),
            "query": answer["query"],
            "policy_version_id": answer["policy_version_id"],
            "input_hash": answer["input_hash"],
            "answer": answer["answer"],
        },
    )


def gate_records(answer: OpenGateAnswer, gate: str, round: int) -> tuple[Record, ...]:
    """The clock's instants and who may not decide, sealed with WAITING_FOR_HUMAN."""
    return (
        {"kind": "clock", "gate": gate, "round": str(round), "instants": answer["instants"]},
        {
            "kind": "deciders",
            "gate": gate,
            "round": str(round),
            "excluded": answer["excluded"],
            "named": answer["named"],
        },
    )


def undecidable(rules: Mapping[str, Any], leaves: Mapping[str, Any]) -> str:
    """Why the proposal chooses no case of `decide`, "" when it does; found before anybody is asked.
    ``leaves``: pointer -> leaf value."""
    try:
        chosen(rules, _texts(leaves))
    except EvidenceError as error:
        return f"who decides can't be told: {error.message}"
    return ""


def asked(
    instance_id: str,
    committed: Committed,
    answer: OpenGateAnswer,
    initiator: str,
    leaves: Mapping[str, Any],
    trust: TrustFile | None,
) -> Waiting:
    """What waits from the commit of WAITING_FOR_HUMAN on."""
    return Waiting(
        instance_id=instance_id,
        artifact_hash=committed.receipt["first_artifact_hash"],
        context_hash=committed.receipt["context_hash"],
        opened_at=forms.write_instant(committed.at),
        instants=answer["instants"],
        excluded=tuple(answer["excluded"]),
        named=answer["named"],
        initiator=initiator,
        values=_texts(leaves),
        max_skew=0 if trust is None else trust.max_skew,
    )


def _texts(leaves: Mapping[str, Any]) -> dict[str, str]:
    """The leaves that hold a value."""
    return {path: leaf for path, leaf in leaves.items() if type(leaf) is str}


def decision(gate: OpenGate) -> VotesDecision:
    """Every counted vote, as it was sealed."""
    return {"votes": [vote.envelope for vote in gate.votes]}


def reached(outcome: Standing | None) -> State:
    """The state that an outcome leads to; REJECTED when no vote brought it about."""
    word = "rejected" if outcome is None else outcome.outcome
    return {"approved": State.APPROVED, "amended": State.OVERRIDDEN}.get(word, State.REJECTED)

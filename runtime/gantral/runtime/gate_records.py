"""What is recorded when a gate is asked and decided (FORMAT section 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gantral.authority import State
from gantral.evidence.recount import Standing
from gantral.evidence.trees import keeps_deciders
from gantral.runtime.commands import OpenGateAnswer, Record, VotesDecision
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


def kept_apart(
    excluded: Sequence[str], rules: Mapping[str, Any], voted: Mapping[str, Sequence[str]]
) -> list[str]:
    """``excluded`` and everybody who voted at a gate whose deciders may not decide here, sorted;
    ``voted`` by gate. The commit finds them again in the chain."""
    also = (
        actor
        for who in rules["apart"]
        if keeps_deciders(who)
        for actor in voted.get(who["deciders"], ())
    )
    return sorted(dict.fromkeys([*excluded, *also]))


def decision(gate: OpenGate) -> VotesDecision:
    """Every counted vote, as it was sealed."""
    return {"votes": [vote.envelope for vote in gate.votes]}


def reached(outcome: Standing | None) -> State:
    """The state that an outcome leads to; REJECTED when no vote brought it about."""
    word = "rejected" if outcome is None else outcome.outcome
    return {"approved": State.APPROVED, "amended": State.OVERRIDDEN}.get(word, State.REJECTED)

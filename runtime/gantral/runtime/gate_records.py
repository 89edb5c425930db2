"""What is recorded when a gate is asked (FORMAT section 3). Pure."""

from __future__ import annotations

from gantral.runtime.commands import OpenGateAnswer, Record


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

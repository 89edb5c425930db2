"""What is recorded when a gate is asked and decided (FORMAT section 3), and what waits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gantral.authority import Cause, State
from gantral.evidence import EvidenceError, TrustFile
from gantral.evidence.cases import chosen
from gantral.evidence.recount import Standing, Waiting
from gantral.evidence.trees import keeps_deciders
from gantral.runtime import forms
from gantral.runtime.commands import OpenGateAnswer, Said
from gantral.runtime.commits import (
    CalendarRecord,
    DirectoryRecord,
    PolicyRecord,
    Record,
    VotesDecision,
)
from gantral.runtime.machine import Committed
from gantral.runtime.votes import OpenGate


def policy_records(answer: OpenGateAnswer, gate: str, round: int) -> tuple[PolicyRecord, ...]:
    """What the gate's guard and the policy that may waive it were asked and said: those of the two
    that were asked, the guard first."""
    found: list[PolicyRecord] = []
    if answer["guard"] != "none":
        found.append(guard_record(answer["guard"], gate, round))
    if answer["query"] != "none":
        found.append(
            {
                "kind": "policy",
                "gate": gate,
                "round": str(round),
                "query": answer["query"],
                "policy_version_id": answer["policy_version_id"],
                "input_hash": answer["input_hash"],
                "answer": answer["answer"],
            }
        )
    return tuple(found)


def guard_record(said: Said, gate: str, round: int) -> PolicyRecord:
    """What a guard was asked and said."""
    return {"kind": "guard", "gate": gate, "round": str(round), **said}


def revision(records: tuple[PolicyRecord, ...]) -> str:
    """The revision that answered, "none" when nobody was asked."""
    return records[-1]["policy_version_id"] if records else "none"


def ask_record(rules: Mapping[str, Any], gate: str, round: int, site: str) -> tuple[Record, ...]:
    """Which ask this is, where the gate tells its asks apart (ADR 0152)."""
    if "asks" not in rules:
        return ()
    return ({"kind": "ask", "gate": gate, "round": str(round), "ask": site},)


def gate_records(answer: OpenGateAnswer, gate: str, round: int) -> tuple[Record, ...]:
    """The clock's instants, what calendar they stand on, who may not decide, and who could if that
    is too few, sealed with WAITING_FOR_HUMAN."""
    calendar: CalendarRecord = {
        "kind": "calendar",
        "gate": gate,
        "round": str(round),
        "periods": answer["periods"],
    }
    directory: DirectoryRecord = {
        "kind": "directory",
        "gate": gate,
        "round": str(round),
        "holders": answer.get("holders", []),
    }
    return (
        *([calendar] if answer["periods"] else []),
        {"kind": "clock", "gate": gate, "round": str(round), "instants": answer["instants"]},
        {
            "kind": "deciders",
            "gate": gate,
            "round": str(round),
            "excluded": answer["excluded"],
            "named": answer["named"],
        },
        *([directory] if "holders" in answer else []),
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


def reached(outcome: Standing | None, closing: Cause | None = None) -> State:
    """The state that an outcome leads to; REJECTED when no vote brought it about, or when a cause
    that is no vote's ended the gate after all."""
    word = "rejected" if outcome is None or closing is not None else outcome.outcome
    return {"approved": State.APPROVED, "amended": State.OVERRIDDEN}.get(word, State.REJECTED)

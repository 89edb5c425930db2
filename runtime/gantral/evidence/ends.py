"""How an instance ends: REJECTED, COMPLETED, TERMINATED (docs/evidence/rules.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.context import covers
from gantral.evidence.errors import EvidenceError
from gantral.evidence.gate import check_no_eligible, records_of, recount_commit, speaks_unvoted
from gantral.evidence.guard import CLAUSES, answers, check_rejected, query_of
from gantral.evidence.progress import Progress

_VOTED = {"rejected": "rejected", "veto": "veto", "withdrawn": "withdrawn"}


def rejected(walk: Progress, statement: Mapping[str, Any]) -> None:
    """REJECTED. Raises EvidenceError."""
    opening, artifact = walk.asked(statement), statement["artifacts"][0]
    cause, by = artifact["cause"], "none"
    outcome = "deadline" if statement["timestamp"] >= opening.waiting.rejects_at else "open"
    if statement["decision"] != "none":
        standing = recount_commit(opening, statement, walk.vote)
        outcome, by = standing.outcome, standing.by
        if statement["decision"]["opened_after"]:
            errors.refuse("amended_values", "a rejection has no decided values")
        voted = bool(statement["decision"]["votes"])
        if not voted and not speaks_unvoted(opening.manifest_gate, cause):
            errors.refuse("no_votes", "a decision without a vote")
    guarded = check_rejected(opening.guard, statement, outcome)
    if cause in _VOTED and outcome != _VOTED[cause]:
        errors.refuse("recount", f"the votes amount to {outcome}, not to {cause}")
    if cause not in _VOTED and outcome not in ("open", "deadline") and not guarded:
        errors.refuse("contradicted", f"the votes amount to {outcome}, not to {cause}")
    if artifact["human_actor_id"] != (by if cause in _VOTED else "none"):
        errors.refuse("human_actor", "human_actor_id is not who rejected")
    if cause == "deadline" and statement["timestamp"] < opening.waiting.rejects_at:
        errors.refuse("early_deadline", "the gate's time was not over")
    if cause == "no_eligible":
        check_no_eligible(opening, statement)
    if statement["context"] != walk.context:
        errors.refuse("same_context", "what was rejected is not what was shown")
    _end(walk, statement)
    walk.move("REJECTED", opening.gate)
    walk.decisions[opening.gate] = "rejected"
    walk.opening = None


def completed(walk: Progress, statement: Mapping[str, Any]) -> None:
    """COMPLETED. Raises EvidenceError."""
    pointers = [pair[0] for pair in statement["context"]]
    if wrong := covers(walk.manifest["output"], pointers, "/output"):
        errors.refuse("output", f"the context is not the program's output: {wrong}")
    if walk.children.running:
        errors.refuse("child_open", f"nothing says how {walk.children.running[0]} ended")
    walk.move("COMPLETED")


def terminated(walk: Progress, statement: Mapping[str, Any]) -> None:
    """TERMINATED. Raises EvidenceError."""
    artifact = statement["artifacts"][0]
    asked = answers(statement, "policy", "guard")
    said = [record["answer"] for record in asked]
    wanted = {"policy_deny": ["DENY"], "policy_failure": ["FAILURE"]}
    cause = artifact["cause"]
    if cause in wanted and said != wanted[cause]:
        errors.refuse("policy_cause", f"{cause} without exactly that answer of the policy")
    for record in asked:
        gate, clause = walk.manifest["gates"].get(record["gate"]), CLAUSES[record["kind"]]
        if gate is None or gate[clause] == "none":
            raise EvidenceError("policy_record", "no such gate asks a policy")
        if record["query"] != query_of(walk.manifest, gate, clause):
            errors.refuse("policy_record", "the gate asks another query")
        if record["round"] != str(walk.rounds.get(record["gate"], 0) + 1):
            errors.refuse("policy_round", "the policy was asked for another round than this")
        if record["answer"] != "FAILURE" and not (
            forms.is_policy(record["policy_version_id"]) and forms.is_hex64(record["input_hash"])
        ):
            errors.refuse("policy_input", "an answer to no question, or of no policy")
    versions = [record["policy_version_id"] for record in asked] or ["none"]
    if artifact["policy_version_id"] != versions[0] or len(versions) > 1:
        errors.refuse("policy_version", "the artifact does not name the revision asked")
    if cause != "cancelled" and artifact["human_actor_id"] != "none":
        errors.refuse("human_actor", f"{cause} is nobody's doing")
    if statement["context"] != walk.context:
        errors.refuse("same_context", "TERMINATED is about what came before it")
    _end(walk, statement)
    walk.move("TERMINATED")


def _end(walk: Progress, statement: Mapping[str, Any]) -> None:
    ends = records_of(statement, "end")
    if len(ends) != 1:
        raise EvidenceError("end_record", "an end has exactly one end record")
    if sorted(ends[0]["standing"]) != walk.ledger.standing():
        errors.refuse("standing", "the effects that stand are others")
    walk.bind(ends[0]["message"])

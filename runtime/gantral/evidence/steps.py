"""How an instance begins, is asked about, and goes on: what must be true of each commit that does
not end it (docs/evidence/rules.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.context import covers
from gantral.evidence.envelope import Sealed
from gantral.evidence.errors import EvidenceError
from gantral.evidence.gate import check_decision, check_opening, records_of
from gantral.evidence.guard import answers
from gantral.evidence.passed import check_unasked, check_waiver
from gantral.evidence.progress import Progress
from gantral.evidence.waits import KINDS


def created(walk: Progress, statement: Mapping[str, Any]) -> None:
    """CREATED. Raises EvidenceError."""
    artifact = statement["artifacts"][0]
    envelope = statement["decision"]["submission"]
    sealed = walk.own(envelope, "submission", None)
    submission = sealed.statement
    walk.parent, walk.submission = submission["parent_artifact_hash"], sealed.hash
    if submission["environment"] != walk.trust.environment:
        errors.refuse(
            "environment", f"{submission['environment']} evidence, and the trust file is not"
        )
    for name in ("context_hash", "workflow_id", "workflow_version_id"):
        if submission[name] != artifact[name]:
            errors.refuse("submission", f"the submission has another {name}")
    began = submission.get("started_from")
    if began is not None and (
        walk.parent != "none" or began["instance_id"] == statement["instance_id"]
    ):
        errors.refuse("started_from", "a child, or an instance that is started from itself")
    if submission["human_actor_id"] != artifact["human_actor_id"]:
        errors.refuse("initiator", "CREATED names another person than the submission")
    late = forms.instant_ms(submission["timestamp"]) - forms.instant_ms(artifact["timestamp"])
    if late > walk.trust.max_skew:
        errors.refuse("submission_time", "the submission is younger than CREATED")
    pointers = [pair[0] for pair in statement["context"]]
    if wrong := covers(walk.manifest["input"], pointers, "/input"):
        errors.refuse("input", f"the context is not the program's input: {wrong}")
    if not walk.trust.allows(
        walk.team, artifact["workflow_id"], walk.version, statement["timestamp"]
    ):
        unlisted = "the trust file does not list this program for that time"
        walk.note(EvidenceError("program_unlisted", unlisted, inconclusive=True))
    walk.initiator = submission["human_actor_id"]
    walk.bind(submission["assurance"]["identity"], submission["business_key"])
    walk.named.add(f"roles/{submission['assurance']['role_map']}")


def waiting(walk: Progress, statement: Mapping[str, Any]) -> None:
    """WAITING_FOR_HUMAN. Raises EvidenceError."""
    artifact = statement["artifacts"][0]
    walk.opening = check_opening(
        walk.manifest, statement, walk.initiator, walk.voted, walk.trust.max_skew
    )
    walk.next_round(artifact["gate"], artifact["round"])
    walk.move("WAITING_FOR_HUMAN", artifact["gate"], walk.opening.ask)
    walk.decisions[artifact["gate"]] = "waiting"


def decided(walk: Progress, statement: Mapping[str, Any], first: str) -> None:
    """APPROVED or OVERRIDDEN. Raises EvidenceError."""
    opening, voters = walk.asked(statement), set()

    def vote(envelope: Any) -> Sealed:
        sealed = walk.vote(envelope)
        voters.add(sealed.statement["human_actor_id"])
        return sealed

    grant = check_decision(opening, statement, vote)
    walk.ledger.grants[grant.name] = grant
    walk.voted.setdefault(opening.gate, set()).update(voters)
    walk.move("RUNNING", opening.gate)
    walk.decisions[opening.gate] = "approved" if first == "APPROVED" else "amended"
    walk.opening = None


def recorded(walk: Progress, statement: Mapping[str, Any], commit_hash: str) -> None:
    """A commit of records alone. Raises EvidenceError."""
    if not statement["records"]:
        errors.refuse("empty", "a commit of nothing")
    if records_of(statement, "waiver"):
        grant = check_waiver(walk.manifest, statement, commit_hash)
        walk.next_round(grant.gate, grant.round)
        walk.move("waived", grant.gate, grant.ask)
        walk.ledger.grants[grant.name] = grant
        walk.decisions[grant.gate] = "waived"
    elif records_of(statement, "unasked"):
        grant = check_unasked(walk.manifest, statement, commit_hash)
        walk.next_round(grant.gate, grant.round)
        walk.move("unasked", grant.gate, grant.ask)
        walk.ledger.grants[grant.name] = grant
        walk.decisions[grant.gate] = "unasked"
    elif answers(statement, "guard"):
        errors.refuse("guard_record", "a guard's answer stands beside a waiver or an artifact")
    elif records_of(statement, "ask"):
        errors.refuse("ask", "which ask it is stands beside what was asked, or was passed")
    elif of_wait(statement) and walk.waits.judge(
        walk.manifest, statement, commit_hash, walk.initiator, walk.event
    ):
        pass
    elif statement["context"] != walk.context:
        errors.refuse("same_context", "records alone are about what came before them")


def of_wait(statement: Mapping[str, Any]) -> bool:
    """Whether a commit tells of a wait."""
    return any(record["kind"] in KINDS for record in statement["records"])

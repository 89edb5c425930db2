"""What a gate's policies said, where it stands and what may follow (FORMAT sections 2 and 3).

A policy is asked before people are, and may waive the gate (``policy`` and ``waiver`` records); a
guard is asked then too, and once more on what was decided (``guard`` records, ADR 0111). The
verifier and the evidence worker run these same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import errors, forms

Statement = Mapping[str, Any]
Record = Mapping[str, Any]

# The kind of record -> the clause of the gate whose policy it is of.
CLAUSES: Mapping[str, str] = {"policy": "waived", "waiver": "waived", "guard": "guarded"}
# What lets a guarded gate go on: people decide either way.
GOES_ON = frozenset({"ALLOW", "REQUIRE_HUMAN"})
# How a guard ends a decided gate: the cause of REJECTED -> the answer that stands with it. None:
# nobody could be asked, which no record tells.
ENDS: Mapping[str, str | None] = {
    "policy_deny": "DENY",
    "policy_failure": "FAILURE",
    "authority_ambiguous": None,
}


def query_of(manifest: Mapping[str, Any], gate: Mapping[str, Any], clause: str) -> str:
    """The query behind ``waived`` or ``guarded``, "none" when the gate has no such clause."""
    name = gate[clause]
    return "none" if name == "none" else str(manifest["policies"][name]["query"])


def answers(statement: Statement, *kinds: str) -> list[Record]:
    """The commit's policy answers of these kinds."""
    return [record for record in statement["records"] if record["kind"] in kinds]


def check_asked(manifest: Mapping[str, Any], gate: Mapping[str, Any], statement: Statement) -> None:
    """Check a WAITING commit: each of the gate's policies was asked, and sent it to people.

    Raises:
        EvidenceError: ``policy_record``, ``guard_record``, ``policy_version``, ``policy_input``.
    """
    artifact = statement["artifacts"][0]
    place = (artifact["gate"], artifact["round"])
    waived, guarded = (query_of(manifest, gate, clause) for clause in ("waived", "guarded"))
    found = answers(statement, "policy")
    if not _exactly(found, waived, place, frozenset({"REQUIRE_HUMAN"})):
        errors.refuse("policy_record", "the gate's own policy did not send it to people, alone")
    if not _exactly(answers(statement, "guard"), guarded, place, GOES_ON):
        errors.refuse("guard_record", "the gate's guard was not asked, or did not let it go on")
    _check_versions(artifact["policy_version_id"], answers(statement, "policy", "guard"))


def check_waiver_guard(
    manifest: Mapping[str, Any], gate: Mapping[str, Any], statement: Statement, waiver: Record
) -> None:
    """Check the commit of a waiver: a guard of that gate let it go on too, under one revision.

    Raises:
        EvidenceError: ``guard_record``, ``policy_version``, ``policy_input``.
    """
    place = (waiver["gate"], waiver["round"])
    found = answers(statement, "guard")
    if not _exactly(found, query_of(manifest, gate, "guarded"), place, GOES_ON):
        errors.refuse("guard_record", "the gate's guard was not asked, or did not let it go on")
    if found:
        _check_versions(waiver["policy_version_id"], found)


def check_asked_again(query: str, statement: Statement) -> None:
    """Check an APPROVED or OVERRIDDEN commit: the guard, if the gate has one (``query`` is not
    "none"), was asked on what was decided and lets it go on.

    Raises:
        EvidenceError: ``guard_record``, ``policy_version``, ``policy_input``.
    """
    artifact = statement["artifacts"][0]
    place = (artifact["gate"], artifact["round"])
    found = answers(statement, "guard")
    if not _exactly(found, query, place, GOES_ON):
        errors.refuse("guard_record", "no guard let the decided values go on")
    _check_versions(artifact["policy_version_id"], found)


def check_rejected(query: str, statement: Statement, outcome: str) -> bool:
    """Check a REJECTED commit whose votes amount to ``outcome``; whether the guard ended it.

    Raises:
        EvidenceError: ``policy_cause``, ``policy_version``, ``policy_input``.
    """
    artifact = statement["artifacts"][0]
    cause, found = artifact["cause"], answers(statement, "guard")
    decided = query != "none" and outcome in ("approved", "amended")
    answer = ENDS.get(cause)
    ends = decided and cause in ENDS
    place = (artifact["gate"], artifact["round"])
    wanted = answer is not None
    if wanted and not decided:
        errors.refuse("policy_cause", "no guard of this gate was asked about a decision")
    if not _exactly(found, query if wanted else "none", place, frozenset({str(answer)})):
        errors.refuse("policy_cause", f"{cause} without exactly that answer of the guard")
    _check_versions(artifact["policy_version_id"], found, final=True)
    return ends


def _exactly(
    found: list[Record], query: str, place: tuple[str, str], allowed: frozenset[str]
) -> bool:
    """Whether there is one answer to this query and of this round, none when there is no query."""
    if query == "none":
        return not found
    return [(one["query"], (one["gate"], one["round"])) for one in found] == [
        (query, place)
    ] and found[0]["answer"] in allowed


def _check_versions(version: str, found: list[Record], *, final: bool = False) -> None:
    """One revision answered every question of a transition, and the transition names it. What
    failed, which is final, may have no revision and no question."""
    named = {record["policy_version_id"] for record in found} or {"none"}
    if named != {version}:
        errors.refuse("policy_version", "the revision that was asked is not the one that is named")
    for record in found:
        if final and record["answer"] == "FAILURE":
            continue
        if not forms.is_policy(record["policy_version_id"]):
            errors.refuse("policy_version", "an answer of no policy's revision")
        if not forms.is_hex64(record["input_hash"]):
            errors.refuse("policy_input", "an answer to no question")

"""What must hold inside one commit, whatever came before it (FORMAT sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gantral.authority import CAUSES, GROUPS, Cause, State
from gantral.evidence import errors
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import H, artifact_id
from gantral.evidence.records import COMMIT

_HEAD = len('{"artifact_hash":"",') + 64
_GROUPS = {tuple(map(str, group)) for group in GROUPS}
_CAUSES = {str(state): {str(c) for c in causes} for state, causes in CAUSES.items()}
_NO_CAUSE = {str(Cause.NONE)}
_DECIDED = {"APPROVED", "OVERRIDDEN"}
_AT_GATE = {"WAITING_FOR_HUMAN", "APPROVED", "OVERRIDDEN", "RESUMED", "REJECTED"}
_ASKED = {
    *map(str, (State.WAITING_FOR_HUMAN, State.TERMINATED)),
    *map(str, (State.APPROVED, State.OVERRIDDEN, State.REJECTED)),
}
_QUIET = ("cause", "decision_hash", "human_actor_id", "policy_version_id", "records_hash")


@dataclass(frozen=True)
class Parts:
    """What a commit's payload holds that is hashed by itself, in its exact bytes."""

    artifacts: list[bytes]
    context: bytes
    decision: bytes
    records: bytes


def cut(payload: bytes) -> Parts:
    """The parts of a commit's canonical bytes, once it has the form of a commit.

    Canonical bytes of a part are a piece of the whole's, so nothing is encoded again. A piece
    like ``,"decision":`` can only be a member's name: within a text its quotes would be escaped.
    Members are sorted, and none of the names below stands deeper in what comes before it.
    """
    commit = payload.index(b'],"commit":')
    context = payload.index(b',"context":', commit)
    decision = payload.index(b',"decision":', context)
    instance = payload.index(b',"instance_id":', decision)
    previous = payload.index(b'"prev_commit_hash":', instance)
    end = payload.rindex(b',"timestamp":')
    # No brace stands in an artifact's values.
    artifacts = payload[len(b'{"artifacts":[') : commit]
    return Parts(
        [b"{" + line.strip(b"{}") + b"}" for line in artifacts.split(b"},{") if line],
        payload[context + len(b',"context":') : decision],
        payload[decision + len(b',"decision":') : instance],
        # Exactly {prev_commit_hash, records}: the two stand side by side.
        b"{" + payload[previous:end] + b"}",
    )


def check_artifacts(statement: Mapping[str, Any], payload: bytes) -> list[bytes]:
    """Check a commit's statement in itself: its form, its group, each artifact's hash, id,
    bindings, causes and actors, and the links between its artifacts. ``payload`` is the statement's
    canonical bytes.

    Returns each artifact's canonical bytes. Links to the commit before are the walk's.

    Raises:
        EvidenceError: ``form``, ``group``, ``artifact_hash``, ``artifact_id``, ``link``,
            ``sequence``, ``context_hash``, ``records_hash``, ``decision_hash``, ``identity``,
            ``timestamp``, ``gate_member``, ``cause``, ``actor`` or ``policy_version``.
    """
    COMMIT.require(statement)
    artifacts: list[dict[str, str]] = statement["artifacts"]
    states = tuple(artifact["authority_state"] for artifact in artifacts)
    if states not in _GROUPS:
        errors.refuse("group", f"no commit holds {', '.join(states)}")
    pointers = [pair[0] for pair in statement["context"]]
    if pointers != sorted(set(pointers)):
        errors.refuse("context_order", "the context is not sorted, or a pointer is there twice")
    parts = cut(payload)
    about = H("context", parts.context)
    for index, (artifact, line) in enumerate(zip(artifacts, parts.artifacts, strict=True)):
        # "artifact_hash" sorts first, so its bytes can be cut off instead of encoding twice.
        if sha256(b"{" + line[_HEAD:]).hexdigest() != artifact["artifact_hash"]:
            errors.refuse("artifact_hash", "an artifact's hash is not that of its bytes")
        sequence = int(artifact["sequence"])
        if artifact["artifact_id"] != artifact_id(artifact["instance_id"], sequence):
            errors.refuse("artifact_id", f"artifact {sequence} has another id")
        if (
            artifact["instance_id"] != statement["instance_id"]
            or artifact["owning_team_id"] != statement["owning_team_id"]
        ):
            errors.refuse("identity", f"artifact {sequence} is of another instance or team")
        if artifact["timestamp"] != statement["timestamp"]:
            errors.refuse("timestamp", f"artifact {sequence} has another time than its commit")
        if artifact["context_hash"] != about:
            errors.refuse("context_hash", f"artifact {sequence} is about another context")
        if index:
            _check_following(artifacts[0], artifacts[index - 1], artifact)
        _check_members(artifact, len(artifacts))
    _check_first(statement, artifacts, parts)
    return parts.artifacts


def _check_following(
    first: Mapping[str, str], before: Mapping[str, str], artifact: Mapping[str, str]
) -> None:
    if artifact["prev_artifact_hash"] != before["artifact_hash"]:
        errors.refuse("link", f"artifact {artifact['sequence']} follows another one")
    if int(artifact["sequence"]) != int(before["sequence"]) + 1:
        errors.refuse("sequence", f"artifact {artifact['sequence']} is not the next one")
    for name in ("workflow_id", "workflow_version_id"):
        if artifact[name] != first[name]:
            errors.refuse("identity", f"artifact {artifact['sequence']} is of another program")
    if first["authority_state"] in _DECIDED and any(
        artifact[name] != first[name] for name in ("gate", "round")
    ):
        errors.refuse("gate_member", "one decision names two gates or rounds")
    for name in _QUIET:
        if artifact[name] != "none":
            errors.refuse("first_only", f"{name} stands on the first artifact of a commit alone")


def _check_members(artifact: Mapping[str, str], size: int) -> None:
    state = artifact["authority_state"]
    at_gate = state in _AT_GATE or (state == "RUNNING" and size == 3)
    if at_gate != (artifact["gate"] != "none") or at_gate != (artifact["round"] != "none"):
        errors.refuse("gate_member", f"gate and round do not fit {state}")
    if artifact["cause"] not in _CAUSES.get(state, _NO_CAUSE):
        errors.refuse("cause", f"{state} cannot have the cause {artifact['cause']}")
    if artifact["policy_version_id"] != "none" and state not in _ASKED:
        errors.refuse("policy_member", f"no policy is asked for {state}")
    if state in _DECIDED and artifact["human_actor_id"] == "none":
        errors.refuse("actor", f"{state} names nobody")
    if state in ("WAITING_FOR_HUMAN", "COMPLETED") and artifact["human_actor_id"] != "none":
        errors.refuse("actor", f"{state} names a person")


def _check_first(
    statement: Mapping[str, Any], artifacts: list[dict[str, str]], parts: Parts
) -> None:
    decision = statement["decision"]
    if not artifacts:
        if decision != "none":
            raise EvidenceError("decision_member", "records alone decide nothing")
        return
    first = artifacts[0]
    if first["records_hash"] != H("records", parts.records):
        errors.refuse("records_hash", "the records are not those that the artifact binds")
    hashed = "none" if decision == "none" else H("decision", parts.decision)
    if first["decision_hash"] != hashed:
        errors.refuse("decision_hash", "the decision is not the one that the artifact binds")
    state = first["authority_state"]
    submitted = isinstance(decision, dict) and "submission" in decision
    if submitted != (state == "CREATED") or (
        (decision == "none") != (state not in _DECIDED | {"CREATED", "REJECTED"})
        and not (state == "REJECTED" and decision == "none")
    ):
        errors.refuse("decision_member", f"the decision does not fit {state}")

"""Build a commit: 0 to 3 artifacts with context, decision and records (FORMAT section 3).

Pure: no key, no store. ``seal("commit", built.statement, key)`` makes the envelope that is put.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.authority import CAUSES, GROUPS, Cause, IllegalTransition, State, advance
from gantral.evidence import forms
from gantral.evidence.bytes import canonical
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import (
    H,
    artifact_hash,
    artifact_id,
    context_hash,
    decision_hash,
    records_hash,
)

TYPE = "gantral.dev/commit/v1"
NONE = "none"
# The states that may name a policy revision: those whose transition asks the policy.
_ASKED = frozenset(
    {
        State.WAITING_FOR_HUMAN,
        State.APPROVED,
        State.OVERRIDDEN,
        State.REJECTED,
        State.TERMINATED,
    }
)
_AT_GATE = frozenset(
    {
        State.WAITING_FOR_HUMAN,
        State.APPROVED,
        State.OVERRIDDEN,
        State.RESUMED,
        State.REJECTED,
    }
)


@dataclass(frozen=True)
class BuildCommit:
    """What a commit says. Every text is in its canonical form; ``none`` where there is nothing.

    ``states`` is a group of ``authority.GROUPS``; ``previous_state`` the state before it, None
    before CREATED. ``sequence`` is the first artifact's. ``context`` is
    ``[[pointer, leaf], …]`` sorted by pointer. ``decision`` is ``none``,
    ``{"submission": envelope}`` or what ``votes_decision`` builds. ``cause``,
    ``human_actor_id``, ``policy_version_id`` go on the first artifact.
    """

    owning_team_id: str
    workflow_id: str
    workflow_version_id: str
    instance_id: str
    commit: int
    prev_commit_hash: str
    last_artifact_hash: str
    sequence: int
    previous_state: str | None
    states: Sequence[str]
    timestamp: str
    context: Sequence[Sequence[str]]
    gate: str = NONE
    round: str = NONE
    cause: str = NONE
    human_actor_id: str = NONE
    policy_version_id: str = NONE
    decision: Mapping[str, Any] | str = NONE
    records: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Built:
    """A commit's statement, its exact payload bytes, and what the next one needs.

    ``first_artifact_hash`` is ``none`` for a commit of records only.
    """

    statement: dict[str, Any]
    payload: bytes
    commit_hash: str
    context_hash: str
    first_artifact_hash: str
    last_artifact_hash: str
    sequence: int
    state: str


def build_commit(order: BuildCommit) -> Built:
    """Build the statement of one commit.

    Raises:
        IllegalTransition: for a move outside the table (requirement section 4).
        EvidenceError: ``group``, ``cause``, ``form`` or ``bytes``: never sign such a commit.
    """
    states = tuple(State(state) for state in order.states)
    _check_order(order, states)
    about = context_hash(order.context)
    records = [dict(record) for record in order.records]
    artifacts: list[dict[str, str]] = []
    last = order.last_artifact_hash
    for index, state in enumerate(states):
        first = index == 0
        at_gate = state in _AT_GATE or (state is State.RUNNING and len(states) == 3)
        decided = first and isinstance(order.decision, Mapping)
        artifact = {
            "artifact_version": "1.0.0",
            "artifact_id": artifact_id(order.instance_id, order.sequence + index),
            "authority_state": state.value,
            "cause": order.cause if first else NONE,
            "context_hash": about,
            "decision_hash": decision_hash(order.decision) if decided else NONE,  # type: ignore[arg-type]
            "gate": order.gate if at_gate else NONE,
            "human_actor_id": order.human_actor_id if first else NONE,
            "instance_id": order.instance_id,
            "owning_team_id": order.owning_team_id,
            "policy_version_id": order.policy_version_id if first else NONE,
            "prev_artifact_hash": last,
            "records_hash": records_hash(order.prev_commit_hash, records) if first else NONE,
            "round": order.round if at_gate else NONE,
            "sequence": str(order.sequence + index),
            "timestamp": order.timestamp,
            "workflow_id": order.workflow_id,
            "workflow_version_id": order.workflow_version_id,
        }
        _check_artifact(artifact)
        last = artifact["artifact_hash"] = artifact_hash(artifact)
        artifacts.append(artifact)
    statement = {
        "artifacts": artifacts,
        "commit": str(order.commit),
        "context": [list(pair) for pair in order.context],
        "decision": order.decision,
        "instance_id": order.instance_id,
        "owning_team_id": order.owning_team_id,
        "prev_commit_hash": order.prev_commit_hash,
        "records": records,
        "timestamp": order.timestamp,
        "type": TYPE,
    }
    payload = canonical(statement)
    return Built(
        statement=statement,
        payload=payload,
        commit_hash=H("commit", payload),
        context_hash=about,
        first_artifact_hash=artifacts[0]["artifact_hash"] if artifacts else NONE,
        last_artifact_hash=last,
        sequence=order.sequence + len(artifacts),
        state=states[-1].value if states else str(order.previous_state),
    )


def votes_decision(
    waiting_artifact_hash: str,
    excluded: Sequence[str],
    named: Mapping[str, Sequence[str]],
    votes: Sequence[Mapping[str, Any]],
    opened_before: Sequence[Sequence[str]] = (),
    opened_after: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """The decision of a gate (FORMAT section 5).

    ``excluded`` and ``named`` as in the WAITING commit's deciders record; ``eligible`` is every
    actor that ``named`` names and ``excluded`` does not. ``votes`` are envelopes, every accepted
    vote in the order it was counted. ``opened_*`` are texts ``[salt, instance_id, path, value]``
    sorted by path: of the proposal, for each path that the bounds of an amended path read
    (``recount.opened_paths``); of the decided value, for each amended path.
    """
    return {
        "type": "gantral.dev/decision/v1",
        "waiting_artifact_hash": waiting_artifact_hash,
        "excluded": sorted(excluded),
        "eligible": eligible_actors(excluded, named),
        "votes": [dict(vote) for vote in votes],
        "opened_before": [list(text) for text in opened_before],
        "opened_after": [list(text) for text in opened_after],
    }


def eligible_actors(excluded: Sequence[str], named: Mapping[str, Sequence[str]]) -> list[str]:
    """The named persons who may decide, sorted."""
    return sorted({actor for actors in named.values() for actor in actors} - set(excluded))


def _check_order(order: BuildCommit, states: tuple[State, ...]) -> None:
    before = None if order.previous_state is None else State(order.previous_state)
    if states not in GROUPS:
        raise EvidenceError("group", f"no commit holds {', '.join(states) or 'nothing'}")
    if not states and before is not State.RUNNING:
        raise EvidenceError("group", "records alone are committed only while RUNNING")
    for state in states:
        before = advance(before, state)
    cause = Cause(order.cause)
    if states and cause not in CAUSES.get(states[0], frozenset({Cause.NONE})):
        raise EvidenceError("cause", f"{states[0]} cannot have the cause {cause}")
    if order.policy_version_id != NONE and (not states or states[0] not in _ASKED):
        raise EvidenceError("form", "a policy revision stands only where the policy was asked")
    for pair in order.context:
        if len(pair) != 2 or not forms.is_hex64(pair[1]):
            raise EvidenceError("form", "a context holds pairs of pointer and leaf")
    pointers = [pair[0] for pair in order.context]
    if any(a >= b for a, b in itertools.pairwise(pointers)):
        raise EvidenceError("form", "the context is not sorted by pointer")
    if not forms.is_hex64(order.prev_commit_hash):
        raise EvidenceError("form", "prev_commit_hash is no hash")
    if not forms.is_instant(order.timestamp):
        raise EvidenceError("form", f"no instant: {order.timestamp[:40]}")


def _check_artifact(artifact: Mapping[str, str]) -> None:
    for name, value in artifact.items():
        if not forms.ARTIFACT_VALUE.match(value):
            raise EvidenceError("form", f"artifact member {name} cannot be {value!r:.60}")


__all__ = [
    "BuildCommit",
    "Built",
    "IllegalTransition",
    "build_commit",
    "eligible_actors",
    "votes_decision",
]

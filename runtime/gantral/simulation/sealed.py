"""What the API seals for people, made without its requests: submissions, votes, events.

The forms are those of FORMAT section 5; what may not be counted is refused where it is in a
deployment, by the workflow's own validators.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gantral.api.sealing import NONE, Seal, Text, put_envelope, put_texts, stamp, text
from gantral.evidence import Store, parse, seal
from gantral.evidence.envelope import unwrap
from gantral.evidence.hashes import context_hash
from gantral.evidence.waits import PREFIX
from gantral.identity import Person
from gantral.runtime.commands import StartCommand
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.values import Record
from gantral.runtime.workers.leaves import leaf_value


@dataclass(frozen=True)
class Vote:
    """A sealed vote, the texts that it binds, and what is delivered to the workflow."""

    hash: str
    envelope: Mapping[str, Any]
    texts: tuple[Text, ...]
    delivery: dict[str, Any]


def submission(
    seal_: Seal,
    store: Store,
    program: ProgramInfo,
    person: Person,
    instance_id: str,
    value: Mapping[str, Any],
    now: datetime,
) -> StartCommand:
    """The start of an instance, its texts put.

    Raises:
        pydantic.ValidationError: the input is outside its type.
    """
    read = program.input.from_wire(dict(value))
    texts = _texts(seal_, person, instance_id, read, "/input")
    context = [[path, texts[path].leaf] for path in sorted(texts)]
    identity = seal_.identity(person, instance_id)
    sealed = seal_.submission(
        person,
        program.manifest,
        program.version_id,
        instance_id,
        context,
        None,
        identity,
        now,
    )
    put_texts(store, program.team, instance_id, [*texts.values(), identity])
    return {
        "submission": sealed,
        "input": read.to_wire(),
        "context": context,
        "initiator": {"actor": seal_.actor(person), "value": person.value},
        "environment": seal_.environment,
    }


def vote(
    seal_: Seal,
    person: Person,
    instance_id: str,
    shown: Mapping[str, Any],
    kind: str,
    amendment: Mapping[str, str],
    reason: str,
    now: datetime,
) -> Vote:
    """A person's vote on what ``shown`` (query ``show``) says waits."""
    at, actor = stamp(now), seal_.actor(person)
    identity = seal_.identity(person, instance_id)
    texts = [identity]
    if reason:
        texts.append(text(instance_id, f"/justification/{at}", reason))
    asked = str(shown["waiting_artifact_hash"])
    own = [one["hash"] for one in shown["votes"] if one["actor"] == actor]
    level = str(shown["prove"]["assurance"])
    statement = {
        "type": "gantral.dev/authority-decision/v1",
        # Several votes of one person may be of one millisecond here.
        "decision_id": str(uuid.uuid5(uuid.UUID(instance_id), f"{asked}/{actor}/{len(own)}")),
        "instance_id": instance_id,
        "decision_type": kind,
        "human_actor_id": actor,
        "role": list(person.roles),
        "justification": f"leaf:{texts[1].leaf}" if reason else NONE,
        "justification_length": str(len(reason)),
        "context_snapshot_hash": shown["context_hash"],
        "waiting_artifact_hash": asked,
        "supersedes": own[-1] if own else NONE,
        "amendment": [[path, amendment[path]] for path in sorted(amendment)],
        "timestamp": at,
        "assurance": seal_.assurance(person, level if level in person.levels else NONE, identity),
    }
    envelope = seal("authority-decision", statement, seal_.key)
    delivery = {
        "vote": envelope,
        "justification": reason,
        "round": shown["round"],
        "gate": shown["gate"],
    }
    return Vote(unwrap(envelope, "authority-decision").hash, envelope, tuple(texts), delivery)


def put_vote(store: Store, team: str, instance_id: str, made: Vote) -> None:
    """Put a vote and its texts, before anybody is told of it."""
    put_envelope(store, f"{team}/{instance_id}/votes/{made.hash}.json", made.envelope)
    put_texts(store, team, instance_id, made.texts)


def put_refusal(
    seal_: Seal, store: Store, team: str, instance_id: str, made: Vote, why: str, now: datetime
) -> None:
    """Seal that a vote was refused, so that it is accounted for (FORMAT section 5)."""
    statement = {
        "type": "gantral.dev/refusal/v1",
        "instance_id": instance_id,
        "owning_team_id": team,
        "vote": made.hash,
        "reason": why,
        "timestamp": stamp(now),
    }
    key = f"{team}/{instance_id}/votes/{made.hash}.refusal.json"
    put_envelope(store, key, seal("refusal", statement, seal_.key))


def event(
    seal_: Seal,
    program: ProgramInfo,
    person: Person,
    instance_id: str,
    opened: str,
    name: str,
    value: Mapping[str, Any],
    model: type[Record],
    now: datetime,
) -> dict[str, Any]:
    """The delivery of an event to the wait whose commit's hash is ``opened``.

    Raises:
        pydantic.ValidationError: the data is outside the event's type.
    """
    data = model.from_wire(dict(value))
    texts = _texts(seal_, person, instance_id, data, PREFIX)
    identity = seal_.identity(person, instance_id)
    statement = {
        "type": "gantral.dev/event/v1",
        "instance_id": instance_id,
        "owning_team_id": program.team,
        "event": name,
        "wait_commit_hash": opened,
        "human_actor_id": seal_.actor(person),
        "role": sorted(person.roles),
        "context_hash": context_hash([[path, texts[path].leaf] for path in sorted(texts)]),
        "timestamp": stamp(now),
        "assurance": seal_.assurance(person, next(iter(person.levels), NONE), identity),
    }
    return {
        "event": seal("event", statement, seal_.key),
        "data": data.to_wire(),
        "texts": [parse(one.data) for one in (*texts.values(), identity)],
    }


def _texts(
    seal_: Seal, person: Person, instance_id: str, value: Record, prefix: str
) -> dict[str, Text]:
    """pointer -> the salted text of each leaf; a person's is an actor id."""
    leaves = {path: leaf_value(one) for path, one in value.leaves(prefix).items()}
    for path, claim in value.persons(prefix).items():
        leaves[path] = seal_.actor_of(person, claim)
    return {path: text(instance_id, path, one) for path, one in leaves.items()}

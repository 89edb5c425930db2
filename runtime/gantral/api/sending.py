"""Take an event that a run waits for: judge, seal, deliver, answer with a receipt (ADR 0120).

Nothing of an event is put in the store here: one that is refused leaves nothing there, and one that
is taken is put by the evidence worker, with its texts, in the commit that tells of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from gantral.api import readiness
from gantral.api.deployment import Deployment
from gantral.api.entry import enter
from gantral.api.problems import Problem, not_found, unknown
from gantral.api.sealing import NONE, stamp, text
from gantral.api.story import Awaiting, Sent, Story
from gantral.api.temporal import Rejected
from gantral.evidence import canonical, forms, parse, seal
from gantral.evidence.context import flatten
from gantral.evidence.hashes import context_hash
from gantral.evidence.waits import PREFIX, check_sender
from gantral.identity import Person
from gantral.policy import shapes

# Seconds between deliveries of an event whose run has not heard yet that its wait is open.
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_MOST_DATA: Final = 64 * 1024


async def send(
    deployment: Deployment, person: Person, instance_id: str, body: Any
) -> dict[str, Any]:
    """Take one event and return the receipt.

    Args:
        body: {"event": name, "data": spec-named values, "shown": the hash of the wait that the
            sender was shown, when it must be that one}.

    Raises:
        Problem: with the rule. StoreError, Untold.
    """
    story = await deployment.story(instance_id)
    if story is None:
        raise not_found(instance_id[:40])
    name, given, shown = _read(story, body)
    event = story.manifest["events"][name]
    _require_sender(deployment, person, story, name, event)
    value, leaves = _entered(deployment, person, name, event["data"], given)
    before = _repeated(deployment, person, story, name, leaves, shown)
    if before is not None:
        return _receipt(story, before)
    wait = story.awaiting
    if wait is None or name not in wait.events or shown not in (None, wait.hash):
        raise _not_awaited(story, name)
    return await _deliver(deployment, person, story, wait, name, value, leaves)


def may_send(deployment: Deployment, person: Person, story: Story, name: str) -> bool:
    """Whether this person may send the event to this instance, when it waits for it."""
    said = {"human_actor_id": deployment.seal.actor(person), "role": sorted(person.roles)}
    initiator = str(story.submission["human_actor_id"])
    return not check_sender(story.manifest["events"][name], said, initiator)


def _read(story: Story, body: Any) -> tuple[str, Any, str | None]:
    if not isinstance(body, dict) or not {"event"} <= set(body) <= {"event", "data", "shown"}:
        raise Problem(400, "body_members", "the body has the members event, data and perhaps shown")
    name, shown = body["event"], body.get("shown")
    known = story.manifest.get("events", {})
    if not isinstance(name, str) or name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise Problem(
            404, "no_such_event", "this workflow waits for no such event", f"known: {listed}"
        )
    if shown is not None and not forms.is_hex64(shown):
        raise Problem(400, "shown_malformed", "shown is the hash of a wait")
    data = body.get("data", {})
    if len(json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")) > _MOST_DATA:
        raise Problem(413, "event_too_large", f"the data is larger than {_MOST_DATA} bytes")
    return name, data, shown


def _require_sender(
    deployment: Deployment, person: Person, story: Story, name: str, event: Mapping[str, Any]
) -> None:
    if may_send(deployment, person, story, name):
        return
    senders = " or ".join(
        "whoever started it" if one == "initiator" else one for one in event["from"]
    )
    raise Problem(
        403,
        "event_sender",
        f"the event {name} is sent by {senders}, and that is not you",
        "ask somebody who is, or your administrator for the role",
    )


def _entered(
    deployment: Deployment, person: Person, name: str, shape: shapes.Shape, given: Any
) -> tuple[Any, dict[str, str]]:
    value, errors = enter(shape, given, "/data")
    if errors:
        raise Problem(
            422,
            "event_refused",
            f"the data is not what {name} carries",
            "; ".join(f"{one.pointer}: {one.message}" for one in errors[:5]),
            errors=errors,
        )
    leaves = flatten(value, shape, PREFIX)
    for path, claim in shapes.persons(shape, value, PREFIX).items():
        leaves[path] = deployment.seal.actor_of(person, claim)
    return value, leaves


def _repeated(
    deployment: Deployment,
    person: Person,
    story: Story,
    name: str,
    leaves: Mapping[str, str],
    shown: str | None,
) -> Sent | None:
    """The event that this one repeats, whose answer may have been lost: it was sent to the same
    wait, by the same person, with the same data."""
    for sent in story.sent:
        if sent.statement["wait_commit_hash"] == shown:
            same = (
                sent.statement["event"] == name
                and sent.statement["human_actor_id"] == deployment.seal.actor(person)
                and story.values(sent.commit) == leaves
            )
            return sent if same else None
    return None


def _not_awaited(story: Story, name: str) -> Problem:
    return Problem(
        409,
        "event_not_awaited",
        f"the instance does not wait for {name}: it is {story.state.value}",
        f"gantral show {story.instance_id[:8]} tells what it waits for",
    )


async def _deliver(
    deployment: Deployment,
    person: Person,
    story: Story,
    wait: Awaiting,
    name: str,
    value: Any,
    leaves: Mapping[str, str],
) -> dict[str, Any]:
    policy = (readiness.POLICY,) if story.manifest["policies"] else ()
    await deployment.ready.require(readiness.STORE, readiness.SIGNER, *policy)
    # In a thread: the key may be one that has to be asked.
    delivery = await asyncio.to_thread(
        _sealed, deployment, person, story, wait, name, value, leaves
    )
    answer: Mapping[str, Any] | Rejected | Problem
    try:
        answer = await _delivered(deployment, story, wait, delivery, leaves)
    except Problem as silence:
        answer = silence
    # The put is the transition: whatever was answered, what the store holds was taken.
    now = await deployment.story(story.instance_id)
    if now is not None:
        before = _repeated(deployment, person, now, name, leaves, wait.hash)
        if before is not None:
            return _receipt(now, before)
    if isinstance(answer, Problem):
        raise answer
    if isinstance(answer, Rejected):
        raise _refused(story, name, answer)
    raise unknown("whether the event was taken")


async def _delivered(
    deployment: Deployment,
    story: Story,
    wait: Awaiting,
    delivery: Mapping[str, Any],
    leaves: Mapping[str, str],
) -> Mapping[str, Any] | Rejected:
    """Deliver an event; again while the wait is open in the store and not yet in its run: a refused
    update leaves no trace in history, so asking again is harmless."""
    said = [wait.hash, delivery["event"]["payload"]]
    update = f"event-{sha256(canonical(said, 1 << 20)).hexdigest()}"
    for pause in _PAUSES:
        answer = await deployment.gateway.send(story.instance_id, update, delivery)
        if not isinstance(answer, Rejected) or answer.rule != "no_wait":
            return answer
        now = await deployment.story(story.instance_id)
        if now is None or now.awaiting is None or now.awaiting.hash != wait.hash:
            return answer
        await asyncio.sleep(pause)
    # It may hear of its wait yet, and of the event when it is sent again: no refusal.
    raise unknown("whether the event was taken")


def _refused(story: Story, name: str, answer: Rejected) -> Problem:
    if answer.rule == "NotCommitted":
        return Problem(
            503,
            "not_committed",
            "the event was taken, but it could not be committed as evidence, so nothing follows"
            " from it",
            "this is for whoever runs the deployment",
        )
    if answer.rule == "late":
        return Problem(409, "event_late", f"the time to send {name} is over")
    if answer.rule in ("no_wait", "instance_ended"):
        return _not_awaited(story, name)
    return Problem(409, f"event_{answer.rule}", answer.message)


def _sealed(
    deployment: Deployment,
    person: Person,
    story: Story,
    wait: Awaiting,
    name: str,
    value: Any,
    leaves: Mapping[str, str],
) -> dict[str, Any]:
    """What is delivered: the sealed event, its data, and the salted texts that bind both."""
    bound = {path: text(story.instance_id, path, one) for path, one in leaves.items()}
    identity = deployment.seal.identity(person, story.instance_id)
    level = person.levels[0] if person.levels else NONE
    statement = {
        "type": "gantral.dev/event/v1",
        "instance_id": story.instance_id,
        "owning_team_id": story.team,
        "event": name,
        "wait_commit_hash": wait.hash,
        "human_actor_id": deployment.seal.actor(person),
        "role": sorted(person.roles),
        "context_hash": context_hash([[path, bound[path].leaf] for path in sorted(bound)]),
        "timestamp": stamp(deployment.now()),
        "assurance": deployment.seal.assurance(person, level, identity),
    }
    return {
        "event": seal("event", statement, deployment.seal.key),
        "data": value,
        "texts": [parse(one.data) for one in (*bound.values(), identity)],
    }


def _receipt(story: Story, sent: Sent) -> dict[str, Any]:
    return {
        "instance_id": story.instance_id,
        "event": sent.statement["event"],
        "wait": sent.site,
        "sent_at": sent.statement["timestamp"],
        "taken_at": sent.commit["timestamp"],
        "status": "taken",
        "envelope": dict(sent.envelope),
    }

"""From what a person sent to the vote statement, and what the recount says of it (FORMAT 5)."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gantral.api import words
from gantral.api.deployment import Deployment
from gantral.api.entry import enter
from gantral.api.holding import Held, still
from gantral.api.problems import FieldError, Problem
from gantral.api.sealing import NONE, Text, stamp, text
from gantral.api.story import Story, Vote, Waiting
from gantral.evidence import EvidenceError, forms, recount
from gantral.evidence.context import flatten, shape_at
from gantral.evidence.expr import holds
from gantral.identity import Person

TYPES = {"approve": "APPROVE", "amend": "OVERRIDE", "reject": "REJECT", "retract": "RETRACT"}
_MEMBERS = {"decision", "shown", "values", "reason"}
_MOST_REASON = 4000
_STATUS = {
    "shown": 409, "repeated": 409, "decided": 409, "opening": 409, "deadline": 409,
    "supersedes": 409, "initiator": 403, "excluded": 403, "role": 403, "amendment": 422,
    "reason": 422, "assurance": 401, "login": 401, "form": 422, "instance": 409,
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What a person decided. ``values``: pointer -> leaf value of each amended field."""

    kind: str
    shown: str
    values: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Ballot:
    """A vote to be sealed, with the texts that it binds."""

    statement: Mapping[str, Any]
    texts: tuple[Text, ...]
    reason: str


def read_choice(gate: Mapping[str, Any], shown_values: Mapping[str, str], body: Any) -> Choice:
    """Read the body of a decision: decision, shown, and where they apply values and reason.

    Raises:
        Problem: 400 body_members; 422 with every field that is wrong.
    """
    if not isinstance(body, dict) or not {"decision", "shown"} <= set(body) <= _MEMBERS:
        raise Problem(
            400,
            "body_members",
            "the body has the members decision and shown, and may have values and reason",
        )
    kind, shown, reason = body["decision"], body["shown"], body.get("reason", "")
    if kind not in TYPES:
        raise Problem(400, "decision_word", f"decision is one of {', '.join(TYPES)}")
    if not forms.is_hex64(shown):
        raise Problem(
            400, "shown_missing", "shown is the waiting_artifact_hash that you were shown"
        )
    values = body.get("values", {})
    if not isinstance(reason, str) or not isinstance(values, dict):
        raise Problem(400, "body_members", "reason is text, values is an object")
    errors: list[FieldError] = []
    found: dict[str, str] = {}
    if kind == "amend":
        found, errors = _amended(gate, shown_values, values)
    elif values:
        errors.append(FieldError("/values", f"to {kind} changes no value; say amend"))
    reason = unicodedata.normalize("NFC", reason.replace("\r\n", "\n")).strip()
    if kind != "retract" and (wrong := _reason_wrong(gate, reason)):
        errors.append(FieldError("/reason", wrong))
    if errors:
        # The recount's own names of the two rules; the words of a field stay out of the log.
        reason_alone = all(error.pointer == "/reason" for error in errors)
        raise Problem(
            422,
            "vote_reason" if reason_alone else "vote_amendment",
            "the reason is not what this gate asks for"
            if reason_alone
            else "the change is not what this gate allows",
            "; ".join(error.message for error in errors),
            errors=errors,
        )
    return Choice(kind, shown, found, reason)


def _amended(
    gate: Mapping[str, Any], old: Mapping[str, str], values: Mapping[str, Any]
) -> tuple[dict[str, str], list[FieldError]]:
    errors: list[FieldError] = []
    found: dict[str, str] = {}
    if not values:
        errors.append(FieldError("/values", "nothing is changed; say approve"))
    for path, given in values.items():
        where = "/values/" + path.replace("~", "~0").replace("/", "~1")
        shape = shape_at(gate["parameters"], path)
        if path not in gate["amend"] or shape is None:
            errors.append(FieldError(where, f"{path[:80]} can't be amended here"))
            continue
        value, wrong = enter(list(shape), given, "")
        if wrong:
            errors += [FieldError(where, one.message) for one in wrong]
        else:
            found[path] = flatten(value, shape, path)[path]
    for path in found:
        where = "/values/" + path.replace("~", "~0").replace("/", "~1")
        if not _within(gate["amend"][path], found, old):
            rule = words.amendment(gate["amend"][path], path, old)
            errors.append(FieldError(where, f"it must be {rule}"))
    return found, errors


def _within(bound: Mapping[str, Any], new: Mapping[str, str], old: Mapping[str, str]) -> bool:
    def read(source: str, pointer: str) -> str:
        return new.get(pointer, old[pointer]) if source == "new" else old[pointer]

    try:
        return holds(bound, read)
    except (EvidenceError, KeyError):
        return False


def _reason_wrong(gate: Mapping[str, Any], reason: str) -> str:
    prove = gate["prove"]
    least = 0 if prove["reason_min"] == NONE else int(prove["reason_min"])
    most = _MOST_REASON if prove["reason_max"] == NONE else int(prove["reason_max"])
    if len(reason) < least:
        return f"the reason needs at least {least} characters; it has {len(reason)}"
    if len(reason) > most:
        return f"the reason has at most {most} characters; it has {len(reason)}"
    if any(ord(c) < 32 and c not in "\n\t" for c in reason):
        return "the reason holds control characters"
    return ""


def ballot(
    deployment: Deployment,
    person: Person,
    story: Story,
    waiting: Waiting,
    kind: str,
    choice: Choice,
    previous: str,
    now: datetime,
) -> Ballot:
    """The vote statement of a choice (FORMAT section 5), with fresh salted texts."""
    seal, at = deployment.seal, stamp(now)
    identity = seal.identity(person, story.instance_id)
    texts = [identity]
    justification = NONE
    if choice.reason:
        why = text(story.instance_id, f"/justification/{at}", choice.reason)
        texts.append(why)
        justification = f"leaf:{why.leaf}"
    wanted = story.manifest["gates"][waiting.gate]["prove"]["assurance"]
    level = wanted if wanted in person.levels else next(iter(person.levels), NONE)
    actor = seal.actor(person)
    name = f"gantral/decision/{waiting.artifact['artifact_hash']}/{actor}/{at}"
    statement = {
        "type": "gantral.dev/authority-decision/v1",
        "decision_id": str(uuid.uuid5(uuid.UUID(story.instance_id), name)),
        "instance_id": story.instance_id,
        "decision_type": kind,
        "human_actor_id": actor,
        "role": list(person.roles),
        "justification": justification,
        "justification_length": str(len(choice.reason)),
        "context_snapshot_hash": waiting.artifact["context_hash"],
        "waiting_artifact_hash": waiting.artifact["artifact_hash"],
        "supersedes": previous,
        "amendment": [[path, choice.values[path]] for path in sorted(choice.values)],
        "timestamp": at,
        "assurance": seal.assurance(person, level, identity),
    }
    return Ballot(statement, tuple(texts), choice.reason)


def electorate_of(deployment: Deployment, story: Story, waiting: Waiting) -> recount.Waiting:
    """The gate as the recount wants it."""
    return recount.Waiting(
        instance_id=story.instance_id,
        artifact_hash=waiting.artifact["artifact_hash"],
        context_hash=waiting.artifact["context_hash"],
        opened_at=waiting.artifact["timestamp"],
        instants=waiting.instants,
        excluded=waiting.excluded,
        named=waiting.named,
        initiator=story.submission["human_actor_id"],
        values=waiting.values,
        max_skew=deployment.trust.max_skew,
    )


def cast(story: Story, waiting: Waiting) -> list[Vote]:
    """The votes of this gate and round that nobody refused, the oldest first."""
    return [
        vote
        for vote in story.votes
        if vote.refusal is None
        and vote.statement["waiting_artifact_hash"] == waiting.artifact["artifact_hash"]
    ]


def judge(
    deployment: Deployment,
    story: Story,
    waiting: Waiting,
    statement: Mapping[str, Any],
    now: datetime,
) -> recount.Refusal | None:
    """What the recount says of a vote, as the workflow and the verifier will."""
    return recount.accept_vote(
        story.manifest["gates"][waiting.gate],
        electorate_of(deployment, story, waiting),
        [vote.statement for vote in cast(story, waiting)],
        statement,
        stamp(now),
    )


def outdated(
    deployment: Deployment,
    story: Story,
    waiting: Waiting,
    statement: Mapping[str, Any],
    now: datetime,
    known: Held,
) -> list[str]:
    """Whose yes this vote can't decide without, and whose roles were read by another role map than
    the deployment's of today, or are no longer listed in its directory: actor ids, empty when there
    are none (LANGUAGE section 6). ``known``: what the directory lists."""
    rules = story.manifest["gates"][waiting.gate]
    electorate = electorate_of(deployment, story, waiting)
    votes = [*(vote.statement for vote in cast(story, waiting)), statement]
    current = [
        still(vote, known) for vote in votes
        if vote["assurance"]["role_map"] == deployment.seal.role_map_hash
    ]  # fmt: skip
    decided = recount.count(rules, electorate, votes, stamp(now))
    if decided.outcome not in ("approved", "amended"):
        return []
    if recount.count(rules, electorate, current, stamp(now)).outcome == decided.outcome:
        return []
    return [
        vote["human_actor_id"]
        for vote in votes
        if vote not in current and recount.vote_hash(vote) in decided.votes
    ]


def problem_of(refusal: recount.Refusal) -> Problem:
    """The HTTP form of a rule of the recount."""
    errors: list[FieldError] = []
    if refusal.rule == "reason":
        errors = [FieldError("/reason", refusal.message)]
    elif refusal.rule == "amendment":
        path, _, why = refusal.message.partition(": ")
        at = "/values/" + path.replace("~", "~0").replace("/", "~1") if why else "/values"
        errors = [FieldError(at, why or refusal.message)]
    return Problem(
        _STATUS.get(refusal.rule, 409),
        f"vote_{refusal.rule}",
        refusal.message,
        _REMEDY.get(refusal.rule, ""),
        errors=errors,
    )


_REMEDY = {
    "shown": "look again: what waits now is not what you were shown",
    "decided": "nothing is left to decide; gantral show tells how it ended",
    "deadline": "silence is rejection: ask for it again in a new instance",
    "role": "ask somebody who holds the role, or wait until the gate widens to yours",
    "excluded": "somebody else must decide this",
    "initiator": "ask whoever started it",
}

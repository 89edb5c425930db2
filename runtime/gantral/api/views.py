"""An instance as JSON: what the CLI prints and the page renders (schema ``Instance``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gantral.api import sending, words
from gantral.api.awaited import Sent
from gantral.api.comments import Comment
from gantral.api.deployment import Deployment, roles_of
from gantral.api.gate_view import gate
from gantral.api.names import called, title
from gantral.api.problems import Problem
from gantral.api.sealing import NONE
from gantral.api.story import Story
from gantral.identity import Person

# The last of them; the log has all.
_MOST_REFUSED = 100


def require_sight(deployment: Deployment, person: Person, story: Story) -> None:
    """Raise unless this person has to do with the instance.

    It shows personal data, so a token of the provider alone is not enough: one started it, holds a
    role of its program, or is named by a gate of it.

    Raises:
        Problem: 403 not_yours_to_see.
    """
    actor = deployment.seal.actor(person)
    named = {one for actors in _named(story).values() for one in actors}
    if (
        actor != story.submission["human_actor_id"]
        and not roles_of(story.manifest) & set(person.roles)
        and actor not in named
    ):
        raise Problem(
            403,
            "not_yours_to_see",
            "you have nothing to do with this instance: you did not start it and hold no role"
            " of its workflow",
            "ask your administrator for the role",
        )


def _named(story: Story) -> Mapping[str, Any]:
    return story.waiting.named if story.waiting else {}


def instance(
    deployment: Deployment, person: Person, story: Story, said: Sequence[Comment]
) -> dict[str, Any]:
    """The whole view. ``waiting`` is null while nothing waits for a decision; ``said``: the
    comments at its gates."""
    now = deployment.now()
    last = story.artifacts[-1]
    view: dict[str, Any] = {
        **summary(story),
        "environment": story.submission["environment"],
        "started_from": story.submission.get("started_from", {}).get("instance_id", NONE),
        "workflow_version": story.manifest["version"],
        "workflow_version_id": story.version_id,
        "cause": last["cause"],
        "input": _values(story, 0),
        "output": _values(story, -1) if story.state == "COMPLETED" else {},
        "history": [_step(story, one) for one in story.artifacts],
        "refused": [*_refused_votes(story), *_refused_requests(deployment, story)],
        "standing": story.standing,
        "message": "",
        "waiting": None,
        "awaiting": awaiting(deployment, person, story),
        "events": [_came(story, one) for one in story.sent],
        "comments": [_said(one) for one in said],
    }
    if story.end is not None and story.end["message"] != NONE:
        view["message"] = story.said(story.end["message"])
    if story.waiting is not None:
        view["waiting"] = gate(deployment, person, story, story.waiting, now)
    return view


def awaiting(deployment: Deployment, person: Person, story: Story) -> list[dict[str, Any]]:
    """The waits that are open: for which events, from whom, until when, which are this person's."""
    return [
        {
            "wait": wait.site,
            "shown": wait.hash,
            "opened_at": wait.opened,
            "deadline": wait.deadline,
            "events": [
                {
                    "event": name,
                    "from": [*story.manifest["events"][name]["from"]],
                    "yours": sending.may_send(deployment, person, story, name),
                }
                for name in wait.events
            ],
        }
        for wait in story.awaiting
    ]


def _came(story: Story, sent: Sent) -> dict[str, str]:
    return {
        "event": sent.statement["event"],
        "wait": sent.site,
        "who": called(story, sent.statement["human_actor_id"]),
        "at": sent.commit["timestamp"],
    }


def _said(one: Comment) -> dict[str, Any]:
    return {
        "gate": one.gate,
        "round": int(one.round),
        "who": one.name,
        "actor": one.actor,
        "text": one.text,
        "at": one.at,
    }


def summary(story: Story) -> dict[str, Any]:
    """What lists show of an instance."""
    submission = story.submission
    return {
        "instance_id": story.instance_id,
        "workflow": submission["workflow_id"],
        "team": story.team,
        "state": story.state.value,
        "title": title(story),
        "requested_by": called(story, submission["human_actor_id"]),
        "requested_at": submission["timestamp"],
    }


def _step(story: Story, artifact: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "state": artifact["authority_state"],
        "at": artifact["timestamp"],
        "gate": artifact["gate"],
        "round": artifact["round"],
        "cause": artifact["cause"],
        "who": called(story, artifact["human_actor_id"]),
        "artifact_hash": artifact["artifact_hash"],
    }


def _values(story: Story, index: int) -> dict[str, str]:
    values = story.values(story.commits[index])
    return {path.split("/", 2)[-1]: words.value(value) for path, value in values.items()}


def _refused_votes(story: Story) -> list[dict[str, str]]:
    found = []
    for vote in story.votes:
        if vote.refusal is not None:
            rule, _, message = str(vote.refusal["reason"]).partition(": ")
            who = called(story, vote.statement["human_actor_id"])
            found.append(
                {"rule": rule, "message": message, "who": who, "at": vote.refusal["timestamp"]}
            )
    return found


def _refused_requests(deployment: Deployment, story: Story) -> list[dict[str, str]]:
    return [
        {
            "rule": one["rule"],
            "message": one["message"],
            "who": called(story, one["human_actor_id"]),
            "at": one["timestamp"],
        }
        for one in deployment.refusals.about(story.instance_id)[-_MOST_REFUSED:]
    ]

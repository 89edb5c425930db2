"""Take a comment: who may, on what, how much of it; seal it, keep it (docs/adr/0180)."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

from gantral.api import readiness
from gantral.api.comments import Comment
from gantral.api.deployment import Deployment
from gantral.api.problems import FieldError, Problem, not_found
from gantral.api.sealing import stamp
from gantral.api.story import Story, Waiting
from gantral.api.views import require_sight
from gantral.evidence import forms
from gantral.identity import Person

MOST: Final = 100
"""Comments at one gate in one round."""
MOST_EACH: Final = 20
"""Of those, by one person: nobody can keep the others from asking."""
LONGEST: Final = 2000

# What was counted holds still when it is put, in this process; each number is given once anyway.
_ONE_AT_A_TIME: Final = Lock()


async def comment(
    deployment: Deployment, person: Person, instance_id: str, body: Any
) -> dict[str, Any]:
    """Take one comment on the gate that waits and return its receipt.

    A person's last comment at a gate, sent again, is the same one: after an answer that was lost,
    asking again adds nothing.

    Args:
        body: {"text": text, "shown": the waiting_artifact_hash that it is about, when it must be
            that gate}.

    Raises:
        Problem: with the rule. StoreError, Untold.
    """
    text, shown = _read(body)
    story = await deployment.story(instance_id)
    if story is None:
        raise not_found(instance_id[:40])
    require_sight(deployment, person, story)
    waiting = _gate(story, shown)
    await deployment.ready.require(readiness.STORE, readiness.SIGNER)
    said = await asyncio.to_thread(_kept, deployment, person, story, waiting, text)
    return {
        "instance_id": story.instance_id,
        "gate": said.gate,
        "round": int(said.round),
        "number": said.number,
        "at": said.at,
    }


def _read(body: Any) -> tuple[str, str | None]:
    if not isinstance(body, dict) or not {"text"} <= set(body) <= {"text", "shown"}:
        raise Problem(400, "body_members", "the body has the member text and perhaps shown")
    text, shown = body["text"], body.get("shown")
    if shown is not None and not forms.is_hex64(shown):
        raise Problem(400, "shown_malformed", "shown is the waiting_artifact_hash of a gate")
    if not isinstance(text, str):
        raise Problem(400, "body_members", "text is text")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    wrong = ""
    if not text:
        wrong = "a comment says something"
    elif len(text) > LONGEST:
        wrong = f"a comment has at most {LONGEST} characters; this one has {len(text)}"
    elif any(ord(one) < 32 and one not in "\n\t" for one in text):
        wrong = "the comment holds control characters"
    if wrong:
        raise Problem(422, "comment_text", wrong, errors=[FieldError("/text", wrong)])
    return text, shown


def _gate(story: Story, shown: str | None) -> Waiting:
    waiting = story.waiting
    if waiting is None:
        raise Problem(
            409,
            "not_waiting",
            f"nothing waits for a decision here: the instance is {story.state.value}",
            f"gantral show {story.instance_id[:8]} tells how it stands",
        )
    if shown not in (None, waiting.artifact["artifact_hash"]):
        raise Problem(
            409,
            "comment_shown",
            "this is a comment on something else than what waits here",
            "look again: what waits now is not what you were shown",
        )
    return waiting


def _kept(
    deployment: Deployment, person: Person, story: Story, waiting: Waiting, text: str
) -> Comment:
    actor, place = deployment.seal.actor(person), (story.team, story.instance_id)
    with _ONE_AT_A_TIME:
        here = [
            one
            for one in deployment.comments.of(*place)
            if (one.gate, one.round) == (waiting.gate, str(waiting.round))
        ]
        own = [one for one in here if one.actor == actor]
        if own and own[-1].text == text:
            return own[-1]
        _require_room(here, own)
        for number in range(len(here) + 1, MOST + 1):
            said = Comment(
                gate=waiting.gate,
                round=str(waiting.round),
                number=number,
                actor=actor,
                name=person.value,
                text=text,
                at=stamp(deployment.now()),
            )
            # Another serve of the deployment may have been quicker with this number.
            if deployment.comments.put(*place, said):
                return said
    raise _full()


def _require_room(here: Sequence[Comment], own: Sequence[Comment]) -> None:
    if len(here) >= MOST:
        raise _full()
    if len(own) >= MOST_EACH:
        raise Problem(
            409,
            "comment_room",
            f"a person may comment {MOST_EACH} times at one gate",
            "decide, or talk to the people whom it is about",
        )


def _full() -> Problem:
    return Problem(
        409,
        "comment_room",
        f"this gate has {MOST} comments already",
        "decide, or talk to the people whom it is about",
    )

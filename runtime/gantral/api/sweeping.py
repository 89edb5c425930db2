"""What ``serve`` tidies now and then: drafts of starts, and votes that nothing accounts for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gantral.api.deciding import refuse_vote
from gantral.api.deployment import Deployment
from gantral.api.sealing import stamp
from gantral.api.story import Story, Untold
from gantral.api.temporal import Rejected
from gantral.evidence import StoreError

_UNDER_WAY: Final = timedelta(minutes=5)
_LATE = Rejected("late", "it reached nobody before the gate was decided")


def sweep(deployment: Deployment) -> None:
    """Erase the drafts of starts whose instance is over, once nobody is to be told more of it and
    no vote can be on its way any more; settle the votes of their instances.

    Raises:
        StoreError: the drafts can't be read.
    """
    for key in list(deployment.drafts.list("")):
        parts = key.split("/")
        if len(parts) != 3 or not parts[2].startswith("start"):
            continue
        try:
            story = deployment.library.story(parts[1])
        except (Untold, StoreError):
            continue
        if story is not None:
            settle(deployment, story)
            told = deployment.notices is None or deployment.notices.over(parts[1])
            if told and _quiet(deployment, story):
                deployment.drafts.delete(key)


def _quiet(deployment: Deployment, story: Story) -> bool:
    """Whether it is over for longer than any request takes: one that read of an open gate may put
    its vote after the end, and die before anybody refuses it."""
    before = stamp(deployment.now() - _UNDER_WAY)
    return story.ended and str(story.artifacts[-1]["timestamp"]) < before


def settle(deployment: Deployment, story: Story) -> None:
    """Seal a refusal for each vote of a gate that is over whose decision does not hold it.

    Raises:
        StoreError.
    """
    held = story.counted
    open_now = story.waiting.artifact["artifact_hash"] if story.waiting else "none"
    asked = {one["artifact_hash"] for one in story.artifacts}
    for vote in story.votes:
        shown = vote.statement["waiting_artifact_hash"]
        # Votes are listed after the commits are read: one of a gate that is not among them was cast
        # in between, and its gate is open.
        over = shown in asked and shown != open_now
        if over and vote.refusal is None and vote.hash not in held:
            refuse_vote(deployment, story.team, story.instance_id, vote.hash, _LATE)

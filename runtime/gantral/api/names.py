"""What an instance, and who acts in it, is called."""

from __future__ import annotations

from gantral.api import words
from gantral.api.sealing import NONE
from gantral.api.story import Story


def title(story: Story) -> str:
    """The open gate's title with its values, else the workflow's name and its key."""
    waiting = story.waiting
    if waiting is None:
        key = story.submission["business_key"]
        shown = story.value(key) if key != NONE else None
        name = str(story.submission["workflow_id"]).replace("_", " ")
        return f"{name} {shown}" if shown else name
    parts = story.manifest["gates"][waiting.gate]["title"]
    if parts == ["computed"]:
        return waiting.gate.replace("_", " ")
    return "".join(_title_part(kind, of, waiting.values) for kind, of in parts)


def _title_part(kind: str, of: str, values: words.Values) -> str:
    if kind == "text":
        return of
    return words.count(of, values) if kind == "count" else words.value(values.get(of, "…"))


def called(story: Story, actor: str) -> str:
    """The name of an actor, else the actor; "none" stays."""
    return actor if actor == NONE else story.names.get(actor, actor)

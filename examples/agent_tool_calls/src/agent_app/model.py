"""A stand-in for a language model, so that the example needs none: it tells somebody something.

A real one is asked here with the task and what its tools answered, and its answer is held against
the spec's type like this one's. What it proposes is never done because it proposes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Step = dict[str, Any]


def next_step(task: str, so_far: Sequence[tuple[str, Any]]) -> Step:
    """The next step on ``mail ADDRESS about WORDS``: search, send what was found, answer.

    Args:
        so_far: each tool that was called, and what it answered.
    """
    words = task.split(maxsplit=3)
    if len(words) != 4 or words[0] != "mail" or words[2] != "about":
        return {"kind": "answer", "answer": "I did not understand the task.", "reason": "no verb"}
    _, to, _, about = words
    if not so_far:
        return _call("search_notes", {"words": about}, f"what is known about {about}?")
    found = so_far[0][1].get("found", [])
    if not found:
        return {"kind": "answer", "answer": f"No note tells of {about}.", "reason": "none found"}
    if len(so_far) == 1:
        return _call("send_mail", {"to": to, "text": found[0]}, f"the task says to tell {to}")
    return {"kind": "answer", "answer": f"I told {to}: {found[0]}", "reason": "it is done"}


def _call(tool: str, arguments: dict[str, Any], reason: str) -> Step:
    return {"kind": "tool", "tool": tool, "arguments": arguments, "reason": reason}

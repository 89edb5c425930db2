"""Lists: what waits for you, what waits without you, and every instance you have to do with."""

from __future__ import annotations

from typing import Any

from gantral.api import gate_view, views
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.api.story import Story, Untold, Waiting
from gantral.api.temporal import Row
from gantral.identity import Person

MOST = 200
# Of a run that went on in new histories the last is the instance's.
_OURS = "GantralTeam IS NOT NULL AND ExecutionStatus != 'ContinuedAsNew'"


async def inbox(deployment: Deployment, person: Person) -> dict[str, Any]:
    """``yours``: what this person could decide now and has not; ``others``: what waits without
    them; ``events``: what waits for an event; as far as it is theirs to see. The nearest deadline
    first.

    Raises:
        Problem: 504.
    """
    yours: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    # No gate's name has a slash: `wait/` begins the site of an open wait.
    rows = await deployment.gateway.rows(
        "(GantralState = 'WAITING_FOR_HUMAN' OR GantralGate STARTS_WITH 'wait/')"
        " AND ExecutionStatus = 'Running'",
        MOST,
    )
    now = deployment.now()
    for row in rows:
        story = await _told(deployment, person, row)
        for wait in () if story is None else views.awaiting(deployment, person, story):
            assert story is not None
            events.append(
                {
                    **views.summary(story),
                    "events": [one["event"] for one in wait["events"]],
                    "deadline": wait["deadline"],
                    "yours": any(one["yours"] for one in wait["events"]),
                }
            )
        if story is None or story.waiting is None:
            continue
        you = gate_view.you(deployment, person, story, story.waiting, now)
        entry = {
            **views.summary(story),
            "gate": story.waiting.gate,
            "deadline": story.waiting.deadline,
            "comments": await _comments(deployment, story, story.waiting),
            "you": you,
        }
        mine = you["may"] != "no" and you["voted"] == "none"
        (yours if mine else others).append(entry)
    for entries in (yours, others, events):
        entries.sort(key=lambda one: (one["deadline"], one["instance_id"]))
    return {"yours": yours, "others": others, "events": events, "complete": len(rows) < MOST}


async def instances(
    deployment: Deployment, person: Person, state: str | None, prefix: str | None
) -> dict[str, Any]:
    """Every instance this person may see, the youngest first.

    Args:
        state: only those in this authority state. prefix: only ids that begin so.

    Raises:
        Problem: 504.
    """
    query = _OURS
    if state is not None:
        query += f" AND GantralState = '{state}'"
    if prefix is not None:
        query += f" AND WorkflowId STARTS_WITH '{prefix}'"
    rows = await deployment.gateway.rows(query, MOST)
    found = []
    for row in rows:
        story = await _told(deployment, person, row)
        if story is not None and (state is None or story.state == state):
            open_now = [*([story.waiting] if story.waiting else ()), *story.awaiting]
            deadline = min((one.deadline for one in open_now), default="none")
            found.append({**views.summary(story), "deadline": deadline})
    return {"instances": found, "complete": len(rows) < MOST}


async def _comments(deployment: Deployment, story: Story, waiting: Waiting) -> int:
    """How many comments its gate has."""
    said = await deployment.said(story)
    return sum((one.gate, one.round) == (waiting.gate, str(waiting.round)) for one in said)


async def _told(deployment: Deployment, person: Person, row: Row) -> Story | None:
    try:
        story = await deployment.story(row.instance_id)
        if story is not None:
            views.require_sight(deployment, person, story)
    except (Problem, Untold):
        # One spoilt or foreign instance must not hide the others; `show` names what is wrong.
        return None
    return story

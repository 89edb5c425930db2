"""A fact as a signed webhook's body, a message for Slack, and an e-mail."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final

from gantral.api.notices.facts import NONE, Fact
from gantral.api.words import role

_HEADINGS: Final = {
    "opened": "A decision is asked for",
    "reminded": "A decision is still asked for",
    "widened": "More people may decide now",
    "commented": "Somebody commented at a gate",
    "awaited": "An event is waited for",
    "taken": "An event came",
    "missed": "No event came in time",
    "ended": "It ended",
}
_SLACK_MOST: Final = 3000
_DECISIONS: Final = {
    "APPROVED": "It was approved",
    "OVERRIDDEN": "It was approved with a change",
    "REJECTED": "It was rejected",
}


def link(base: str, fact: Fact) -> str:
    """The page of the instance."""
    return f"{base}/instances/{fact.instance}"


def webhook(base: str, fact: Fact) -> str:
    """The body of a webhook, in the form that Standard Webhooks advises."""
    data = asdict(fact)
    data["instance_id"] = data.pop("instance")
    kind, instant = data.pop("kind"), data.pop("instant")
    subject = _subject(fact)
    for name in _NOT_OF[subject]:
        del data[name]
    return json.dumps(
        {
            "type": f"{subject}.{kind}",
            "timestamp": instant,
            "data": {**data, "url": link(base, fact)},
        }
    )


_OF_WAIT: Final = ("wait", "events", "senders")
_OF_GATE: Final = ("gate", "deciders")
_NOT_OF: Final = {"gate": _OF_WAIT, "instance": _OF_WAIT, "event": _OF_GATE}


def _subject(fact: Fact) -> str:
    """What a fact is of."""
    if fact.wait != NONE:
        return "event"
    return "instance" if fact.gate == NONE else "gate"


def slack(base: str, fact: Fact) -> dict[str, Any]:
    """A message for Slack. The title is plain text there: nothing in it is read as a mention, a
    link or a layout."""
    rows = [f"{name}: {said}" for name, said in _rows(fact)]
    return {
        "text": _escaped(f"{heading(fact)}: {fact.title}"),
        "mrkdwn": False,
        "unfurl_links": False,
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": heading(fact), "emoji": False},
            },
            {
                "type": "section",
                "text": {
                    "type": "plain_text",
                    "text": "\n".join([fact.title, *rows])[:_SLACK_MOST],
                    "emoji": False,
                },
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": f"<{link(base, fact)}|Open it>"},
            },
        ],
    }


def email(base: str, fact: Fact, *, sender: str, to: tuple[str, ...], name: str) -> EmailMessage:
    """An e-mail; ``name`` is the notice's id, the same in each attempt."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = f"{heading(fact)}: {fact.title}"
    message["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    message["Date"] = datetime.fromisoformat(fact.instant).astimezone(UTC)
    # Nobody's absence note is to answer it.
    message["Auto-Submitted"] = "auto-generated"
    rows = "\n".join(f"{name}: {said}" for name, said in _rows(fact))
    message.set_content(f"{heading(fact)}\n\n{fact.title}\n\n{rows}\n\n{link(base, fact)}\n")
    return message


def heading(fact: Fact) -> str:
    """What happened, in a few words."""
    if fact.kind == "decided":
        return _DECISIONS[fact.state]
    return _HEADINGS[fact.kind]


def _rows(fact: Fact) -> list[tuple[str, str]]:
    rows = [("Workflow", f"{fact.workflow.replace('_', ' ')} of team {fact.team}")]
    if fact.gate != NONE:
        rows.append(("Gate", fact.gate.replace("_", " ")))
    if fact.wait != NONE:
        rows += _rows_of_wait(fact)
    elif fact.state == "WAITING_FOR_HUMAN":
        rows.append(("Who may decide", ", ".join(role(one) for one in fact.deciders)))
        rows.append(("Without a decision it is rejected", _moment(fact.deadline)))
    else:
        rows.append(("State", fact.state))
        rows.append(("Cause", fact.cause.replace("_", " ")))
    rows.append(("At", _moment(fact.instant)))
    return rows


def _rows_of_wait(fact: Fact) -> list[tuple[str, str]]:
    rows = []
    if fact.events:
        rows.append(("Event", " or ".join(role(one) for one in fact.events)))
    if fact.senders:
        senders = ["whoever started it" if one == "initiator" else role(one)
                   for one in fact.senders]  # fmt: skip
        rows.append(("Who may send it", ", ".join(senders)))
    if fact.deadline != NONE:
        rows.append(("Without one it goes on", _moment(fact.deadline)))
    return rows


def _moment(instant: str) -> str:
    return f"{instant[:10]} {instant[11:16]} UTC"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""An instance as JSON: what the CLI prints and the page renders (schema ``Instance``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gantral.api import ballots, cases, holding, sending, words
from gantral.api.awaited import Sent
from gantral.api.ballots import Choice
from gantral.api.comments import Comment
from gantral.api.deployment import Deployment, roles_of
from gantral.api.problems import Problem
from gantral.api.sealing import NONE, stamp
from gantral.api.story import Story, Vote, Waiting
from gantral.evidence import recount
from gantral.evidence.context import shape_at
from gantral.evidence.planned import plan_at
from gantral.identity import Person, Refused

# The last of them; the log has all.
_MOST_REFUSED = 100
_WORDS = {
    "APPROVE": "approved", "OVERRIDE": "approved with a change", "REJECT": "rejected",
    "RETRACT": "took their vote back", "WITHDRAW": "withdrew it",
}  # fmt: skip


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
        "who": _who(story, sent.statement["human_actor_id"]),
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
        "requested_by": _who(story, submission["human_actor_id"]),
        "requested_at": submission["timestamp"],
    }


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


def gate(
    deployment: Deployment, person: Person, story: Story, waiting: Waiting, now: datetime
) -> dict[str, Any]:
    """What waits: the proposal, what a yes sets off, who decides, by when, and what you may do."""
    rules = story.manifest["gates"][waiting.gate]
    values = waiting.values
    electorate = ballots.electorate_of(deployment, story, waiting)
    standing = recount.count(
        rules,
        electorate,
        [vote.statement for vote in ballots.cast(story, waiting)],
        stamp(now),
    )
    return {
        "gate": waiting.gate,
        "round": waiting.round,
        "ask": words.approval(waiting.ask) if waiting.ask else "",
        "title": title(story),
        "shown": waiting.artifact["artifact_hash"],
        "context_hash": waiting.artifact["context_hash"],
        "opened_at": waiting.artifact["timestamp"],
        "deadline": waiting.deadline,
        "past_deadline": standing.outcome == "deadline",
        "proposal": [
            {"pointer": path, "label": label, "value": text}
            for path, label, text in _proposal(story, values)
        ],
        "sets_off": sets_off(story, waiting),
        "lapses": "" if rules["lasts"] == NONE else words.duration(rules["lasts"]),
        "who_decides": words.deciders(rules, values),
        "cases": cases.now(rules, electorate, ballots.cast(story, waiting)),
        "not": words.apart(rules["apart"]),
        "veto": [words.anybody(one, values) for one in rules["veto"]],
        "guard": "" if rules["guarded"] == NONE else rules["guarded"],
        "clock": [_clock(step, values) for step in waiting.instants],
        "amend": [_amendable(rules, path, tree, values)
                  for path, tree in sorted(rules["amend"].items())],
        "reason": {"min": _number(rules["prove"]["reason_min"]),
                   "max": _number(rules["prove"]["reason_max"])},
        "assurance": rules["prove"]["assurance"],
        "login_within": rules["prove"]["login_within"],
        "votes": [_vote(story, one) for one in ballots.cast(story, waiting)],
        "you": you(deployment, person, story, waiting, now),
    }  # fmt: skip


def sets_off(story: Story, waiting: Waiting) -> list[dict[str, Any]]:
    """What a yes sets off: each call of the plan, with its arguments in terms of what is shown."""
    rules = story.manifest["gates"][waiting.gate]
    planned = sorted(plan_at(rules, waiting.ask).items())
    return [_plan(story, call, one, waiting.values) for call, one in planned]


def you(
    deployment: Deployment, person: Person, story: Story, waiting: Waiting, now: datetime
) -> dict[str, Any]:
    """What this person may do here, asked of the recount itself with a vote that is never cast.

    ``may``: "decide", "amend" (only for a change that leads to them), "reject" (a veto only) or
    "no", with ``why``; ``step_up``: what a stronger or younger login must bring, empty when this
    one will do; ``voted``: their standing vote.
    """
    actor = deployment.seal.actor(person)
    own = [
        vote for vote in ballots.cast(story, waiting) if vote.statement["human_actor_id"] == actor
    ]
    answer: dict[str, Any] = {
        "may": "no",
        "why": "",
        "step_up": {},
        "withdraw": actor == story.submission["human_actor_id"],
        "voted": own[-1].statement["decision_type"] if own else NONE,
    }
    refusal: recount.Refusal | None = None
    for may, kind, acting in (
        ("decide", "APPROVE", holding.shown(deployment, person)),
        ("reject", "REJECT", person),
    ):
        least = story.manifest["gates"][waiting.gate]["prove"]["reason_min"]
        choice = Choice("approve", "", {}, "x" * (0 if least == NONE else int(least)))
        previous = own[-1].hash if own else NONE
        made = ballots.ballot(deployment, acting, story, waiting, kind, choice, previous, now)
        refusal = ballots.judge(deployment, story, waiting, made.statement, now)
        if refusal is None or refusal.rule in ("assurance", "login"):
            answer["may"] = may
            answer["step_up"] = _step_up(deployment, person, story, waiting, now)
            return answer
    if refusal is not None:
        answer["why"] = _why(refusal, actor, story)
        listed = holding.shown(deployment, person)
        if refusal.rule == "role" and cases.may_amend(deployment, listed, story, waiting, now):
            answer["may"] = "amend"
            answer["step_up"] = _step_up(deployment, person, story, waiting, now)
    return answer


def _why(refusal: recount.Refusal, actor: str, story: Story) -> str:
    if refusal.rule == "excluded" and actor == story.submission["human_actor_id"]:
        return "you asked for it, so somebody else decides"
    return refusal.message


def _step_up(
    deployment: Deployment, person: Person, story: Story, waiting: Waiting, now: datetime
) -> dict[str, str]:
    prove = story.manifest["gates"][waiting.gate]["prove"]
    try:
        deployment.check_login(person, prove, now)
    except Refused as refused:
        return {"message": refused.message, **refused.needs}
    return {}


def _proposal(story: Story, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    parameters = story.manifest["gates"][_gate_of(story)]["parameters"]
    for path, label, text in sorted(
        words.rows(values, ""), key=lambda row: _rank(parameters, row[0])
    ):
        shape = shape_at(parameters, path)
        if shape is not None and shape[0] == "person":
            text = story.names.get(text, text)
        rows.append((path, label, text))
    return rows


def _rank(shape: Any, path: str) -> list[int]:
    """Where a pointer stands in the order of the declarations."""
    rank = []
    for part in path.split("/")[1:]:
        while shape[0] == "optional":
            shape = shape[1]
        if shape[0] == "record":
            names = [one[0] for one in shape[1]]
            rank.append(names.index(part))
            shape = shape[1][names.index(part)][1]
        else:
            rank.append(int(part))
            shape = shape[2]
    return rank


def _gate_of(story: Story) -> str:
    assert story.waiting is not None
    return story.waiting.gate


def _plan(
    story: Story, call: str, plan: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    times = "once" if plan["at_most"] == "1" else f"up to {plan['at_most']} times"
    undo = plan["undo"]
    taken = story.manifest["operations"][plan["operation"]]["arguments"][1]
    return {
        "call": call,
        "operation": plan["operation"],
        "times": f"runs {times}",
        "arguments": words.arguments(plan, values, [one[0] for one in taken]),
        "undo": (
            "It can't be undone." if undo == NONE else f"If a later step fails, {undo} undoes it."
        ),
    }


def _clock(step: Any, values: Mapping[str, Any]) -> dict[str, str]:
    at, action, origins, targets = step
    if action == "widen":
        said = (
            f"from then on a {words.principal(targets[0], values)} counts as a"
            f" {words.principal(origins[0], values)}"
        )
    elif action == "remind":
        said = "a reminder"
    else:
        said = "without a decision it is rejected"
    return {"at": at, "action": action, "words": said}


def _amendable(
    rules: Mapping[str, Any], path: str, tree: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    shape = shape_at(rules["parameters"], path)
    assert shape is not None
    while shape[0] == "optional":
        shape = shape[1]
    rule = words.amendment(tree, path, values)
    return {
        "pointer": path,
        "label": words.field(path),
        "old": words.value(values[path]),
        "rule": rule[:1].upper() + rule[1:],
        "type": shape[0],
        "choices": shape[1] if shape[0] == "enum" else [],
    }


def _vote(story: Story, vote: Vote) -> dict[str, Any]:
    statement = vote.statement
    reason = statement["justification"]
    return {
        "vote": vote.hash,
        "who": _who(story, statement["human_actor_id"]),
        "actor": statement["human_actor_id"],
        "roles": list(statement["role"]),
        "decision_type": statement["decision_type"],
        "words": _WORDS[statement["decision_type"]],
        "amendment": [
            {"pointer": path, "label": words.field(path), "value": words.value(value)}
            for path, value in statement["amendment"]
        ],
        "reason": "" if reason == NONE else str(story.said(reason.removeprefix("leaf:"))),
        "at": statement["timestamp"],
    }


def _step(story: Story, artifact: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "state": artifact["authority_state"],
        "at": artifact["timestamp"],
        "gate": artifact["gate"],
        "round": artifact["round"],
        "cause": artifact["cause"],
        "who": _who(story, artifact["human_actor_id"]),
        "artifact_hash": artifact["artifact_hash"],
    }


def _who(story: Story, actor: str) -> str:
    return actor if actor == NONE else story.names.get(actor, actor)


def _values(story: Story, index: int) -> dict[str, str]:
    values = story.values(story.commits[index])
    return {path.split("/", 2)[-1]: words.value(value) for path, value in values.items()}


def _refused_votes(story: Story) -> list[dict[str, str]]:
    found = []
    for vote in story.votes:
        if vote.refusal is not None:
            rule, _, message = str(vote.refusal["reason"]).partition(": ")
            who = _who(story, vote.statement["human_actor_id"])
            found.append(
                {"rule": rule, "message": message, "who": who, "at": vote.refusal["timestamp"]}
            )
    return found


def _refused_requests(deployment: Deployment, story: Story) -> list[dict[str, str]]:
    return [
        {
            "rule": one["rule"],
            "message": one["message"],
            "who": _who(story, one["human_actor_id"]),
            "at": one["timestamp"],
        }
        for one in deployment.refusals.about(story.instance_id)[-_MOST_REFUSED:]
    ]


def _number(text: str) -> int | None:
    return None if text == NONE else int(text)

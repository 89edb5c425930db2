"""An open gate as JSON: what is asked, who decides, and what the person who looks may do there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gantral.api import ballots, cases, holding, words
from gantral.api.ballots import Choice
from gantral.api.deployment import Deployment
from gantral.api.names import called, title
from gantral.api.sealing import NONE, stamp
from gantral.api.story import Story, Vote, Waiting
from gantral.evidence import recount
from gantral.evidence.context import shape_at
from gantral.evidence.planned import plan_at
from gantral.identity import Person, Refused

_WORDS = {
    "APPROVE": "approved", "OVERRIDE": "approved with a change", "REJECT": "rejected",
    "RETRACT": "took their vote back", "WITHDRAW": "withdrew it",
}  # fmt: skip


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
        "who": called(story, statement["human_actor_id"]),
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


def _number(text: str) -> int | None:
    return None if text == NONE else int(text)

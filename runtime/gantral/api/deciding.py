"""Take a decision: judge, seal, put, deliver, answer with a receipt (DESIGN sections 5 and 8).

An answer can be lost after the decision was committed. The store tells what was decided, so the
same decision sent again gets its receipt, also when its gate is over by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from gantral.api import ballots, holding, readiness
from gantral.api.ballots import Ballot, Choice
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem, not_found, of_identity, unknown
from gantral.api.sealing import NONE, put_envelope, put_texts, stamp
from gantral.api.story import Story, Vote, Waiting
from gantral.api.temporal import Rejected
from gantral.authority import State
from gantral.evidence import AlreadyThere, forms, recount, seal
from gantral.evidence.envelope import unwrap
from gantral.identity import Person, Refused
from gantral.runtime.votes import VOTES_EACH

# Seconds between deliveries of a vote whose workflow has not heard yet that its gate is open.
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


async def decide(
    deployment: Deployment, person: Person, instance_id: str, body: Any
) -> dict[str, Any]:
    """Take one person's decision and return the receipt.

    Args:
        body: {"decision": approve|amend|reject|retract, "shown": the waiting_artifact_hash that the
            person was shown, "values": {pointer: value} when amending, "reason": text}.

    Raises:
        Problem: with the rule. StoreError, Untold.
    """
    story = await _story(deployment, instance_id)
    waiting = _gate(deployment, person, story, body.get("shown") if type(body) is dict else None)
    choice = ballots.read_choice(story.manifest["gates"][waiting.gate], waiting.values, body)
    return await _take(deployment, person, story, waiting, ballots.TYPES[choice.kind], choice)


async def withdraw(
    deployment: Deployment, person: Person, instance_id: str, body: Any
) -> dict[str, Any]:
    """Take the initiator's withdrawal and return the receipt.

    Args:
        body: {"reason": text}, and "shown" when the caller wants it to be about that gate only.

    Raises:
        Problem: with the rule. StoreError, Untold.
    """
    story = await _story(deployment, instance_id)
    if not isinstance(body, dict) or not set(body) <= {"reason", "shown"}:
        raise Problem(400, "body_members", "the body may have the members reason and shown")
    waiting = _gate(deployment, person, story, body.get("shown", _last_asked(story)))
    shown = body.get("shown", waiting.artifact["artifact_hash"])
    free = {"prove": {"reason_min": NONE, "reason_max": NONE}, "amend": {}}
    asked = {"decision": "reject", "shown": shown, "reason": body.get("reason", "")}
    choice = ballots.read_choice(free, {}, asked)
    return await _take(deployment, person, story, waiting, "WITHDRAW", choice)


async def _story(deployment: Deployment, instance_id: str) -> Story:
    story = await deployment.story(instance_id)
    if story is None:
        raise not_found(instance_id[:40])
    return story


def _gate(deployment: Deployment, person: Person, story: Story, shown: Any) -> Waiting:
    """The gate that a decision is about: the one that waits, or one that is over and has a vote of
    this person, whose answer may have been lost."""
    over = story.asked(shown) if forms.is_hex64(shown) and not _open(story, shown) else None
    if over is not None and _own(deployment, person, story, over):
        return over
    if story.waiting is None:
        raise _not_waiting(story)
    return story.waiting


def _open(story: Story, shown: str) -> bool:
    return story.waiting is not None and story.waiting.artifact["artifact_hash"] == shown


def _last_asked(story: Story) -> str:
    asked = [one for one in story.artifacts if one["authority_state"] == State.WAITING_FOR_HUMAN]
    return str(asked[-1]["artifact_hash"]) if asked else NONE


def _own(deployment: Deployment, person: Person, story: Story, waiting: Waiting) -> list[Vote]:
    actor = deployment.seal.actor(person)
    return [
        vote for vote in ballots.cast(story, waiting) if vote.statement["human_actor_id"] == actor
    ]


def _not_waiting(story: Story) -> Problem:
    return Problem(
        409,
        "not_waiting",
        f"nothing waits for a decision here: the instance is {story.state.value}",
        f"gantral show {story.instance_id[:8]} tells how it stands",
    )


async def _take(
    deployment: Deployment,
    person: Person,
    story: Story,
    waiting: Waiting,
    kind: str,
    choice: Choice,
) -> dict[str, Any]:
    other = recount.Refusal("shown", "this is a decision about something else than what waits here")
    if choice.shown != waiting.artifact["artifact_hash"]:
        raise ballots.problem_of(other)
    own = _own(deployment, person, story, waiting)
    previous = own[-1] if own else None
    if (
        previous is not None
        and _same(story, previous, kind, choice)
        and (_current(deployment, previous) or previous.hash in story.counted)
    ):
        # The same decision again, as after a 504: the same vote, delivered again.
        return await _deliver(deployment, story, waiting, previous, choice.reason)
    if not _open(story, choice.shown):
        raise ballots.problem_of(other) if story.waiting else _not_waiting(story)
    if previous is not None:
        # Of any vote of theirs: with the sign-in of one that was taken back nobody gives it again.
        if person.token_hash in {one.statement["assurance"]["token_hash"] for one in own}:
            raise of_identity(
                Refused(
                    "token_replayed",
                    "this sign-in has cast a vote here already, and a vote is changed only by a"
                    " fresh one",
                    "sign in again to change your vote",
                    {"max_age": "0"},
                )
            )
        # Its answer may have been lost: it must be counted before it can be superseded.
        await _deliver(deployment, story, waiting, previous, _reason(story, previous))
    _require_room(story, waiting, kind, deployment.seal.actor(person))
    asked = (readiness.POLICY,) if _goes_on(story, kind) else ()
    await deployment.ready.require(readiness.STORE, readiness.SIGNER, *asked)
    yes = kind in ("APPROVE", "OVERRIDE")
    known = await asyncio.to_thread(holding.held, deployment, person) if yes else None
    acting = holding.counting(deployment, person, known)
    now = deployment.now()
    hash_before = previous.hash if previous else NONE
    made = ballots.ballot(deployment, acting, story, waiting, kind, choice, hash_before, now)
    refusal = ballots.judge(deployment, story, waiting, made.statement, now)
    if refusal is not None:
        raise _refused(deployment, person, story, waiting, refusal)
    if before := ballots.outdated(deployment, story, waiting, made.statement, now, known):
        names = ", ".join(story.names.get(actor, actor) for actor in before)
        raise Problem(
            409,
            "roles_changed",
            f"with this vote it would be decided, but who holds which role is told in another way"
            f" since these voted: {names}",
            "ask them to vote again, or others who may, then vote",
        )
    vote = await asyncio.to_thread(_put, deployment, story, made)
    return await _deliver(deployment, story, waiting, vote, made.reason)


def _require_room(story: Story, waiting: Waiting, kind: str, actor: str) -> None:
    """The run counts so many votes of one person at a gate. What it would refuse is not put first:
    each vote that lies there lies there for ever. There is always room for a no."""
    if kind in ("REJECT", "WITHDRAW"):
        return
    shown = waiting.artifact["artifact_hash"]
    cast = sum(
        vote.statement["waiting_artifact_hash"] == shown
        and vote.statement["human_actor_id"] == actor
        for vote in story.votes
    )
    if cast >= VOTES_EACH:
        raise ballots.problem_of(
            recount.Refusal("room", f"a person may vote {VOTES_EACH} times at one gate")
        )


def _goes_on(story: Story, kind: str) -> bool:
    """Whether policy may be asked for what this decision sets off: a no never waits for OPA."""
    return kind in ("APPROVE", "OVERRIDE") and bool(story.manifest["policies"])


def _same(story: Story, vote: Vote, kind: str, choice: Choice) -> bool:
    statement = vote.statement
    return (
        statement["decision_type"] == kind
        and dict(statement["amendment"]) == dict(choice.values)
        and _reason(story, vote) == choice.reason
    )


def _current(deployment: Deployment, vote: Vote) -> bool:
    """Whether the roles in a vote were read by today's map; else the same decision, sent again, is
    a new vote."""
    return bool(vote.statement["assurance"]["role_map"] == deployment.seal.role_map_hash)


def _reason(story: Story, vote: Vote) -> str:
    name = vote.statement["justification"]
    return "" if name == NONE else str(story.value(name.removeprefix("leaf:")) or "")


def _refused(
    deployment: Deployment,
    person: Person,
    story: Story,
    waiting: Waiting,
    refusal: recount.Refusal,
) -> Problem:
    if refusal.rule in ("assurance", "login"):
        prove = story.manifest["gates"][waiting.gate]["prove"]
        try:
            deployment.check_login(person, prove, deployment.now())
        except Refused as refused:
            return of_identity(refused)
    return ballots.problem_of(refusal)


def _put(deployment: Deployment, story: Story, made: Ballot) -> Vote:
    """Seal the vote and put it with its texts, before anybody is told of it.

    The vote goes first: cut off between the two, the evidence lacks a text (INCONCLUSIVE), where
    the other order would leave a text that nothing binds (INVALID).
    """
    envelope = seal("authority-decision", made.statement, deployment.seal.key)
    name = unwrap(envelope, "authority-decision").hash
    place = f"{story.team}/{story.instance_id}"
    put_envelope(deployment.store, f"{place}/votes/{name}.json", envelope)
    put_texts(deployment.store, story.team, story.instance_id, made.texts)
    return Vote(name, envelope, made.statement, None)


async def _delivered(
    deployment: Deployment, story: Story, vote: Vote, delivery: Mapping[str, Any]
) -> Mapping[str, Any] | Rejected:
    """Deliver a vote about what the store says waits. The commit lies there a moment before its
    workflow hears of it, and till then no gate is open in it; a refused update leaves no trace in
    history, so asking again is harmless."""
    shown = vote.statement["waiting_artifact_hash"]
    for pause in _PAUSES:
        answer = await deployment.gateway.decide(story.instance_id, f"vote-{vote.hash}", delivery)
        if not isinstance(answer, Rejected) or answer.rule != "gate":
            return answer
        now = await deployment.story(story.instance_id)
        if now is None or not _open(now, shown):
            return answer
        await asyncio.sleep(pause)
    # It may hear of its gate yet, and of this vote by the same decision sent again: no refusal.
    raise unknown("whether your decision was counted")


async def _deliver(
    deployment: Deployment, story: Story, waiting: Waiting, vote: Vote, reason: str
) -> dict[str, Any]:
    delivery = {
        "vote": vote.envelope,
        "justification": reason,
        "round": waiting.round,
        "gate": waiting.gate,
    }
    if vote.hash in story.counted:
        return _receipt(story, waiting, vote)
    answer: Mapping[str, Any] | Rejected | Problem
    try:
        answer = await _delivered(deployment, story, vote, delivery)
    except Problem as silence:
        answer = silence
    if isinstance(answer, Rejected | Problem):
        # The put is the transition: whatever was answered, what the store holds is decided.
        now = await deployment.story(story.instance_id)
        if now is not None and vote.hash in now.counted:
            return _receipt(now, waiting, vote)
    if isinstance(answer, Problem):
        raise answer
    if isinstance(answer, Rejected):
        if answer.rule == "NotCommitted":
            raise Problem(
                503,
                "not_committed",
                "your decision was counted, but it could not be committed as evidence, so nothing"
                " is done under it",
                "this is for whoever runs the deployment",
            )
        await asyncio.to_thread(
            refuse_vote, deployment, story.team, story.instance_id, vote.hash, answer
        )
        raise ballots.problem_of(recount.Refusal(answer.rule, answer.message))
    return _receipt(story, waiting, vote, str(answer["status"]), str(answer["state"]))


def refuse_vote(
    deployment: Deployment, team: str, instance_id: str, name: str, why: Rejected
) -> None:
    """Seal that a vote in the store was refused, so that it is accounted for (FORMAT section 5)."""
    statement = {
        "type": "gantral.dev/refusal/v1",
        "instance_id": instance_id,
        "owning_team_id": team,
        "vote": name,
        "reason": f"{why.rule}: {why.message}",
        "timestamp": stamp(deployment.now()),
    }
    envelope = seal("refusal", statement, deployment.seal.key)
    try:
        put_envelope(deployment.store, f"{team}/{instance_id}/votes/{name}.refusal.json", envelope)
    except AlreadyThere:
        return


def _receipt(
    story: Story, waiting: Waiting, vote: Vote, status: str = "decided", state: str = ""
) -> dict[str, Any]:
    return {
        "instance_id": story.instance_id,
        "gate": waiting.gate,
        "round": waiting.round,
        "decision_id": vote.statement["decision_id"],
        "decision_type": vote.statement["decision_type"],
        "decided_at": vote.statement["timestamp"],
        "vote": vote.hash,
        "status": status,
        "state": state or story.counted[vote.hash],
        "envelope": dict(vote.envelope),
    }

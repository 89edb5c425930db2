"""Start an instance: who may, with what, and only once per key (LANGUAGE section 2)."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.api import readiness
from gantral.api.again import Origin, origin_of, taken
from gantral.api.deployment import Deployment
from gantral.api.entry import enter
from gantral.api.problems import Problem
from gantral.api.sealing import Text, put_texts, text
from gantral.api.story import Story
from gantral.api.temporal import Run
from gantral.authority import State
from gantral.evidence import AlreadyThere, canonical, parse
from gantral.evidence.context import flatten
from gantral.evidence.envelope import unwrap
from gantral.evidence.hashes import leaf
from gantral.identity import Person
from gantral.policy import shapes
from gantral.runtime.commands import StartCommand
from gantral.runtime.programs import ProgramInfo

_MOST_ATTEMPTS = 1000
_MOST_INPUT = 256 * 1024
_BODIES = ({"workflow", "input"}, {"from"}, {"from", "input"})


@dataclass(frozen=True)
class Asked:
    """A start that was read and found in order. ``leaves``: pointer -> leaf value of the input;
    ``origin``: the ended instance that it is from."""

    person: Person
    program: ProgramInfo
    value: Any
    leaves: Mapping[str, str]
    origin: Origin | None


@dataclass(frozen=True)
class Claim:
    """An identity that is free: the instance id, and its key for people ("none" without one)."""

    instance_id: str
    key: str


async def start(
    deployment: Deployment, person: Person, body: Any, idempotency: str | None
) -> dict[str, str]:
    """Start an instance and return its receipt.

    Args:
        body: {"workflow": name, "input": spec-named values}; or {"from": id of an ended instance,
            "input": what is changed of its input}.
        idempotency: the request's Idempotency-Key: a workflow without a key is started once per
            person and such key, so that asking again after a 504 is harmless.

    Raises:
        Problem: with the rule. StoreError.
    """
    program, given, origin = await _read(deployment, person, body)
    manifest = program.manifest
    allowed = set(manifest["start_by"])
    if not allowed & set(person.roles):
        raise Problem(
            403,
            "start_not_allowed",
            f"{program.workflow_id} is started by {' or '.join(sorted(allowed))},"
            " and you hold none of these roles",
            "ask somebody who holds it, or your administrator",
        )
    shape = manifest["input"]
    value, errors = enter(shape, given, "/input")
    if errors:
        raise Problem(
            422,
            "input_refused",
            f"the input is not what {program.workflow_id} takes",
            "; ".join(f"{one.pointer}: {one.message}" for one in errors[:5]),
            errors=errors,
        )
    leaves = _leaves(deployment, person, shape, value)
    asked = Asked(person, program, value, leaves, origin)
    if manifest["key"] != "none":
        claim = await _claim(deployment, asked)
    elif idempotency is None:
        claim = Claim(str(uuid.uuid4()), "none")
    else:
        claim = _own(deployment, asked, idempotency)
        if (receipt := await _repeated(deployment, asked, claim)) is not None:
            return receipt
    return await _start(deployment, asked, claim)


async def _read(
    deployment: Deployment, person: Person, body: Any
) -> tuple[ProgramInfo, Any, Origin | None]:
    if not isinstance(body, dict) or set(body) not in _BODIES:
        raise Problem(
            400,
            "body_members",
            "the body has exactly the members workflow and input, or from and perhaps input",
            'send {"workflow": "refund", "input": {…}}',
        )
    if len(json.dumps(body.get("input"), ensure_ascii=False)) > _MOST_INPUT:
        raise Problem(413, "input_too_large", "the input is larger than 256 Ki characters")
    if "from" not in body:
        return _program(deployment, body["workflow"]), body["input"], None
    story, given = await taken(deployment, person, body["from"], body.get("input", {}))
    program = _program(deployment, story.submission["workflow_id"])
    if program.team != story.team:
        raise Problem(409, "from_team", "its workflow is another team's here")
    return program, given, origin_of(story)


def _program(deployment: Deployment, name: Any) -> ProgramInfo:
    program = deployment.programs.get(name) if isinstance(name, str) else None
    if program is None:
        known = ", ".join(sorted(deployment.programs)) or "none"
        raise Problem(404, "no_such_workflow", "there is no such workflow here", f"known: {known}")
    return program


def _leaves(
    deployment: Deployment, person: Person, shape: shapes.Shape, value: Any
) -> dict[str, str]:
    leaves = flatten(value, shape, "/input")
    for path, claim in shapes.persons(shape, value, "/input").items():
        leaves[path] = deployment.seal.actor_of(person, claim)
    return leaves


def _own(deployment: Deployment, asked: Asked, idempotency: str) -> Claim:
    if not 8 <= len(idempotency) <= 200 or not idempotency.isascii():
        raise Problem(400, "idempotency_key", "an Idempotency-Key has 8 to 200 characters of ASCII")
    actor = deployment.seal.actor(asked.person)
    program = asked.program
    own = deployment.seal.instance_id(
        "asked", program.team, program.workflow_id, actor, idempotency
    )
    return Claim(own, "none")


async def _repeated(deployment: Deployment, asked: Asked, claim: Claim) -> dict[str, str] | None:
    """The receipt of the start that this one repeats, or None when it is the first.

    Raises:
        Problem: 409 idempotency_reused.
    """
    story = await deployment.story(claim.instance_id)
    if story is None:
        run = await deployment.gateway.run(claim.instance_id)
        if run is None or await _came_to_nothing(deployment, claim.instance_id, run):
            return None
        return _receipt(deployment, asked.program, claim, "none")
    if story.values(story.commits[0]) != asked.leaves or _from(story.submission) != asked.origin:
        raise Problem(
            409,
            "idempotency_reused",
            f"this Idempotency-Key was used for another input: {claim.instance_id}",
            "use a fresh one",
            members={"first": claim.instance_id},
        )
    return _receipt(deployment, asked.program, claim, str(story.submission["timestamp"]))


async def _claim(deployment: Deployment, asked: Asked) -> Claim:
    program = asked.program
    key = program.manifest["key"]
    known = {**asked.leaves, "/initiator": deployment.seal.actor(asked.person)}
    values = [known[path] for path in key["paths"]]
    shown = values[0] if len(values) == 1 else canonical(values).decode()
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        identity = (program.team, program.workflow_id, values, str(attempt))
        instance_id = deployment.seal.instance_id(*identity)
        if await _free(deployment, program, instance_id, key["mode"]):
            return Claim(instance_id, shown)
    raise Problem(409, "too_many_attempts", f"this key was tried {_MOST_ATTEMPTS} times")


async def _free(deployment: Deployment, program: ProgramInfo, instance_id: str, mode: str) -> bool:
    """True when nothing has this id; False when what had it leaves the key free again.

    Raises:
        Problem: 409 already_started.
    """
    story = await deployment.story(instance_id)
    if story is None:
        run = await deployment.gateway.run(instance_id)
        if run is None:
            return True
        if await _came_to_nothing(deployment, instance_id, run):
            # Made again under its own id, unless it began as another program.
            key = f"{program.team}/{instance_id}/manifest.json"
            there = await asyncio.to_thread(deployment.store.get, key)
            return there in (None, program.manifest_bytes)
        raise _first(program, instance_id, "nothing of it is committed yet")
    if not story.ended:
        raise _first(program, instance_id, f"it is {story.state.value}")
    if mode == "once" and story.state is State.COMPLETED:
        raise _first(program, instance_id, "it is COMPLETED, and this workflow runs once per key")
    standing = story.standing
    if mode == "one_at_a_time":
        standing = [call for call in standing if not await _is_done(deployment, story, call)]
    if standing:
        raise _first(program, instance_id, f"its effects stand: {', '.join(standing)}")
    return False


async def _is_done(deployment: Deployment, story: Story, call: str) -> bool:
    """Whether what stands is known to be done: a call of its own, or of a child of it."""
    instance_id, _, rest = call.partition("/")
    if "." in instance_id:
        return call in story.done
    child = await deployment.story(instance_id)
    return child is not None and rest in child.done


async def _came_to_nothing(deployment: Deployment, instance_id: str, run: Run) -> bool:
    """Whether the run is closed and nothing was committed of it: asked after Temporal said so,
    since from then on nobody goes on with it (ADR 0082)."""
    return run.closed and await deployment.story(instance_id) is None


def _first(program: ProgramInfo, instance_id: str, why: str) -> Problem:
    return Problem(
        409,
        "already_started",
        f"{program.workflow_id} was started for this key before: {instance_id}; {why}",
        f"look at it: gantral show {instance_id[:8]}",
        members={"first": instance_id},
    )


async def _start(deployment: Deployment, asked: Asked, claim: Claim) -> dict[str, str]:
    """Claim the id in the drafts, put the texts, start. Nothing lies in the instance's folder but
    what the one submission that won binds: a text that nothing binds would spoil its evidence."""
    program, instance_id = asked.program, claim.instance_id
    policy = (readiness.POLICY,) if program.manifest["policies"] else ()
    await deployment.ready.require(readiness.STORE, readiness.SIGNER, *policy)
    key = f"{program.team}/{instance_id}/start.json"
    mine = await asyncio.to_thread(_draft, deployment, asked, claim)
    first = await asyncio.to_thread(_drafted, deployment, key, mine)
    run = await deployment.gateway.run(instance_id)
    lost = run if run and await _came_to_nothing(deployment, instance_id, run) else None
    if first is mine and run and not lost:
        # It was started, and its draft tidied away, while we looked.
        await asyncio.to_thread(deployment.drafts.delete, key)
        raise _first(program, instance_id, "another start was quicker")
    if "command" not in first:
        # Drafted by the evidence worker, which starts it, for a workflow that runs it.
        raise _first(program, instance_id, "another workflow began it as its child")
    if lost:
        # What was sealed for it may be what its first commit was refused for, so there is a draft
        # for each run that came to nothing: of two who make it again, one claims it.
        again = f"{program.team}/{instance_id}/start-{lost.run_id}.json"
        first = await asyncio.to_thread(_drafted, deployment, again, mine)
    texts = [Text(leaf(parts), canonical(parts)) for parts in first["texts"]]
    await asyncio.to_thread(put_texts, deployment.store, program.team, instance_id, texts)
    sealer = await asyncio.to_thread(deployment.keys.make, program.team, instance_id)
    command = sealer.close("start", first["command"])
    submission = unwrap(first["command"]["submission"], "submission")
    begun = await deployment.gateway.start(
        instance_id,
        program.workflow_id,
        program.team,
        command,
        submission.hash,
        again=lost is not None,
    )
    if not begun or (first is not mine and not _alike(first, mine)):
        raise _first(program, instance_id, "another start was quicker")
    return _receipt(deployment, program, claim, str(submission.statement["timestamp"]))


def _drafted(deployment: Deployment, key: str, mine: dict[str, Any]) -> dict[str, Any]:
    """Put the draft of a start: ours itself, or the one that was there."""
    try:
        deployment.drafts.put(key, json.dumps(mine).encode())
    except AlreadyThere:
        # Somebody claimed it and was cut off before, or is about to start it: finish their start.
        there = deployment.drafts.get(key)
        return mine if there is None else dict(json.loads(there))
    return mine


def _alike(first: dict[str, Any], mine: dict[str, Any]) -> bool:
    def said(draft: dict[str, Any]) -> Mapping[str, Any]:
        return unwrap(draft["command"]["submission"], "submission").statement

    same = all(first["command"][name] == mine["command"][name] for name in ("initiator", "input"))
    return same and _from(said(first)) == _from(said(mine))


def _from(submission: Mapping[str, Any]) -> Origin | None:
    named = submission.get("started_from")
    return None if named is None else Origin(**named)


def _draft(deployment: Deployment, asked: Asked, claim: Claim) -> dict[str, Any]:
    seal, instance_id, person = deployment.seal, claim.instance_id, asked.person
    bound = {path: text(instance_id, path, one) for path, one in asked.leaves.items()}
    context = [[path, bound[path].leaf] for path in sorted(bound)]
    identity = seal.identity(person, instance_id)
    business = None if claim.key == "none" else text(instance_id, "/business_key", claim.key)
    submission = seal.submission(
        person,
        asked.program.manifest,
        asked.program.version_id,
        instance_id,
        context,
        business,
        identity,
        deployment.now(),
        started_from=None if asked.origin is None else asked.origin.statement(),
    )
    command: StartCommand = {
        "submission": submission,
        "input": asked.value,
        "context": context,
        "initiator": {"actor": seal.actor(person), "value": person.value},
        "environment": seal.environment,
    }
    texts = [*bound.values(), identity, *([business] if business else [])]
    return {"command": command, "texts": [parse(one.data) for one in texts]}


def _receipt(deployment: Deployment, program: ProgramInfo, claim: Claim, at: str) -> dict[str, str]:
    return {
        "instance_id": claim.instance_id,
        "workflow": program.workflow_id,
        "workflow_version_id": program.version_id,
        "team": program.team,
        "submitted_at": at,
        "url": f"{deployment.url}/instances/{claim.instance_id}",
    }

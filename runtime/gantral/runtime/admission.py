"""What must hold before an instance may become CREATED. Pure.

Whether a decision key sealed the submission is judged by the evidence worker before it signs
CREATED; here the submission must be about this very instance, program and input, which does not
change when a trust file does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gantral.authority import State
from gantral.evidence import EvidenceError
from gantral.evidence.envelope import unwrap
from gantral.evidence.hashes import context_hash
from gantral.runtime.commands import Person, StartCommand
from gantral.runtime.commits import SubmissionDecision
from gantral.runtime.ends import refused
from gantral.runtime.machine import Identity, Transition
from gantral.runtime.values import Record, problem
from pydantic import ValidationError

_MEMBERS = {"submission", "input", "context", "initiator", "environment"}


@dataclass(frozen=True)
class Admitted:
    """An instance to be: its input, who started it, and its first transition."""

    input: Record
    initiator: Person
    transition: Transition


def admit(identity: Identity, model: type[Record], start: StartCommand) -> Admitted:
    """Check a start against its submission.

    Raises:
        ApplicationError: of type StartRefused; the message names what does not agree.
    """
    given: Any = start
    if not isinstance(given, dict) or given.keys() - {"parent", "carried"} != _MEMBERS:
        raise refused("it has no sealed submission; start instances with `gantral start`")
    try:
        statement = unwrap(start["submission"], "submission").statement
        bound = context_hash(start["context"])
        initiator: Person = {
            "actor": start["initiator"]["actor"],
            "value": start["initiator"]["value"],
        }
    except EvidenceError as error:
        raise refused(f"the submission: {error.message}") from None
    except (KeyError, TypeError, ValueError):
        raise refused("context or initiator is malformed") from None
    decision: SubmissionDecision = {"submission": start["submission"]}
    if (statement.get("parent_artifact_hash") == "none") == ("parent" in start):
        raise refused("a child, and nobody else, says which instance runs it")
    if "parent" in start:
        decision["parent"] = start["parent"]
    agree = {
        "instance_id": identity.instance_id,
        "owning_team_id": identity.team,
        "workflow_id": identity.workflow_id,
        "workflow_version_id": identity.program,
        "context_hash": bound,
        "human_actor_id": initiator["actor"],
        "environment": start["environment"],
    }
    for member, wanted in agree.items():
        if statement.get(member) != wanted:
            raise refused(f"the submission is for another {member}")
    try:
        input = model.from_wire(start["input"])
    except ValidationError as error:
        raise refused(f"the input is outside its type: {problem(error)}") from None
    pointers = sorted({*input.leaves("/input"), *input.persons("/input")})
    if pointers != [pointer for pointer, _ in start["context"]]:
        raise refused("the sealed context does not cover exactly the input")
    return Admitted(
        input,
        initiator,
        Transition(
            (State.CREATED, State.RUNNING),
            {"leaves": start["context"]},
            human_actor_id=initiator["actor"],
            decision=decision,
        ),
    )

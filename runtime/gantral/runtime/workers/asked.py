"""What policies and the directory said, sealed by the evidence worker that asked, until it is
committed.

An answer goes through history on its way to the commit, and whoever may complete activities by hand
can put another one there; so can a workflow worker. The commit key therefore signs a policy's, a
waiver's or a guard's record only beside the envelope that ``gantral.open_gate`` or
``gantral.ask_guard`` made of the same answer, on the same values, for the same round. It is not
evidence: it never leaves the deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from gantral.evidence import EvidenceError, H, canonical, open_envelope, seal
from gantral.evidence.signers import Signer
from gantral.runtime.commands import (
    AskGuardCommand,
    Envelope,
    OpenGateAnswer,
    OpenGateCommand,
    Said,
)
from gantral.runtime.commits import CommitCommand
from gantral.runtime.workers.chain import Chain

KIND: Final = "policy-answer"
_TYPE: Final = "gantral.dev/policy-answer/v1"
_SAID = ("query", "policy_version_id", "input_hash", "answer")
_NOTHING = dict.fromkeys(_SAID, "none")
Stage = Literal["proposal", "decided"]


def seal_answer(
    command: OpenGateCommand, answer: OpenGateAnswer, values: Mapping[str, str], key: Signer
) -> Envelope:
    """Seal the answers on a proposal. ``values``: pointer -> the leaf values that it will have.

    Raises:
        EvidenceError: it is outside the signed profile.
    """
    said: Mapping[str, Any] = answer
    waived = {name: said[name] for name in _SAID}
    told: list[list[Any]] | Literal["none"] = answer.get("holders", "none")
    return _seal(command, "proposal", waived, answer["guard"], values, key, told)


def seal_guard(
    command: AskGuardCommand, guard: Said, values: Mapping[str, str], key: Signer
) -> Envelope:
    """Seal a guard's answer on the decided values. Raises as ``seal_answer``."""
    return _seal(command, "decided", _NOTHING, guard, values, key)


def check_asked(
    chain: Chain,
    command: CommitCommand,
    record: Mapping[str, Any],
    stage: Stage,
    values: Mapping[str, str] | None,
) -> None:
    """Hold a policy's, a waiver's, a guard's or a directory's record against the sealed answer that
    the command carries. ``values``: pointer -> leaf value of what it was asked about, None where
    the commit does not hold it.

    Raises:
        EvidenceError: ``asked``, or what is wrong with the seal.
    """
    envelope = command["asked"]
    if envelope == "none":
        raise EvidenceError("asked", "nobody sealed what was said")
    # A key that is good for this commit now: when it was asked, only who asked could say.
    at = command["timestamp"]
    said = open_envelope(envelope, KIND, chain.trust, "commit", chain.team, at).statement
    wanted = {
        "owning_team_id": chain.team,
        "instance_id": chain.instance_id,
        "workflow_version_id": command["program"],
        "gate": record["gate"],
        "round": record["round"],
        "stage": stage,
        **_of(record),
    }
    if values is not None:
        wanted["proposal"] = _proposal(values)
    for name, value in wanted.items():
        if said.get(name) != value:
            raise EvidenceError("asked", f"the policy was asked about another {name}")


def _of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a sealed answer that stand behind a record."""
    if record["kind"] == "directory":
        return {"holders": record["holders"]}
    answer = {name: record[name] for name in _SAID}
    return {"guard": answer} if record["kind"] == "guard" else answer


def _seal(
    command: OpenGateCommand | AskGuardCommand,
    stage: Stage,
    waived: Mapping[str, str],
    guard: Said | Literal["none"],
    values: Mapping[str, str],
    key: Signer,
    holders: list[list[Any]] | Literal["none"] = "none",
) -> Envelope:
    statement = {
        "type": _TYPE,
        "owning_team_id": command["team"],
        "instance_id": command["instance_id"],
        "workflow_version_id": command["program"],
        "gate": command["gate"],
        "round": str(command["round"]),
        "stage": stage,
        **waived,
        "guard": guard,
        "holders": holders,
        "proposal": _proposal(values),
    }
    return seal(KIND, statement, key)


def _proposal(values: Mapping[str, str]) -> str:
    pairs = sorted([pointer, value] for pointer, value in values.items())
    return H("policy-proposal", canonical(pairs))

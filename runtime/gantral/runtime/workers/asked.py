"""What a policy said, sealed by the evidence worker that asked, until it is committed.

An answer goes through history on its way to the commit, and whoever may complete activities by hand
can put another one there; so can a workflow worker. The commit key therefore signs a policy's or a
waiver's record only beside the envelope that ``gantral.open_gate`` made of the same answer, on the
same proposal, for the same round. It is not evidence: it never leaves the deployment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gantral.evidence import EvidenceError, H, SigningKey, canonical, open_envelope, seal
from gantral.evidence.envelope import unwrap
from gantral.evidence.forms import instant_text
from gantral.runtime.commands import CommitCommand, Envelope, OpenGateAnswer, OpenGateCommand
from gantral.runtime.workers.chain import Chain

KIND: Final = "policy-answer"
_TYPE: Final = "gantral.dev/policy-answer/v1"
_SAID = ("query", "policy_version_id", "input_hash", "answer")


def seal_answer(
    command: OpenGateCommand, answer: OpenGateAnswer, values: Mapping[str, str], key: SigningKey
) -> Envelope:
    """Seal an answer on a proposal. ``values``: pointer -> the leaf values that it will have.

    Raises:
        EvidenceError: it is outside the signed profile.
    """
    said: Mapping[str, Any] = answer
    statement = {
        "type": _TYPE,
        "owning_team_id": command["team"],
        "instance_id": command["instance_id"],
        "workflow_version_id": command["program"],
        "gate": command["gate"],
        "round": str(command["round"]),
        **{name: said[name] for name in _SAID},
        "proposal": _proposal(values),
        "timestamp": instant_text(int(datetime.now(UTC).timestamp() * 1000)),
    }
    return seal(KIND, statement, key)


def check_asked(
    chain: Chain,
    command: CommitCommand,
    record: Mapping[str, Any],
    texts: Mapping[str, Sequence[str]],
) -> None:
    """Hold a policy's or a waiver's record against the sealed answer that the command carries.
    ``texts``: the texts of the proposal, where this commit has it.

    Raises:
        EvidenceError: ``asked``, or what is wrong with the seal.
    """
    envelope = command["asked"]
    if envelope == "none":
        raise EvidenceError("asked", "nobody sealed what the policy said")
    at = str(unwrap(envelope, KIND).statement.get("timestamp"))
    said = open_envelope(envelope, KIND, chain.trust, "commit", chain.team, at).statement
    wanted = {
        "owning_team_id": chain.team,
        "instance_id": chain.instance_id,
        "workflow_version_id": command["program"],
        **{name: record[name] for name in ("gate", "round", *_SAID)},
    }
    if "values" in command["context"]:
        wanted["proposal"] = _proposal({pointer: text[3] for pointer, text in texts.items()})
    for name, value in wanted.items():
        if said.get(name) != value:
            raise EvidenceError("asked", f"the policy was asked about another {name}")


def _proposal(values: Mapping[str, str]) -> str:
    pairs = sorted([pointer, value] for pointer, value in values.items())
    return H("policy-proposal", canonical(pairs))

"""What the evidence worker asks of a parent's chain, and of a child's, before it signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.authority import State
from gantral.evidence import forms
from gantral.evidence.envelope import unwrap
from gantral.evidence.walk import Walk
from gantral.runtime import programs
from gantral.runtime.workers.chain import Chain, MissingEvidence
from gantral.runtime.workers.refused import Refused
from gantral.runtime.workers.walking import walked


def running(chain: Chain) -> Walk:
    """The walk over an instance that runs.

    Raises:
        Refused: it does not. EvidenceError, MissingEvidence, StoreError, ProgramError.
    """
    version = chain.need(0).artifacts[0]["workflow_version_id"]
    number = chain.head()
    if chain.beyond(number):
        raise MissingEvidence(f"commit {number} is not in the store")
    walk = walked(chain, programs.get(version), number)
    if walk.state is not State.RUNNING:
        raise Refused("parent", f"the parent is {walk.state}, and only one that runs has children")
    return walk


def check_told(chain: Chain, parent: Mapping[str, Any], submission: Mapping[str, Any]) -> None:
    """That a parent which runs tells this very submission in its chain; ``parent`` only says where
    to look.

    Raises:
        Refused: ``parent``. EvidenceError, MissingEvidence, StoreError, ProgramError.
    """
    instance_id, call = parent.get("instance_id"), parent.get("call")
    if parent.keys() != {"instance_id", "call"} or not forms.is_uuid(instance_id):
        raise Refused("parent", "where the parent is is not said")
    walk = running(Chain(chain.store, chain.trust, chain.team, str(instance_id)))
    told = walk.children.told.get(str(call))
    if told is None:
        raise Refused("parent", "its chain tells of no such child")
    if told.submission != unwrap(submission, "submission").hash:
        raise Refused("parent", "its chain tells another submission of this child")
    if told.state:
        raise Refused("parent", "its chain says that this child has ended")


def child_end(chain: Chain, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record, with what the child left standing, if it ended so by its own chain.

    Raises:
        Refused: ``child_end``. EvidenceError, MissingEvidence, StoreError, ProgramError.
    """
    if record.keys() != _ENDED:
        raise Refused("child_end", "a member is missing or unknown")
    child = Chain(chain.store, chain.trust, chain.team, _started(chain, record["call"]))
    number = child.head()
    last = child.last_artifact(number)
    if last is None or child.beyond(number):
        raise MissingEvidence(f"the child of {record['call']} has no whole chain in the store")
    names = {"state": "authority_state", "cause": "cause", "gate": "gate"}
    for name, member in {**names, "artifact_hash": "artifact_hash"}.items():
        if record[name] != last[member]:
            raise Refused("child_end", f"the child's own chain has another {name}")
    standing: list[str] = []
    if record["state"] == State.COMPLETED:
        standing = walked(child, programs.get(last["workflow_version_id"]), number).left()
    return {**record, "standing": standing}


_ENDED = {"kind", "call", "state", "cause", "gate", "artifact_hash"}


def _started(chain: Chain, call: str) -> str:
    """The instance that this call of a parent started."""
    for number in range(chain.head() - 1, -1, -1):
        for record in chain.need(number).records("child"):
            if record["call"] == call:
                said = unwrap(record["submission"], "submission").statement
                return str(said["instance_id"])
    raise Refused("child_end", "the parent's chain tells of no such child")

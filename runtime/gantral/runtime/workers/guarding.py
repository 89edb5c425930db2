"""A guard's answer on what was decided, before the commit key signs it (ADR 0111)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.authority import State
from gantral.evidence import EvidenceError
from gantral.evidence.guard import ENDS, GOES_ON
from gantral.evidence.recount import Standing
from gantral.runtime.commits import CommitCommand
from gantral.runtime.workers.asked import check_asked
from gantral.runtime.workers.chain import Chain


def guard_ends(
    chain: Chain,
    command: CommitCommand,
    gate: Mapping[str, Any],
    context: Mapping[str, str],
    standing: Standing,
) -> bool:
    """Hold the guard's answer on what was decided against its seal; whether it ends the gate:
    the votes then say yes and the command REJECTED. ``context``: the proposal's, pointer -> leaf.

    Raises:
        EvidenceError: ``guard``, ``asked``, or what is wrong with the seal.
        MissingEvidence, StoreError: a value of the proposal can't be read.
    """
    found = [record for record in command["records"] if record["kind"] == "guard"]
    decided = gate["guarded"] != "none" and standing.outcome in ("approved", "amended")
    ends = decided and command["states"][0] == State.REJECTED and command["cause"] in ENDS
    wanted = int(decided and not (ends and ENDS[command["cause"]] is None))
    _want(len(found) == wanted, f"{wanted} answers of a guard belong here")
    for record in found:
        said: Mapping[str, Any] = record
        values = {path: chain.text(hashed, path) for path, hashed in context.items()}
        check_asked(chain, command, said, "decided", {**values, **dict(standing.amendment)})
        allowed = frozenset({str(ENDS[command["cause"]])}) if ends else GOES_ON
        _want(said["answer"] in allowed, f"the guard says {said['answer']}")
        place = (said["gate"], said["round"])
        _want(place == (command["gate"], str(command["round"])), "another gate's guard")
    if ends:
        _want(command["human_actor_id"] == "none", "a guard is no person")
        _want("same" in command["context"], "what a guard refused is no new context")
    return ends


def _want(holds: bool, why: str) -> None:
    if not holds:
        raise EvidenceError("guard", why)

"""Who is named at a gate, and who voted before, from the manifest's gate (FORMAT section 5).

Used twice, on purpose: ``open_gate`` resolves it before people are asked, and the commit resolves
it again from the persons that it is about to sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gantral.evidence.apart import voters_of
from gantral.evidence.gate import gate_pointers
from gantral.evidence.trees import keeps_deciders
from gantral.runtime.workers.chain import Chain

# pointer -> the actor ids that stand there.
People = Callable[[str], list[str]]


def named(gate: Mapping[str, Any], people: People) -> dict[str, list[str]]:
    """pointer -> sorted actor ids, for each pointer at which the gate names persons."""
    return {pointer: sorted(set(people(pointer))) for pointer in gate_pointers(gate)}


def voted_before(chain: Chain, gate: Mapping[str, Any], number: int) -> dict[str, set[str]]:
    """gate -> who voted there in the commits under ``number``, for the gates whose deciders
    ``gate`` keeps out. The chain is read for such gates alone.

    Raises:
        EvidenceError, MissingEvidence, StoreError.
    """
    found: dict[str, set[str]] = {
        who["deciders"]: set() for who in gate["apart"] if keeps_deciders(who)
    }
    for earlier in range(1, number) if found else ():
        commit = chain.need(earlier)
        at = commit.artifacts[0]["gate"] if commit.artifacts else "none"
        if at in found:
            found[at] |= voters_of(commit.statement)
    return found

"""Who may not decide and who is named, from the manifest's gate (FORMAT section 5).

Used twice, on purpose: ``open_gate`` resolves it before people are asked, and the commit resolves
it again from the persons that it is about to sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gantral.evidence.gate import gate_pointers

# pointer -> the actor ids that stand there.
People = Callable[[str], list[str]]


def named(gate: Mapping[str, Any], people: People) -> dict[str, list[str]]:
    """pointer -> sorted actor ids, for each pointer at which the gate names persons."""
    return {pointer: sorted(set(people(pointer))) for pointer in gate_pointers(gate)}


def excluded(gate: Mapping[str, Any], initiator: str, people: Mapping[str, list[str]]) -> list[str]:
    """Sorted actor ids of everybody that ``apart`` keeps out; ``people`` is ``named``'s."""
    found: set[str] = set()
    for who in gate["apart"]:
        found.update([initiator] if who == "initiator" else people[next(iter(who.values()))])
    return sorted(found - {"none"})

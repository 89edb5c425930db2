"""Who may not decide and who is named, from the manifest's gate (CONTRACT section 6, deciders).

Used twice, on purpose: ``open_gate`` resolves it before people are asked, and the commit resolves
it again from what it is about to sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gantral.evidence.forms import duration_ms, plus

# pointer -> the actor ids that stand there.
People = Callable[[str], list[str]]


def excluded(gate: Mapping[str, Any], initiator: str, people: People) -> list[str]:
    """Sorted actor ids of everybody that ``apart`` keeps out."""
    found: set[str] = set()
    for who in gate["apart"]:
        if who == "initiator":
            found.add(initiator)
        else:
            ((_, pointer),) = who.items()
            found.update(people(pointer))
    return sorted(found)


def named(gate: Mapping[str, Any], people: People) -> dict[str, list[str]]:
    """pointer -> sorted actor ids, for each pointer that a formula, veto or widening reads."""
    return {pointer: sorted(set(people(pointer))) for pointer in sorted(set(_pointers(gate)))}


def instants(gate: Mapping[str, Any], opened_at: str) -> list[list[Any]]:
    """The clock's absolute instants ``[[instant, action, from, to], …]``.

    Raises:
        EvidenceError: ``opened_at`` is no instant.
    """
    found: list[list[Any]] = []
    for after, action, *rest in gate["clock"]:
        source, target = rest if rest else ("none", "none")
        found.append([plus(opened_at, duration_ms(after)), action, source, target])
    return found


def _pointers(gate: Mapping[str, Any]) -> Iterator[str]:
    def walk(tree: Any) -> Iterator[str]:
        if isinstance(tree, dict):
            if tree.keys() in ({"actor"}, {"actors"}):
                yield from map(str, tree.values())
            else:
                for inner in tree.values():
                    yield from walk(inner)
        elif isinstance(tree, list):
            for inner in tree:
                yield from walk(inner)

    yield from walk([case["formula"] for case in gate["decide"]])
    yield from walk(gate["veto"])
    yield from walk(gate["clock"])

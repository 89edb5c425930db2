"""Walk a program's authority automaton as an NFA on (state, gate) (docs/manifest.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

START = "start"


class Automaton:
    """The sites of a manifest's automaton, by the step that enters them."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._next: Mapping[str, frozenset[str]] = {
            site: frozenset(following) for site, _, following in rows
        }
        entered: dict[tuple[str, str], set[str]] = {}
        for site, state, _ in rows:
            entered.setdefault(_step(site, state), set()).add(site)
        self._entered = {step: frozenset(sites) for step, sites in entered.items()}
        self.start = frozenset({START})

    def move(self, here: frozenset[str], state: str, gate: str, ask: str = "") -> frozenset[str]:
        """The sites after a step, none when the program has no such order.

        ``state`` is WAITING_FOR_HUMAN, RUNNING (after a decision), REJECTED, COMPLETED,
        TERMINATED, ``waived`` or ``unasked``; ``gate`` the gate's name for the first three and the
        last two; ``ask`` the one of its asks that it must be, "" for any.
        """
        wanted = self._entered.get((state, gate), frozenset())
        return frozenset(
            after
            for site in here
            for after in self._next[site]
            if after in wanted and (not ask or after.partition(":")[0] == ask)
        )


def _step(site: str, state: str) -> tuple[str, str]:
    name, _, way = site.partition(":")
    gate = name.rpartition("/")[0] if way or state == "WAITING_FOR_HUMAN" else "none"
    return (way if way in ("waived", "unasked") else state), gate

"""Whether nobody in the deployment's directory can decide a gate, and what shows it (ADR 0182)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gantral.evidence import EvidenceError
from gantral.evidence.calendar import ticks
from gantral.evidence.cases import chosen
from gantral.evidence.formula import Electorate, Voter, clauses, possible
from gantral.identity.directory import Directory, DirectoryError
from gantral.policy import ShapeError
from gantral.runtime.workers.actors import Actors

# A record is part of a commit of at most 1 MiB. Where more hold a role, nothing is concluded.
MOST: Final = 1000


def nobody(
    gate: Mapping[str, Any],
    leaves: Mapping[str, str],
    electorate: Electorate,
    excluded: Sequence[str],
    directory: Directory | None,
    actors: Actors,
) -> list[list[Any]] | None:
    """Everybody of the directory who holds a role that counts at this gate and may decide,
    [[actor id, [role, …]], …], when they together can't; None when they can, and when nobody knows.

    Args:
        leaves: pointer -> leaf value of the proposal. electorate: after the gate's last widening.
        excluded: actor ids that ``apart`` keeps out.
    """
    if directory is None:
        return None
    try:
        known = directory.read()
        formula = gate["decide"][chosen(gate, leaves)]["formula"]
        counts = _roles(gate, formula)
        found = sorted(
            [actors.resolve(person), sorted(roles & counts)]
            for person, roles in known.items()
            if roles & counts
        )
        holders = [row for row in found if row[0] not in excluded]
        if len(holders) > MOST or possible(formula, electorate, excluded, voters_of(holders)):
            return None
    except (DirectoryError, ShapeError) as error:
        # Not to know is no reason to refuse: the gate waits, and serve lets no yes through.
        print(f"the directory: {error}", file=sys.stderr)
        return None
    except EvidenceError:
        return None
    return holders


def voters_of(holders: Sequence[Sequence[Any]]) -> list[Voter]:
    """The rows as the formula counts them."""
    return [Voter(actor, frozenset(roles)) for actor, roles in holders]


def _roles(gate: Mapping[str, Any], formula: Mapping[str, Any]) -> set[str]:
    """Every role that the formula names, now or after a widening."""
    named = [who for clause in clauses(formula) for part in clause for who in part.principals]
    widened = [who for step in ticks(gate) for group in step[2:] for who in group]
    return {who for who in (*named, *widened) if isinstance(who, str)}

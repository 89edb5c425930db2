"""Which roles count for a yes, where the deployment keeps a directory (docs/adr/0182).

A role counts when the token tells of it and the directory still lists it. A no needs the token
alone: what is not known can only keep a yes back.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.identity import Person
from gantral.identity.directory import DirectoryError

# actor id -> roles; None where no directory is kept.
Held = Mapping[str, frozenset[str]] | None


def held(deployment: Deployment, person: Person) -> Held:
    """Who holds what, by actor id, under this person's issuer and claim.

    Raises:
        Problem: 503 not_ready: it can't be read, so nobody's yes counts.
    """
    if deployment.directory is None:
        return None
    try:
        known = deployment.directory.read()
    except DirectoryError as error:
        print(f"not ready: directory: {error}", file=sys.stderr)
        raise Problem(
            503,
            "not_ready",
            "the directory can't be read now, so nobody knows who may say yes",
            "nothing was decided; send it again in a while. Whoever runs the deployment: `gantral"
            " doctor` names the fault",
            members={"part": "directory"},
            headers={"retry-after": "5"},
        ) from None
    return {deployment.seal.actor_of(person, name): roles for name, roles in known.items()}


def counting(deployment: Deployment, person: Person, known: Held) -> Person:
    """The person with the roles that count for a yes."""
    if known is None:
        return person
    listed = known.get(deployment.seal.actor(person), frozenset())
    return replace(person, roles=tuple(one for one in person.roles if one in listed))


def shown(deployment: Deployment, person: Person) -> Person:
    """As ``counting``, for what a page says; where the directory can't be read, no role counts."""
    try:
        return counting(deployment, person, held(deployment, person))
    except Problem:
        return replace(person, roles=())


def still(vote: Mapping[str, Any], known: Held) -> Mapping[str, Any]:
    """A vote with those of its roles that its voter holds still."""
    if known is None:
        return vote
    listed: frozenset[str] = known.get(vote["human_actor_id"], frozenset())
    roles: Sequence[str] = vote["role"]
    return {**vote, "role": [one for one in roles if one in listed]}

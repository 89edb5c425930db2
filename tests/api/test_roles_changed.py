"""A role map that changed between a vote and the decision (LANGUAGE section 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gantral.api import deciding
from gantral.api.deployment import Deployment
from gantral.api.problems import Problem
from gantral.identity import person_of

REASON = "The photos show it as it is said."


def remapped(world: Any) -> Deployment:
    """The deployment after an administrator has mapped a role anew."""
    there: Deployment = world.deployment
    roles = {**there.seal.role_map.roles, "support_agent": ("groups", "help-desk")}
    role_map = replace(there.seal.role_map, roles=roles)
    return replace(there, seal=replace(there.seal, role_map=role_map))


def vote(
    world: Any, deployment: Deployment, view: dict[str, Any], who: str, said: str = "approve"
) -> dict[str, Any]:
    """A decision as `serve` takes it once it has read the token."""

    async def send() -> dict[str, Any]:
        token = await deployment.provider.verify(world.token(who, fresh=True), deployment.now())
        person = person_of(token, deployment.seal.role_map)
        body = {
            "decision": said,
            "shown": view["waiting"]["shown"],
            "reason": REASON,
        }
        return await deciding.decide(deployment, person, view["instance_id"], body)

    made: dict[str, Any] = world.run(send())
    return made


def test_a_yes_of_before_decides_nothing_until_it_is_given_again(world: Any) -> None:
    view = world.waiting()
    later = remapped(world)
    assert vote(world, world.deployment, view, "alice")["status"] == "counted"
    with pytest.raises(Problem) as refused:
        vote(world, later, view, "bob")
    assert (refused.value.status, refused.value.rule) == (409, "roles_changed")
    assert "since these voted: alice" in str(refused.value)
    assert vote(world, later, view, "alice")["status"] == "counted"
    assert vote(world, later, view, "bob")["state"] == "APPROVED"


def test_a_yes_of_before_that_is_not_needed_stands_in_no_way(world: Any) -> None:
    view = world.waiting()
    assert vote(world, world.deployment, view, "alice")["status"] == "counted"
    # A director is enough alone.
    assert vote(world, remapped(world), view, "dora")["state"] == "APPROVED"


def test_a_no_needs_nobody_else(world: Any) -> None:
    view = world.waiting()
    assert vote(world, world.deployment, view, "alice")["status"] == "counted"
    assert vote(world, remapped(world), view, "bob", "reject")["state"] == "REJECTED"

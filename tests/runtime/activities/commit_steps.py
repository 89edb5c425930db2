"""Steps of the tests of ``gantral.commit``: a walk to a state, and a command that is refused."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError


def refused(world: Any, command: dict[str, Any]) -> str:
    """The rule that refuses it; nothing has become visible."""
    before = list(world.store.list(world.chain.key("commits")))
    with pytest.raises(ApplicationError) as error:
        world.put(command)
    assert error.value.type == "NotCommitted"
    assert error.value.non_retryable
    assert list(world.store.list(world.chain.key("commits"))) == before
    return error.value.message.partition(":")[0]


def running(world: Any) -> Any:
    world.put(world.created())
    return world


def asked(world: Any, gate: str = "paying") -> Any:
    running(world).put(world.waiting(gate))
    return world

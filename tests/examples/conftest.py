"""What a service of an example is called with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gantral.runtime import CallContext


@pytest.fixture
def call() -> Callable[[str], CallContext]:
    """The context of a call with this key."""

    def made(key: str) -> CallContext:
        return CallContext(
            key=key,
            operation="service.operation",
            call="service.operation/1",
            instance_id="00000000-0000-8000-8000-000000000000",
            workflow_id="workflow",
            team="team",
            attempt=1,
            heartbeat=lambda: None,
        )

    return made

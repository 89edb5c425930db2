"""What a scenario is played on: the simulation, or the workers and Temporal's test server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from gantral.api.deployment import Deployment
from gantral.cli.scenarios.script import Script
from gantral.runtime.sealing import Sealer
from gantral.simulation import ISSUER

__all__ = ["AUDIENCE", "ISSUER", "PATIENCE", "Driver", "Stuck", "Timer"]

# What a scenario's people are known by; nobody is asked at that issuer.
AUDIENCE: Final = "scenarios"
# How long, by our clock, an instance may do nothing at all: seconds.
PATIENCE: Final = 60.0


class Stuck(Exception):  # noqa: N818 - what became of a run, not a fault of ours
    """An instance comes to no end; the message says why."""


@dataclass(frozen=True)
class Timer:
    """When a timer was meant to fire, and when it will: on a server later by as long as the task
    took that set it. Both in the driver's time."""

    due: datetime
    fires: datetime


class Driver(Protocol):
    """Plays one scenario after the other. ``script`` is of the one that is played."""

    script: Script

    def deployment(self, scenario: str) -> Deployment:
        """The deployment as one scenario sees it, in which nothing was ever started."""
        ...

    def now(self) -> datetime:
        """What time it is."""
        ...

    async def look(self) -> datetime:
        """What time it is, asked anew."""
        ...

    async def leap(self, by: timedelta) -> None:
        """Let time pass; what is due on the way happens."""
        ...

    async def first_timer(self, instances: Sequence[str]) -> Timer | None:
        """When the next thing happens by itself to these instances; None while one of them has
        anything else to do.

        Raises:
            Stuck: nothing will ever happen.
        """
        ...

    async def end(self, instance_id: str, sealer: Sealer) -> Mapping[str, Any]:
        """Let time pass till the instance ends; what it came to.

        Raises:
            Stuck: it fails, or comes to no end.
        """
        ...

    async def cancel(self, workflow: str) -> bool:
        """Ask the run of a workflow that was started last to cancel, as an operator does; False:
        none runs."""
        ...

    async def difference(self, instance_id: str) -> str | None:
        """How a run goes another way when it is played again from its history, as after the loss
        of a worker; None when it does the same."""
        ...

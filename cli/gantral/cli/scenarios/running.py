"""Scenarios one after the other, in the simulation or on a server; what came of each."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gantral.cli.scenarios.collect import Code, Suite
from gantral.cli.scenarios.judge import judge
from gantral.cli.scenarios.model import Scenario
from gantral.cli.scenarios.play import Played, play
from gantral.cli.scenarios.simulated import Simulated, open_simulation
from gantral.cli.scenarios.timeline import Moment, Places, rendered, timeline
from gantral.cli.simulating.places import placed
from gantral.simulation import Seen


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario: ``told`` is what differs from what is expected, nothing when all is
    as it was to be. ``moments``: what happened."""

    scenario: Scenario
    played: Played
    told: Sequence[str]
    moments: Sequence[Moment]

    @property
    def ok(self) -> bool:
        """Whether it came out as it says."""
        return not self.told

    def lines(self) -> list[str]:
        """What differs, and what happened."""
        happened = [f"  {line}" for line in rendered(self.moments)]
        return [*self.told, *(["what happened:", *happened] if happened else [])]


class Simulating:
    """Plays scenarios of a project in the simulation."""

    def __init__(self, code: Code, driver: Simulated) -> None:
        self._code = code
        self._driver = driver

    @property
    def seen(self) -> Mapping[str, Seen]:
        """workflow -> what the last scenario ran of its code."""
        return self._driver.seen

    @cached_property
    def _places(self) -> Places:
        return places_of(self._code)

    def play(self, scenario: Scenario) -> Outcome:
        """Play one. Not for use where an event loop runs."""
        return _outcome(scenario, asyncio.run(play(self._driver, scenario)), self._places)


@contextmanager
def simulating(code: Code) -> Iterator[Simulating]:
    """The simulation of a project."""
    with (
        tempfile.TemporaryDirectory(prefix="gantral-test-") as folder,
        open_simulation(code.programs, Path(folder)) as driver,
    ):
        yield Simulating(code, driver)


async def on_servers(suite: Suite) -> AsyncIterator[Outcome]:
    """Play a suite on time-skipping servers: on a new one after a scenario that came to no end,
    which may have left the server's clock unusable.

    Raises:
        RPCError: a server does not answer.
    """
    left = list(suite.scenarios)
    places = places_of(suite.code)
    while left:
        async for played in _on_one(suite, left):
            yield _outcome(*played, places)


async def _on_one(suite: Suite, left: list[Scenario]) -> AsyncIterator[tuple[Scenario, Played]]:
    from gantral.cli.scenarios.world import open_world
    from gantral.cli.tools.processes import Processes
    from gantral.cli.tools.servers import start_test_server

    with tempfile.TemporaryDirectory(prefix="gantral-test-") as folder:
        scratch = Path(folder)
        with Processes(scratch / "logs") as processes:
            server = start_test_server(processes)
            home = scratch / "world"
            home.mkdir()
            async with open_world(suite.code.packages, home, server.address) as world:
                while left:
                    scenario = left.pop(0)
                    played = await play(world, scenario)
                    yield scenario, played
                    if played.stuck:
                        # The workers' end would wait for what it never answers.
                        server.process.kill()
                        break


def places_of(code: Code) -> Places:
    """workflow -> site -> where it stands in the spec."""
    return {
        name: placed(files["source_map.json"], files["workflow.py"].decode(), code.sources)
        for name, files in code.programs.items()
    }


def _outcome(scenario: Scenario, played: Played, places: Places) -> Outcome:
    told = judge(scenario, played)
    moments = timeline(scenario.workflow, played, places) if told else []
    return Outcome(scenario, played, told, moments)

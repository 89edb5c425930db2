"""One world for the folder, and what happened in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from soaking.faults import SHORT
from soaking.people import COURSES
from soaking.running import Row, run
from soaking.world import World, open_world


@dataclass
class Told:
    """A world after a run, everything in it still there."""

    world: World
    rows: list[Row]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A few faults, one after another, and instances of every course under each."""
    with open_world(tmp_path_factory.mktemp("faults")) as world:
        rows = asyncio.run(
            run(world, SHORT, seed=1, courses=COURSES, each=3, crowds=1, overlapping=True)
        )
        yield Told(world, rows)

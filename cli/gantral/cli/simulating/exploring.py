"""A deployment in memory for one workflow, and the world around it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gantral.cli.simulating.code import Code
from gantral.simulation import Deployment
from gantral.simulation.exploring import (
    STARTER,
    People,
    Values,
    World,
    merged,
    people,
    read,
    standing,
)

_NOBODY = "somebody"


@dataclass(frozen=True)
class Scene:
    """Everything that exploring and replaying need."""

    deployment: Deployment
    world: World
    people: People
    inputs: list[Mapping[str, Any]]


@contextlib.contextmanager
def scene(code: Code, workflow: str) -> Iterator[Scene]:
    """The scene of a workflow; ``inputs`` are small values of its input's type."""
    deployment = Deployment(code.packages.values())
    try:
        manifests = [one.manifest for one in deployment.programs.values()]
        known = people(deployment, workflow, manifests)
        others = [name for name in known.known if name not in (_NOBODY, STARTER)]
        reading = merged(read(one) for one in deployment.programs.values())
        values = Values(reading, [_NOBODY, *others[:1], STARTER])
        inputs = values.of(deployment.programs[workflow].manifest["input"])
        world = World(known, values, *standing(deployment.programs.values(), reading))
        yield Scene(deployment, world, known, inputs)
    finally:
        deployment.close()

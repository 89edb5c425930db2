"""A workflow explored twice: with the digest, and taking nothing for the same but votes in another
order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from gantral.simulation import Simulation
from gantral.simulation.exploring import Choice, Course, Found, Limits, World, explore
from simulated import staged

Kept = Callable[[Choice], bool]


@dataclass(frozen=True)
class Fewer(World):
    """A world in which less may happen, so that every course of it can be seen."""

    kept: Kept

    def options(self, *of: Any) -> list[Choice]:
        """What may happen next, of what is kept."""
        return [one for one in super().options(*of) if self.kept(one)]


def everything(_: Choice) -> bool:
    """A world in which all may happen."""
    return True


def unreduced(course: Course) -> str:
    """The same choices in the same order, but for votes of which one follows the other."""
    made: list[str] = []
    for votes, several in groupby(course.trail, lambda one: one.do == "vote"):
        keys = [one.key for one in several]
        made += sorted(keys) if votes else keys
    return sha256(repr((made, str(course.story.now))).encode()).hexdigest()


def both(folder: Path, text: str, kept: Kept = everything) -> tuple[Found, Found]:
    """What is found of the workflow ``trial`` with the digest, and without."""
    with staged(folder, text, "trial") as scene:
        story = Simulation(scene.deployment)
        limits = Limits(6000, 100)
        known = {one.name: getattr(scene.world, one.name) for one in fields(World)}
        world = Fewer(**known, kept=kept)
        ours = explore(world, story.fork, "trial", scene.inputs, limits)
        every = explore(world, story.fork, "trial", scene.inputs, limits, unreduced)
    return ours, every


def the_same(ours: Found, every: Found) -> None:
    """Raises AssertionError where the table of the one is not that of the other."""
    assert ours.whole
    assert ours.ends == every.ends
    assert ours.called == every.called
    assert not ours.stories
    assert not every.stories
    assert ours.states <= every.states

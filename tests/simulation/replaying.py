"""Runs of one version of a spec, played again on the code of another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gantral.cli.simulating.code import Code, code, read
from gantral.cli.simulating.exploring import scene
from gantral.cli.specs import Checked
from gantral.compiler.compare import compare
from gantral.simulation import Deployment, Simulation, WrongCode
from gantral.simulation.exploring import Course, Limits, explore
from gantral.simulation.memory import MemoryStore
from gantral.simulation.run import Run


@dataclass(frozen=True)
class Recorded:
    """Runs that came to an end of the old program, and what holds their keys."""

    checked: Checked
    stories: list[tuple[MemoryStore, list[Run]]]


@contextlib.contextmanager
def written(file: Path, text: str, workflow: str) -> Iterator[tuple[Checked, Code]]:
    """A spec in a file, proved, and its code. Raises Failure where it is refused."""
    file.write_text(text, "utf-8")
    checked = read(str(file))
    with code(checked, workflow, None) as made:
        yield checked, made


@contextlib.contextmanager
def recorded(file: Path, text: str, workflow: str, limits: Limits) -> Iterator[Recorded]:
    """The runs that the spec comes to, one story for each end."""
    with written(file, text, workflow) as (checked, made), scene(made, workflow) as found:
        story = Simulation(found.deployment)
        seen = explore(found.world, story.fork, workflow, found.inputs, limits)
        stories = []
        for choices in seen.examples.values():
            course = Course(found.world, story.fork())
            for choice in choices:
                course.take(choice)
            runs = [one.run for one in course.story.server.executions.values()]
            stories.append((course.story.store, runs))
        yield Recorded(checked, stories)


def same(older: Checked, newer: Checked) -> bool:
    """Whether diff says of each workflow that it is the same program."""
    was = {one.name: one for one in older.analysis.programs}
    now = {one.name: one for one in newer.analysis.programs}
    return was.keys() == now.keys() and all(
        compare(was[name], one).verdict == "same" for name, one in now.items()
    )


def replayed(old: Recorded, made: Code) -> list[str]:
    """How the old runs go on other code: what is wrong with each that goes another way."""
    deployment = Deployment(made.packages.values())
    wrong = []
    try:
        for store, runs in old.stories:
            deployment.hold(store, MemoryStore(deletable=True))
            for run in runs:
                try:
                    run.replay(deployment.definition(str(run.began.definition.name)))
                except WrongCode as error:
                    wrong.append(str(error))
    finally:
        deployment.close()
    return wrong

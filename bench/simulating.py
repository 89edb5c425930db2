"""`gantral simulate` over the examples: states a second, and what can be seen whole."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from gantral.cli.simulating.code import code, read, workflows
from gantral.cli.simulating.exploring import scene
from gantral.simulation import Simulation
from gantral.simulation.exploring import Limits, explore
from sizes import size

ROOT = Path(__file__).resolve().parents[1]
STATES, DEPTH = size(5000, 5), 400


def run() -> None:
    """Measure and print: each workflow of the examples, up to so many states, evidence and all."""
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    print(f"simulate: the examples, up to {STATES} states each, in one process")
    largest: tuple[int, str] = (0, "none")
    for spec in sorted((ROOT / "examples").glob("*/*.gantral")):
        checked = read(str(spec))
        for name in workflows(checked):
            with code(checked, name, None) as made, scene(made, name) as world:
                began = time.process_time()
                found = explore(
                    world.world,
                    Simulation(world.deployment).fork,
                    name,
                    world.inputs,
                    Limits(STATES, DEPTH),
                )
                took = time.process_time() - began
            whole = "whole" if found.whole else f"cut at {STATES}"
            rate = found.steps / took
            print(
                f"  {name:<20} {found.states:>6} states {found.steps:>6} steps {took:>6.1f} s"
                f" {rate:>5.0f} steps/s  {len(found.ends):>2} ends  {whole}",
                flush=True,
            )
            if found.whole:
                largest = max(largest, (found.states, name))
    states, name = largest
    print(f"  the largest that is seen whole: {name}, {states} states")

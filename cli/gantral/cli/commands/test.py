"""``gantral test``: play the scenarios of a project on the real runtime."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, FINDINGS, Failure
from gantral.cli.main import Subparsers

if TYPE_CHECKING:
    from gantral.cli.scenarios.collect import Suite
    from gantral.cli.scenarios.model import Scenario


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "test",
        help="run scenario files against the time-skipping server",
        description="Play each scenario beside the specs: generated code, workers, evidence and "
        "time-skipping server are real, the services and the policy answer as the file says. A "
        "scenario whose evidence is not VALID fails.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="scenario files, or folders with scenarios/*.yaml; none: those of the project here",
    )


def run(args: argparse.Namespace) -> int:
    """Play them; 1 when one does not come out as it says."""
    from gantral.cli.output import tell
    from gantral.cli.scenarios.collect import NotProved, collect

    began = time.monotonic()
    try:
        suites = collect(args.paths)
    except NotProved as error:
        return tell(error.checked, "full", False)
    for message in (one for suite in suites for one in suite.wrong):
        print(message)
    wrong = sum(len(suite.wrong) for suite in suites)
    count = sum(len(suite.scenarios) for suite in suites)
    failed = asyncio.run(_play(suites)) if count else 0
    total = wrong + count
    took = f"in {time.monotonic() - began:.1f} s"
    bad = wrong + failed
    print(f"{total} scenario{'s' * (total != 1)}: {total - bad} ok, {bad} failed {took}")
    return FINDINGS if bad else CLEAN


async def _play(suites: list[Suite]) -> int:
    from gantral.cli.tools.processes import stop_on_signals
    from temporalio.service import RPCError

    # What a service answers badly is part of the story; the worker's own log of it is noise here.
    if os.environ.get("GANTRAL_DEBUG") != "1":
        logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    failed = 0
    stop_on_signals()
    for suite in suites:
        left = list(suite.scenarios)
        while left:
            try:
                failed += await _play_some(suite, left)
            except RPCError as error:
                raise Failure(
                    f"the time-skipping server did not answer: {error.message}",
                    "run the scenarios again; with less beside it when the machine is busy",
                ) from None
    return failed


async def _play_some(suite: Suite, left: list[Scenario]) -> int:
    """Play what is left on a server of its own, up to the first scenario that comes to no end: it
    may have left the server's clock unusable. Takes from ``left``; the count of those that failed.
    """
    from gantral.cli.scenarios.judge import judge
    from gantral.cli.scenarios.play import play
    from gantral.cli.scenarios.world import open_world
    from gantral.cli.tools.processes import Processes
    from gantral.cli.tools.servers import start_test_server

    failed = 0
    with tempfile.TemporaryDirectory(prefix="gantral-test-") as folder:
        scratch = Path(folder)
        with Processes(scratch / "logs") as processes:
            server = start_test_server(processes)
            home = scratch / "world"
            home.mkdir()
            async with open_world(suite.packages, home, server.address) as world:
                while left:
                    scenario = left.pop(0)
                    played = await play(world, scenario, home / "exported")
                    told = judge(scenario, played)
                    mark = "FAIL" if told else "ok  "
                    print(f"{mark}  {scenario.file}  {scenario.about}", flush=True)
                    for line in told:
                        print(f"      {line}")
                    failed += bool(told)
                    if played.stuck:
                        # The workers' end would wait for what it never answers.
                        server.process.kill()
                        break
    return failed

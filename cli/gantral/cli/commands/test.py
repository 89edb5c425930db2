"""``gantral test``: play the scenarios of a project, in the simulation or on a server."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.main import Subparsers

if TYPE_CHECKING:
    from gantral.cli.scenarios.collect import Suite
    from gantral.cli.scenarios.coverage import Coverage
    from gantral.cli.scenarios.running import Outcome


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "test",
        help="play scenario files, in the simulation or on a server",
        description="Play each scenario beside the specs: generated code, commits, grants and "
        "evidence are real, the services and the policy answer as the file says. A scenario whose "
        "evidence is not VALID fails. Temporal is simulated; with --server it is its test server.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="scenario files, or folders with scenarios/*.yaml; none: those of the project here",
    )
    parser.add_argument(
        "--server",
        action="store_true",
        help="play them on Temporal's time-skipping test server, with real workers",
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="list each gate, branch and end that no scenario reached",
    )
    parser.add_argument(
        "--fail-under",
        type=int,
        metavar="PERCENT",
        help="fail when the scenarios reach less of all gates, branches and ends; lists what is"
        " missed, as --coverage does",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="as what")


def run(args: argparse.Namespace) -> int:
    """Play them; 1 when one does not come out as it says, or they reach too little.

    Raises:
        Failure: there is nothing to play, or the server does not answer.
    """
    from gantral.cli.output import tell
    from gantral.cli.scenarios.collect import NotProved, collect

    least: int | None = args.fail_under
    if least is not None and not 0 < least <= 100:
        raise Failure("--fail-under is a percentage, from 1 to 100", code=MISUSE)
    whole = args.coverage or least is not None
    if args.server and whole:
        raise Failure(
            "on a server nobody sees which lines a workflow runs, so there is no coverage",
            "take --server away, or --coverage and --fail-under: the two come to the same ends",
            MISUSE,
        )
    began = time.monotonic()
    try:
        suites = collect(args.paths)
    except NotProved as error:
        # Nothing was played: whoever reads JSON gets none, and not text in its place.
        out = sys.stderr if args.format == "json" else sys.stdout
        return tell(error.checked, "full", False, out=out)
    told = _Told(args.format == "json", whole, least)
    for message in (one for suite in suites for one in suite.wrong):
        told.wrong(message)
    # What a service answers badly is part of the story; the worker's own log of it is noise here.
    if os.environ.get("GANTRAL_DEBUG") != "1":
        logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    for suite in suites:
        if args.server:
            asyncio.run(_on_servers(suite, told))
        elif suite.scenarios:
            _simulated(suite, told)
    return told.end(time.monotonic() - began)


def _simulated(suite: Suite, told: _Told) -> None:
    from gantral.cli.scenarios.coverage import Counting
    from gantral.cli.scenarios.running import simulating

    counting = Counting(suite.code)
    with simulating(suite.code) as stage:
        for scenario in suite.scenarios:
            outcome = stage.play(scenario)
            counting.add(outcome.played, stage.seen)
            told.outcome(outcome)
    told.coverage += counting.found() if suite.whole or told.whole else []


async def _on_servers(suite: Suite, told: _Told) -> None:
    from gantral.cli.scenarios.running import on_servers
    from gantral.cli.tools.processes import stop_on_signals
    from temporalio.service import RPCError

    stop_on_signals()
    try:
        async for outcome in on_servers(suite):
            told.outcome(outcome)
    except RPCError as error:
        raise Failure(
            f"the time-skipping server did not answer: {error.message}",
            "run the scenarios again; with less beside it when the machine is busy",
        ) from None


class _Told:
    """What is printed: as it comes, or as JSON at the end."""

    def __init__(self, tree: bool, whole: bool, least: int | None) -> None:
        self._tree = tree
        self._least = least
        self.whole = whole
        self._wrong: list[str] = []
        self._outcomes: list[Outcome] = []
        self.coverage: list[Coverage] = []

    def wrong(self, message: str) -> None:
        """A file can't be read as it is."""
        self._wrong.append(message)
        if not self._tree:
            print(message)

    def outcome(self, outcome: Outcome) -> None:
        """A scenario was played."""
        self._outcomes.append(outcome)
        if self._tree:
            return
        scenario = outcome.scenario
        print(f"{'ok  ' if outcome.ok else 'FAIL'}  {scenario.file}  {scenario.about}", flush=True)
        for line in outcome.lines():
            print(f"      {line}")

    def end(self, seconds: float) -> int:
        """Print what remains, and judge."""
        failed = sum(not one.ok for one in self._outcomes)
        total, bad = len(self._wrong) + len(self._outcomes), len(self._wrong) + failed
        if self._tree:
            json.dump(self._as_tree(), sys.stdout, ensure_ascii=False, indent=2)
            print()
        else:
            for one in self.coverage:
                for line in one.lines(self.whole):
                    print(line)
            print(
                f"{total} scenario{'s' * (total != 1)}: {total - bad} ok, {bad} failed"
                f" in {seconds:.1f} s"
            )
        return FINDINGS if bad or self._is_under() else CLEAN

    def _is_under(self) -> bool:
        """Whether the scenarios reach less than they must; says so on standard error."""
        if self._least is None:
            return False
        counts = [one.count() for one in self.coverage]
        reached, of = sum(one for one, _ in counts), sum(of for _, of in counts)
        # No rounding: one that is missed is not all.
        if of and reached * 100 >= self._least * of:
            return False
        print(
            f"coverage: {reached} of {of} reached, under the {self._least} % of --fail-under",
            file=sys.stderr,
        )
        return True

    def _as_tree(self) -> dict[str, object]:
        from gantral.cli.scenarios.judge import elapsed

        return {
            "scenarios": [
                {
                    "file": one.scenario.file,
                    "workflow": one.scenario.workflow,
                    "about": one.scenario.about,
                    "ok": one.ok,
                    "told": list(one.told),
                    "happened": [
                        {
                            "at": moment.at.isoformat(timespec="milliseconds"),
                            "after": elapsed(moment.at - one.moments[0].at),
                            "what": moment.what,
                            "where": moment.where,
                        }
                        for moment in one.moments
                    ],
                }
                for one in self._outcomes
            ],
            "wrong": self._wrong,
            "coverage": [one.tree() for one in self.coverage],
        }

"""``gantral dev``: a whole deployment of this project on loopback, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from gantral.cli.failure import Failure
from gantral.cli.main import Subparsers
from gantral.cli.tools.processes import Processes, stop_on_signals


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "dev",
        help="every server on loopback, until Ctrl-C",
        description="Start Temporal, OPA, a development identity provider, the inbox and a worker "
        "for the project in this folder; stop them all on Ctrl-C.",
    )
    parser.add_argument(
        "--log",
        action="store_true",
        help="a transparency log too (docs/evidence/log.md), built by Go from a clone: then "
        "`gantral evidence export` shows that no instance is missing",
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="the project")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keys, evidence, logs (default: build/dev)"
    )


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C, SIGTERM, or until a server ends by itself."""
    from gantral.cli.stack import raise_stack

    project = args.folder.resolve()
    work = (args.work or project / "build" / "dev").resolve()
    stop_on_signals()
    with Processes(work / "logs") as processes:
        stack = raise_stack(processes, project, work, _say, log=args.log)
        names = ", ".join(persona.sub for persona in stack.personas)
        _say(f"people    {names} (sign in as one of them; no password)")
        _say(f"logs      {work / 'logs'}")
        print(
            f"\nThe inbox is {stack.url}\n"
            f"In another terminal:\n"
            f"  export GANTRAL_SERVER={stack.url}\n"
            f"  gantral list --as {stack.personas[0].sub}\n"
            f"  gantral evidence export --settings {stack.settings} --out all.evidence\n"
            f"  gantral verify all.evidence --trust {stack.trust}\n"
            "Ctrl-C stops everything.",
            flush=True,
        )
        try:
            _watch(processes)
        except KeyboardInterrupt:
            _say("stopping …")
    return 0


def _watch(processes: Processes) -> None:
    while (ended := processes.ended()) is None:
        time.sleep(0.5)
    raise Failure(f"{ended.name} ended by itself", f"its log is {ended.log}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

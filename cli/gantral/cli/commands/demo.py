"""``gantral demo``: the refund example from spec to verified evidence."""

from __future__ import annotations

import argparse
from pathlib import Path

from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "demo",
        help="the refund example from spec to verified evidence",
        description="Copy the refund example, prove and compile it, start every server on "
        "loopback, let five refunds run, and judge their evidence offline. Needs nothing of yours; "
        "stops all that it started.",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/demo"),
        metavar="DIR",
        help="where it works; replaced whole (default: build/demo)",
    )


def run(args: argparse.Namespace) -> int:
    """Run it; 0 when every verdict is as it must be."""
    from gantral.cli.demo.run import run_demo
    from gantral.cli.demo.telling import teller
    from gantral.cli.tools.processes import stop_on_signals

    stop_on_signals()
    return run_demo(args.work.absolute(), teller())

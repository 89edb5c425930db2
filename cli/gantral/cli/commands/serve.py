"""``gantral serve``: the decision API and the inbox."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from gantral.cli.failure import FINDINGS
from gantral.cli.main import Subparsers
from gantral.cli.settings_said import settings_said


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "serve",
        help="the decision API and the inbox",
        description="Serve the decision API and the inbox page. Refuses to start on a deployment "
        "that can't work, and says how to mend each fault.",
    )
    parser.add_argument("--settings", type=Path, default=Path("gantral.toml"), metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 1 when the deployment has faults."""
    from gantral.api.preflight import preflight
    from gantral.api.server import serve
    from gantral.runtime.settings import load

    with settings_said(args.settings):
        settings = load(args.settings)

    async def main() -> int:
        faults = await preflight(settings)
        if faults:
            for fault in faults:
                print(f"error: {fault}", file=sys.stderr)
            return FINDINGS

        async def ready() -> None:
            print(f"serving {settings.need_api().url}", flush=True)

        await serve(settings, ready)
        return 0

    return asyncio.run(main())

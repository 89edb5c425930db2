"""``gantral serve``: the decision API and the inbox."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from gantral.cli.failure import FINDINGS, Failure
from gantral.cli.main import Subparsers


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
    from gantral.runtime.settings import SettingsError, load

    try:
        settings = load(args.settings)
    except SettingsError as error:
        raise Failure(f"{args.settings}: {error.key}: {error.why}", error.remedy) from None

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

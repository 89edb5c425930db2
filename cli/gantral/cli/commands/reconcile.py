"""``gantral reconcile``: close what ended without evidence of its end (DESIGN section 5)."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gantral.cli.failure import CLEAN, FINDINGS, Failure
from gantral.cli.settings_said import settings_said

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers
    from gantral.runtime.settings import Settings


def add(subparsers: Subparsers[Any]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "reconcile",
        help="close what ended without evidence of its end",
        description=(
            "Look through the store once and put an end, cause execution_lost, for each instance"
            " whose run is closed. Exit 1 when a chain has a gap or does not hold."
        ),
    )
    parser.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Run it: 0 clean, 1 when an instance could not be closed."""
    import asyncio

    from gantral.runtime.settings import load

    with settings_said(args.settings):
        return asyncio.run(_reconcile(load(args.settings)))


async def _reconcile(settings: Settings) -> int:
    from gantral.evidence import StoreError
    from gantral.runtime.settings import SettingsError
    from gantral.runtime.workers import assembly
    from gantral.runtime.workers.connection import connect
    from gantral.runtime.workers.server_clock import WrongClock
    from temporalio.service import RPCError

    stores = assembly.open_stores(settings)
    assembly.check_stores(stores, commits=True)
    loaded = assembly.load_programs(settings, stores.trust)
    closer = assembly.closer(settings, stores)
    if closer is None:
        raise SettingsError("keys.closer", "it is needed here", 'add closer = "file:keys/…"')
    client = await connect(settings.temporal)
    status = CLEAN
    try:
        for team in sorted({program.team for program in loaded}):
            async for told in closer.sweep(client, team):
                closed = told.what == "closed"
                print(
                    f"{told.instance_id} {told.what}: {told.why}",
                    file=sys.stdout if closed else sys.stderr,
                )
                status = status if closed else FINDINGS
    except (StoreError, RPCError) as error:
        raise Failure(f"reconcile stopped: {error}", "run it again when that is mended") from None
    except WrongClock as error:
        raise Failure(f"reconcile stopped: {error}", "set the clock, and run it again") from None
    return status

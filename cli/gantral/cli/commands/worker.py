"""``gantral worker``: work for Temporal in one or more roles, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING, Any

from gantral.cli.failure import Failure
from gantral.cli.settings_said import settings_said

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers
    from gantral.runtime.workers.running import Running

ROLES = ("workflow", "evidence", "service")


def add(subparsers: Subparsers[Any]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "worker", help="work for Temporal", description="Work for Temporal until SIGTERM."
    )
    parser.add_argument("--settings", default="gantral.toml", metavar="FILE")
    parser.add_argument(
        "--roles",
        metavar="ROLES",
        help=f"some of {','.join(ROLES)}; default: [worker] roles of the settings",
    )


def run(args: argparse.Namespace) -> int:
    """Run it: 0 when it was told to stop."""
    import asyncio

    from gantral.runtime.settings import load
    from gantral.runtime.workers.running import run_worker

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    with settings_said(args.settings):
        settings = load(args.settings)
        roles = _roles(args.roles) or settings.worker.roles
        asyncio.run(run_worker(settings, roles, _polling))
    return 0


def _polling(running: Running) -> None:
    print(
        f"polling {', '.join(sorted(running.queues))}"
        f" as {', '.join(running.roles)} (build {running.build})",
        flush=True,
    )


def _roles(text: str | None) -> tuple[str, ...]:
    roles = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    for role in roles:
        if role not in ROLES:
            raise Failure(f"unknown role {role}", f"say some of {','.join(ROLES)}", 64)
    return roles

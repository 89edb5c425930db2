"""``gantral withdraw``: take back what you asked for, while it waits."""

from __future__ import annotations

import argparse

from gantral.cli import remote
from gantral.cli.commands.decide import told
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("withdraw", help="take back an instance of yours that waits")
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    parser.add_argument("--reason", default="", metavar="TEXT", help="kept as evidence")
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    server = remote.connect(args)
    view = server.instance(args.instance)
    body = {"reason": args.reason}
    receipt = server.post(f"/v1/instances/{view['instance_id']}/withdrawal", body)
    return remote.emit(args, receipt, told(view, receipt))

"""``gantral send``: send an event that an instance waits for."""

from __future__ import annotations

import argparse

from gantral.cli import remote
from gantral.cli.commands.start import read_values
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("send", help="send an event that an instance waits for")
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    parser.add_argument("event", metavar="EVENT", help="its name in the spec")
    parser.add_argument(
        "--data", metavar="FILE", help="what it carries as JSON; - reads stdin; nothing without"
    )
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    data = {} if args.data is None else read_values(args.data, "data")
    server = remote.connect(args)
    view = server.instance(args.instance)
    body = {"event": args.event, "data": data}
    for wait in view["awaiting"]:
        if args.event in [one["event"] for one in wait["events"]]:
            # About this very wait: asked again, it is never taken twice.
            body["shown"] = wait["shown"]
    receipt = server.post(f"/v1/instances/{view['instance_id']}/events", body)
    text = f"{receipt['event']} was taken at {receipt['wait']}, {receipt['taken_at']}"
    return remote.emit(args, receipt, text)

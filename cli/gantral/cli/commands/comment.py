"""``gantral comment``: ask or say something at a gate that waits, without deciding."""

from __future__ import annotations

import argparse
import sys

from gantral.cli import remote
from gantral.cli.failure import Failure
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "comment", help="ask or say something at a gate that waits, without deciding"
    )
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    parser.add_argument("--text", required=True, metavar="TEXT", help="what; - reads stdin")
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    text = sys.stdin.read() if args.text == "-" else args.text
    server = remote.connect(args)
    view = server.instance(args.instance)
    if view["waiting"] is None:
        raise Failure(
            f"nothing waits for a decision here: {view['title']} is {view['state']}",
            f"gantral show {view['instance_id'][:8]} tells how it stands",
        )
    body = {"text": text, "shown": view["waiting"]["shown"]}
    receipt = server.post(f"/v1/instances/{view['instance_id']}/comments", body)
    told = f"{remote.bold(view['title'])}\n  comment {receipt['number']} at {receipt['gate']}"
    return remote.emit(args, receipt, f"{told}; it decides nothing")

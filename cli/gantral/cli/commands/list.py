"""``gantral list``: instances, or what waits for you."""

from __future__ import annotations

import argparse
from typing import Any

from gantral.cli import remote
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("list", help="list instances")
    parser.add_argument("--state", metavar="STATE", help="only those in this authority state")
    parser.add_argument("--inbox", action="store_true", help="what waits, yours first")
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line an instance."""
    server = remote.connect(args)
    if args.inbox:
        answer = server.get("/v1/inbox")
        text = "\n".join(
            [
                *_group("waiting for you", answer["yours"]),
                *_group("waiting without you", answer["others"]),
                *_group("waiting for an event", answer["events"]),
            ]
        )
        return remote.emit(args, answer, text)
    query = {"state": args.state} if args.state else {}
    answer = server.get("/v1/instances", **query)
    return remote.emit(args, answer, "\n".join(_lines(answer["instances"])))


def _group(name: str, entries: list[dict[str, Any]]) -> list[str]:
    return [remote.bold(f"{name}: {len(entries)}"), *(_lines(entries) if entries else [])]


def _lines(entries: list[dict[str, Any]]) -> list[str]:
    if not entries:
        return ["no instances"]
    wide = max(len(one["state"]) for one in entries)
    return [
        f"{one['instance_id'][:8]}  {one['state']:<{wide}}  {one['title']}"
        + (f"  (until {one['deadline']})" if one["deadline"] != "none" else "")
        + (f"  ({one['comments']} said)" if one.get("comments") else "")
        for one in entries
    ]

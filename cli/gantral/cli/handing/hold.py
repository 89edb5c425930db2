"""``gantral evidence hold`` and ``release``: a legal hold, under which nothing is erased."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN
from gantral.cli.handing.erase import now, reason_of
from gantral.cli.handing.signing import desk

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers


def add(actions: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    for name, said in (
        ("hold", "put an instance under a legal hold: nothing of it is erased"),
        ("release", "end a legal hold"),
    ):
        parser = actions.add_parser(
            name,
            help=said,
            description="A signed record in the store, in turn with those before it. It travels "
            "with no evidence.",
        )
        parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept")
        parser.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Put the record, unless it stands so already."""
    from gantral.evidence.erasures import Holds, erasures, said_of

    at, reason = desk(args.settings, sign=True), reason_of(args.reason)
    standing = "held" if args.action == "hold" else "released"
    with at.failures("the record can't be put"):
        team, instance_id = at.instance(args.instance)
        holds = Holds(at.store, at.trust, team, instance_id)
        put = holds.put(standing, reason, now(), at.need_key())
        print(f"{team} {instance_id} {'is' if put else 'was already'} {standing}")
        # Looked for after the hold is there: an erasure signed before it may be at work still.
        gone = said_of(erasures(at.store, at.trust, team, instance_id))
    if gone and standing == "held":
        print(f"too late for {len(gone)} texts, whose erasure was signed before", file=sys.stderr)
    return CLEAN

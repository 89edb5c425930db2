"""``gantral decide``: approve, amend or reject what waits at a gate."""

from __future__ import annotations

import argparse
from typing import Any

from gantral.cli import remote
from gantral.cli.failure import MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.evidence import forms


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("decide", help="approve, amend or reject what waits at a gate")
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--approve", action="store_true", help="yes, as it is asked")
    what.add_argument(
        "--amend", action="append", metavar="FIELD=VALUE",
        help="yes, with a change within the gate's bounds (may be repeated)",
    )  # fmt: skip
    what.add_argument("--reject", action="store_true", help="no; one no ends it")
    what.add_argument("--retract", action="store_true", help="take your standing vote back")
    parser.add_argument("--reason", default="", metavar="TEXT", help="kept as evidence")
    parser.add_argument(
        "--shown", metavar="HASH",
        help="decide only if what waits is what you were shown (show --output-format json)",
    )  # fmt: skip
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    server = remote.connect(args)
    view = server.instance(args.instance)
    gate = view["waiting"]
    if gate is None:
        raise Failure(
            f"nothing waits for a decision here: {view['title']} is {view['state']}",
            f"gantral show {view['instance_id'][:8]} tells how it stands",
        )
    body: dict[str, Any] = {
        "decision": _word(args),
        "shown": args.shown or gate["shown"],
        "reason": args.reason,
    }
    if args.amend:
        body["values"] = dict(_change(one, gate) for one in args.amend)
    receipt = server.post(f"/v1/instances/{view['instance_id']}/decisions", body)
    return remote.emit(args, receipt, told(view, receipt))


def told(view: dict[str, Any], receipt: dict[str, Any]) -> str:
    """A receipt in words."""
    if receipt["status"] == "decided":
        outcome = f"it is decided: {receipt['state']}"
    else:
        outcome = "it is counted; others still have to decide"
    return f"{remote.bold(view['title'])}\n  {outcome}\n  receipt: vote {receipt['vote']}"


def _word(args: argparse.Namespace) -> str:
    words = (("approve", args.approve), ("reject", args.reject), ("retract", args.retract))
    return next((word for word, said in words if said), "amend")


def _change(text: str, gate: dict[str, Any]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    pointer = "/" + name.strip().strip("/").replace(".", "/")
    fields = {one["pointer"]: one for one in gate["amend"]}
    if not equals:
        raise Failure(
            f"--amend {text}: FIELD=VALUE is wanted", "--amend refund.amount=25.00", MISUSE
        )
    if pointer not in fields:
        known = ", ".join(one.strip("/").replace("/", ".") for one in fields) or "nothing"
        raise Failure(f"{name} can't be amended here", f"what can: {known}", MISUSE)
    return pointer, forms.typed(fields[pointer]["type"], value)

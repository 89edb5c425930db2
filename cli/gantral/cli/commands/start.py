"""``gantral start``: start an instance."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from gantral.cli import remote
from gantral.cli.failure import MISUSE, Failure
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("start", help="start an instance")
    parser.add_argument("workflow", metavar="WORKFLOW", nargs="?", help="its name, or its spec")
    parser.add_argument(
        "--from", dest="origin", metavar="INSTANCE",
        help="start again what has ended, with its input, linked to it",
    )  # fmt: skip
    parser.add_argument(
        "--input", metavar="FILE",
        help="the input as JSON; with --from what is changed of it (RFC 7396); - reads stdin",
    )  # fmt: skip
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    if (args.workflow is None) == (args.origin is None):
        raise Failure("start what?", "say WORKFLOW, or --from INSTANCE", MISUSE)
    if args.origin is None and args.input is None:
        raise Failure("an input is wanted", "say --input FILE", MISUSE)
    body: dict[str, Any] = {}
    if args.input is not None:
        body["input"] = read_values(args.input, "input")
    if args.workflow is not None:
        body["workflow"] = _name(args.workflow)
    server = remote.connect(args)
    if args.origin is not None:
        body["from"] = server.instance(args.origin)["instance_id"]
    # One key for every try: a workflow without a key of its own is then started once all the same.
    receipt = server.post("/v1/instances", body, {"idempotency-key": str(uuid.uuid4())})
    text = (
        f"{remote.bold(receipt['instance_id'])}  {receipt['workflow']} started\n"
        f"  gantral show {receipt['instance_id'][:8]}\n  {receipt['url']}"
    )
    return remote.emit(args, receipt, text)


def _name(word: str) -> str:
    from gantral.dsl.front import is_spec, read

    if not is_spec(word):
        return word
    from gantral.dsl.syntax_declarations import Workflow

    try:
        found = read(word, Path(word).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{word} can't be read: {error}", "say the workflow's name") from None
    names = [
        one.name.text for one in found.file.declarations if isinstance(one, Workflow)
    ] if found.file else []  # fmt: skip
    if len(names) != 1:
        raise Failure(f"{word} holds {len(names)} workflows", "say the name of one", MISUSE)
    return str(names[0])


def read_values(source: str, what: str) -> Any:
    """JSON from a file, or from stdin when it is `-`. Raises Failure, which names `what` it is."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"the {what} {source} can't be read: {error}") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(f"the {what} {source} is no JSON: {error}") from None

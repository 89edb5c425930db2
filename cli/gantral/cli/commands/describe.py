"""``gantral describe``: a workflow in sentences, to be read aloud and signed."""

from __future__ import annotations

import argparse
import os
import sys

from gantral.cli.failure import CLEAN, MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.cli.specs import STDIN, proved, uncollected


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "describe",
        help="a workflow in sentences",
        description="Say in sentences what a proved spec allows: who starts, who decides and by "
        "when, what a yes sets off, how it ends. Markdown, on standard output.",
    )
    parser.add_argument("spec", metavar="SPEC", help="a spec, or - for standard input")
    parser.add_argument("gate", nargs="?", metavar="GATE", help="only this gate")
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep the description beside the spec, as NAME.md; check then warns when it is stale",
    )


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Print the description, or keep it beside the spec.

    Raises:
        Failure: the spec has an error, there is no such gate, or the file can't be written.
    """
    # Only here: their modules are not needed to say what is wrong with the arguments.
    from gantral.cli import beside
    from gantral.cli.describe import document

    checked = proved(args.spec)
    if args.write and (args.gate is not None or checked.path == STDIN):
        raise Failure(
            "--write keeps the whole description of a file", "leave out the gate, name a file",
            MISUSE,
        )  # fmt: skip
    programs = checked.analysis.programs
    if args.gate is not None and not any(args.gate in one.gates for one in programs):
        known = ", ".join(dict.fromkeys(name for one in programs for name in one.gates)) or "none"
        raise Failure(
            f"{checked.name}: there is no gate {args.gate}", f"its gates: {known}", MISUSE
        )
    text = document(programs, args.gate)
    if not args.write:
        sys.stdout.write(text)
        return CLEAN
    file = beside.file_of(checked)
    shown = os.path.relpath(file).replace(os.sep, "/")
    print(f"{'wrote' if beside.keep(file, text) else 'current'}: {shown} from {checked.name}")
    return CLEAN

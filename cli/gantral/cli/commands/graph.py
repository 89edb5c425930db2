"""``gantral graph``: a workflow's flow of control as a picture."""

from __future__ import annotations

import argparse
import sys

from gantral.cli.failure import CLEAN, MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.cli.specs import proved, uncollected

FORMATS = ("mermaid", "dot", "svg")


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "graph",
        help="a workflow as a picture",
        description="Draw a proved workflow: its gates, effects, messages, reads, branches and "
        "ends. The picture goes to standard output.",
    )
    parser.add_argument("spec", metavar="SPEC", help="a spec, or - for standard input")
    parser.add_argument(
        "workflow", nargs="?", metavar="WORKFLOW", help="which, when the file has several"
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="mermaid", help="as what text (default: mermaid)"
    )


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Print the picture.

    Raises:
        Failure: the spec has an error, or no such workflow.
    """
    # Only here: its module is not needed to say what is wrong with the arguments.
    from gantral.compiler import graph

    programs = {one.name: one for one in proved(args.spec).analysis.programs}
    name = args.workflow
    if name is None and len(programs) == 1:
        (name,) = programs
    if name not in programs:
        what = "there are several workflows" if name is None else f"there is no workflow {name}"
        raise Failure(f"{args.spec}: {what}", f"name one: {', '.join(programs)}", MISUSE)
    write = {"mermaid": graph.mermaid, "dot": graph.dot, "svg": graph.svg}[args.format]
    sys.stdout.write(write(graph.picture(programs[name])))
    return CLEAN

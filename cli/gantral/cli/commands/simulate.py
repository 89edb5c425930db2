"""``gantral simulate``: every course of a workflow, in virtual time, with no server."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.main import Subparsers

if TYPE_CHECKING:
    from gantral.cli.specs import Checked
    from gantral.simulation.exploring import Found


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "simulate",
        help="every course of a workflow, in virtual time, with no server",
        description="Run the generated code through every course that people, policies, services, "
        "clocks and cancellations can give it, up to what nothing can tell apart; say how it may "
        "end and how long that may take, and write what breaks a property as a story file for "
        "gantral replay. The evidence of each course is real.",
    )
    parser.add_argument("spec", metavar="SPEC", help="a spec")
    parser.add_argument(
        "workflow", nargs="?", metavar="WORKFLOW", help="which; none: each of the file"
    )
    parser.add_argument(
        "--input",
        type=Path,
        metavar="FILE",
        help="the input as JSON; without it small values of its type are tried",
    )
    parser.add_argument(
        "--states", type=int, default=5000, metavar="N", help="how many states at most (5000)"
    )
    parser.add_argument(
        "--depth", type=int, default=200, metavar="N", help="how many steps a course has (200)"
    )
    parser.add_argument(
        "--stories",
        type=Path,
        default=Path("stories"),
        metavar="FOLDER",
        help="where story files go (stories)",
    )
    parser.add_argument(
        "--tell-ends", action="store_true", help="write a story file for each end as well"
    )
    parser.add_argument(
        "--code",
        type=Path,
        metavar="FOLDER",
        help="the generated packages that lie there, instead of the spec compiled anew",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="as what")


def run(args: argparse.Namespace) -> int:
    """Explore; 1 when a property is broken.

    Raises:
        Failure: the spec has an error, the input can't be read, a package can't be had.
    """
    if args.states < 1 or args.depth < 1:
        raise Failure("--states and --depth are at least 1", code=MISUSE)
    from gantral.cli.simulating.code import read, workflows

    # What a worker logs of an effect that it refuses is what is looked for here.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    checked = read(args.spec)
    names = [args.workflow] if args.workflow else workflows(checked)
    trees: list[dict[str, Any]] = []
    broken = False
    for name in names:
        found = _one(args, checked, name, trees)
        broken = broken or bool(found.stories)
    if args.format == "json":
        sys.stdout.write(json.dumps(trees, indent=1, ensure_ascii=False) + "\n")
    return FINDINGS if broken else CLEAN


def _one(
    args: argparse.Namespace, checked: Checked, name: str, trees: list[dict[str, Any]]
) -> Found:
    from gantral.cli.simulating import telling
    from gantral.cli.simulating.code import code
    from gantral.cli.simulating.exploring import scene
    from gantral.cli.simulating.places import places
    from gantral.cli.simulating.stories import StoryFile
    from gantral.simulation import Simulation
    from gantral.simulation.exploring import Limits, explore

    with code(checked, name, args.code) as made, scene(made, name) as world:
        inputs = world.inputs if args.input is None else [_input(args.input)]
        found = explore(
            world.world,
            lambda: Simulation(world.deployment),
            name,
            inputs,
            Limits(args.states, args.depth),
        )
        where = places(made.packages[name], made.texts[name], checked.sources)
        files: dict[str, str] = {}
        for rule, story in sorted(found.stories.items()):
            path = args.stories / f"{name}.{rule.replace(' ', '_')}.json"
            told = story.broken
            StoryFile(args.spec, name, made.digest, told.rule, told.why, story.choices).write(path)
            files[rule] = str(path)
        for number, (end, choices) in enumerate(sorted(found.examples.items()), 1):
            if args.tell_ends:
                path = args.stories / f"{name}.end{number}.{end.state}.{end.cause}.json"
                StoryFile(args.spec, name, made.digest, "", "", choices).write(path)
        if args.format == "json":
            trees.append(telling.tree(name, found, world.people, where))
        else:
            sys.stdout.write(telling.text(name, found, world.people, len(inputs), where, files))
    return found


def _input(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"{path} can't be read: {error.strerror}", code=MISUSE) from None
    except ValueError as error:
        raise Failure(f"{path} is no JSON: {error}", code=MISUSE) from None

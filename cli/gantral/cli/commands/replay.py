"""``gantral replay``: step through a story that ``gantral simulate`` wrote."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, FINDINGS, Failure
from gantral.cli.main import Subparsers

if TYPE_CHECKING:
    from gantral.cli.simulating.places import Place
    from gantral.simulation.exploring import Broken, Choice, Course


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "replay",
        help="step through a story that gantral simulate wrote",
        description="Play one course again, on the code of today, and tell it step by step with "
        "the lines of the spec. 1 when it still breaks a property.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a story file")
    parser.add_argument("--spec", metavar="SPEC", help="the spec, where the story's is elsewhere")
    parser.add_argument(
        "--code",
        type=Path,
        metavar="FOLDER",
        help="the generated packages that lie there, instead of the spec compiled anew",
    )


def run(args: argparse.Namespace) -> int:
    """Tell it.

    Raises:
        Failure: the file is no story, or the spec can't be had.
    """
    from gantral.cli.simulating.code import code, read
    from gantral.cli.simulating.exploring import scene
    from gantral.cli.simulating.places import places
    from gantral.cli.simulating.stories import read_story
    from gantral.simulation import Simulation
    from gantral.simulation.exploring import Course

    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    story = read_story(args.file)
    checked = read(args.spec or story.spec)
    with code(checked, story.workflow, args.code) as made, scene(made, story.workflow) as world:
        if made.digest != story.code:
            print("note: this is other code than the one that the story was found on\n")
        where = {
            site: place
            for workflow, package in made.packages.items()
            for site, place in places(package, made.texts[workflow], checked.sources).items()
        }
        course = Course(world.world, Simulation(world.deployment))
        broken: list[Broken] = []
        for number, choice in enumerate(story.choices, 1):
            broken = _step(course, number, choice, where, last=number == len(story.choices))
            if broken:
                break
    if broken:
        for one in broken:
            print(f"BROKEN  {one.why}")
        return FINDINGS
    if story.broken:
        print(f"what the story was written for no longer happens: {story.why}")
    return CLEAN


def _step(
    course: Course, number: int, choice: Choice, where: Mapping[str, Place], *, last: bool
) -> list[Broken]:
    from gantral.cli.simulating.words import lasting, said
    from gantral.simulation import WrongCode
    from gantral.simulation.exploring import Broken
    from gantral.simulation.exploring.properties import after, at_end, of_gate

    site = _site(course, choice)
    try:
        course.take(choice)
    except WrongCode as error:
        return [Broken("replay", str(error))]
    except (StopIteration, KeyError):
        raise Failure(
            f"step {number} can't happen here: the code does something else than when the story "
            "was written",
            "simulate again",
        ) from None
    assert course.began is not None
    print(f"{number:>3}  {lasting(course.story.now - course.began):>14}  {said(choice)}")
    place = where.get(site)
    if place is not None:
        print(f"{'':21}{place.file}:{place.line}: {place.text}")
    if course.refusal is not None:
        print(f"{'':21}refused: {course.refusal.rule}: {course.refusal.message}")
    if choice.do == "answer" and not course.done:
        print(f"{'':21}it was called by nobody: its worker refused the call")
    names = course.names
    for instance_id, book in course.books.items():
        told = book.state if book.cause == "none" else f"{book.state} ({book.cause})"
        print(f"{'':21}{names[instance_id]} is {told}")
    found = [*after(course)]
    if last and not found:
        found = [*(at_end(course) if course.ended else of_gate(course))]
    return found


def _site(course: Course, choice: Choice) -> str:
    from gantral.evidence.planned import statement_of

    of = choice.of
    if "site" in of:
        return statement_of(str(of["site"]))
    for look in course.looks.values() if course.root else ():
        if look["gate"] != "none" and look["gate"] == of.get("gate"):
            return statement_of(str(look["site"]))
        for wait in look["waits"]:
            if of.get("event") in wait["events"]:
                return statement_of(str(wait["wait"]))
    return f"{of['gate']}/1" if "gate" in of else ""

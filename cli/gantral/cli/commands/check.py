"""``gantral check``: prove that specs can never act without authority."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli import asking
from gantral.cli.ageing import aged
from gantral.cli.beside import judged
from gantral.cli.failure import CLEAN, MISUSE, Failure
from gantral.cli.locking import held
from gantral.cli.main import Subparsers
from gantral.cli.output import READ, add_output, some, tell
from gantral.cli.specs import Checked, check_paths, paths, uncollected
from gantral.cli.watching import watch
from gantral.compiler.program import Program
from gantral.compiler.program.walk import calls

if TYPE_CHECKING:
    from gantral.compiler.proofs.p4 import Roster


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "check",
        help="prove that specs can never act without authority",
        description="Check and prove specs: names, types, authority, flow. Nothing is written, "
        "save by --fix.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders, or - for standard input; none: the specs of the project",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="apply the mends that need no human; with - the text goes to standard output",
    )
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C"
    )
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="who holds which roles; every `decide` is held to it (P4)",
    )
    parser.add_argument(
        "--absent", type=int, default=0, metavar="K", help="… with so many of them absent"
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Tell the findings; 1 when there is an error, or a warning that is denied."""
    if not args.watch:
        return _run(args)[0]
    if args.fix or "-" in args.paths:
        raise Failure("--watch only tells, and only of files", "leave --fix or - out", MISUSE)
    read: set[Path] = set()

    def say() -> None:
        _, checked = _run(args)
        read.update(one.project.root / path for one in checked for path in one.sources)

    watch(lambda: {*read, *paths(args.paths)}, say)
    return CLEAN


@uncollected()
def _run(args: argparse.Namespace) -> tuple[int, list[Checked]]:
    checked = check_paths(args.paths)
    out = sys.stdout
    if args.fix:
        # Only here: most checks mend nothing.
        from gantral.cli.fixing import fix

        checked = fix(checked)
        # Standard output then holds the mended text and nothing else.
        out = sys.stderr if "-" in args.paths else out
    checked = [judged(asking.proved(aged(held(one)))) for one in checked]
    roster = _roster(args, checked)
    if roster is not None:
        from gantral.cli import rosters

        checked = [rosters.held(one, roster, args.absent) for one in checked]
    status = tell(checked, args.output_format, bool(args.deny), args.output, out)
    if status == CLEAN and args.output_format in READ:
        for one in checked:
            print(summary(one), file=out)
            if roster is not None:
                for line in rosters.margins(one, roster):
                    print(line, file=out)
    return status, checked


def _roster(args: argparse.Namespace, checked: Sequence[Checked]) -> Roster | None:
    """The roster that is named, else the project's own."""
    if args.absent < 0:
        raise Failure(f"--absent {args.absent}: nobody is less than absent", code=MISUSE)
    named = {one.project.root / path for one in checked if (path := one.project.settings.roster)}
    file = args.roster or (named.pop() if len(named) == 1 else None)
    if file is not None:
        # Only here: most projects have no roster.
        from gantral.cli import rosters

        return rosters.read(file)
    if args.absent:
        raise Failure("--absent counts persons of a roster", "add --roster FILE", MISUSE)
    return None


def summary(checked: Checked) -> str:
    """One line of what was proved of a file."""
    programs = checked.analysis.programs
    if not programs:
        return f"ok: {checked.name}: no workflow in it, nothing to prove"
    return "\n".join(f"ok: {checked.name}: {_proved(one, checked.proved)}" for one in programs)


def _proved(program: Program, proofs: Sequence[str]) -> str:
    acts = [one for one in calls(program.run) if program.operations[one.operation].acts]
    return (
        f"{program.name} {program.version}: {some(len(program.gates), 'gate')}, "
        f"{some(len(acts), 'effect')}, "
        f"{len(proofs)} proofs hold ({' '.join(sorted(proofs, key=lambda one: int(one[1:])))})"
    )

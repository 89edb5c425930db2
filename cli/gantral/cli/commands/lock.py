"""``gantral lock``: from now on this version is this program."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gantral.cli import locking
from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.files import write_whole
from gantral.cli.main import Subparsers
from gantral.cli.output import tell
from gantral.cli.project import Project
from gantral.cli.specs import Checked, check_paths, uncollected
from gantral.compiler.program import Program


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "lock",
        help="write down which program each version is",
        description="Prove specs and write name, version and program digest of their workflows "
        f"into {locking.NAME}, at the project's root. Whoever changes a locked version later is "
        "refused by check and compile. Run it when you release.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files or folders; none: the project's specs"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when a version is not locked"
    )


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Lock what is not locked yet; 1 when a spec has an error, or a version is another program.

    Raises:
        Failure: the lock file is not ours or can't be written, or two specs are one workflow.
    """
    if "-" in args.paths:
        raise Failure("lock reads files, not standard input", "name a file", MISUSE)
    checked = [locking.held(one) for one in check_paths(args.paths)]
    # Warnings are told by `check`; what is locked here is proved, and that is all it needs.
    errors = [one for one in checked if any(each.severity == "error" for each in one.shown)]
    if tell(errors, out=sys.stderr) != CLEAN:
        return FINDINGS
    fresh: list[str] = []
    for project, programs in _projects(checked).items():
        locked = locking.read(project)
        added = locking.added(locked, programs)
        fresh += [f"{one.name} {one.version}" for one in added]
        if added and not args.check:
            file = project.root / locking.NAME
            write_whole(file, locking.written(locked, added))
            print(f"wrote: {os.path.relpath(file).replace(os.sep, '/')}")
    for name in fresh:
        if args.check:
            print(f"error: {name} is not locked\n  help: run gantral lock", file=sys.stderr)
        else:
            print(f"locked: {name}")
    if not fresh:
        print("ok: every version is locked")
    return FINDINGS if args.check and fresh else CLEAN


def _projects(checked: Sequence[Checked]) -> dict[Project, list[Program]]:
    found: dict[Project, list[Program]] = {}
    for one in checked:
        found.setdefault(one.project, []).extend(one.analysis.programs)
    return found

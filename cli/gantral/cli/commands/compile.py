"""``gantral compile``: generate the workflow packages; ``--check`` fails when they are stale."""

from __future__ import annotations

import argparse
import keyword
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gantral.cli import asking, folders
from gantral.cli.ageing import aged
from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.locking import held
from gantral.cli.main import Subparsers
from gantral.cli.output import READ, add_output, tell
from gantral.cli.project import SETTINGS, Project
from gantral.cli.specs import Checked, check_paths, uncollected


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "compile",
        help="generate the workflow packages",
        description="Check specs and generate a package for each workflow, into the folder that "
        "[tool.gantral] generate.to names. The folder of a package is replaced whole.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files or folders; none: the project's specs"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail with the diff when generated code is stale",
    )
    how.add_argument(
        "--check-history",
        action="append",
        metavar="FILE",
        help="write nothing; fail when this recorded run would go another way (repeatable)",
    )
    parser.add_argument(
        "--settings",
        default="gantral.toml",
        metavar="FILE",
        help="for --check-history: the deployment whose store holds the key of the run",
    )
    add_output(parser)


@dataclass(slots=True)
class _Plan:
    """What is to be written: folder -> files; folders of workflows that are no more."""

    made: dict[Path, Mapping[str, bytes]] = field(default_factory=dict)
    origin: dict[Path, str] = field(default_factory=dict)
    stale: list[Path] = field(default_factory=list)
    of: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    """Workflow -> files."""


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Write the packages, or with --check print how they differ; 1 when they do."""
    if "-" in args.paths:
        raise Failure("compile reads files, not standard input", "name a file", MISUSE)
    checked = [asking.proved(aged(held(one))) for one in check_paths(args.paths)]
    status = tell(checked, args.output_format, bool(args.deny), args.output)
    if status != CLEAN:
        return status
    plan = _plan(checked, whole=not args.paths)
    if args.check_history:
        from gantral.cli.histories import check_histories

        return check_histories(args.check_history, plan.of, args.settings)
    for folder in (*plan.made, *plan.stale):
        folders.refuse_foreign(folder)
    quiet = args.output_format not in READ
    if args.check:
        return _compare(plan, quiet)
    changed = {
        folder: files
        for folder, files in plan.made.items()
        if folders.difference(folder, files, folder.name)
    }
    folders.replace_folders(changed, plan.stale)
    if not quiet:
        _say(plan, changed)
    return CLEAN


def _plan(checked: Sequence[Checked], whole: bool) -> _Plan:
    # Only here, so that findings are told without the price of a template engine.
    from gantral.compiler.generate import generate

    plan = _Plan()
    targets: set[Path] = set()
    for one in checked:
        for program in one.analysis.programs:
            target = generated_folder(one.project)
            targets.add(target)
            folder = target / package_name(program.name)
            if folder in plan.made:
                raise Failure(
                    f"two workflows are called {program.name}: in {plan.origin[folder]} and "
                    f"{one.name}",
                    "give one of them another name: it is the name of its package",
                )
            plan.made[folder] = plan.of[program.name] = generate(program, one.sources).files
            plan.origin[folder] = one.name
    if whole:
        # The project's specs are all there is: a package of none of them is left over.
        plan.stale = [
            folder
            for target in sorted(targets)
            if target.is_dir()
            for folder in sorted(target.iterdir())
            if folder not in plan.made and folder.is_dir() and folders.is_ours(folder)
        ]
    return plan


def package_name(workflow: str) -> str:
    """The package of a workflow, so that `from …gen.class_.types import` is Python."""
    return f"{workflow}_" if keyword.iskeyword(workflow) else workflow


def generated_folder(project: Project) -> Path:
    """The folder that holds the generated packages of a project.

    Raises:
        Failure: the settings do not say it.
    """
    settings = project.settings
    if settings.generate_to is not None:
        return project.root / settings.generate_to
    if settings.generate_package is not None:
        return project.root / "src" / settings.generate_package.replace(".", "/")
    file = project.root / SETTINGS
    raise Failure(
        f"{file} does not say where generated code goes",
        'add to it: [tool.gantral] with generate.to = "src/my_app/gen"; gantral new NAME makes a '
        "project that has it",
    )


def _compare(plan: _Plan, quiet: bool) -> int:
    rows: list[str] = []
    stale = 0
    for folder in (*plan.made, *plan.stale):
        found = folders.difference(folder, plan.made.get(folder, {}), _seen(folder))
        stale += bool(found)
        rows += found
    if not stale:
        if not quiet:
            print(f"ok: {_some(len(plan.made))} current")
        return CLEAN
    if not quiet:
        # What an author put into a name must not command the reader's terminal.
        sys.stdout.write("".join(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "�", row) for row in rows))
    print(f"error: {_some(stale)} stale\n  help: run gantral compile", file=sys.stderr)
    return FINDINGS


def _say(plan: _Plan, changed: Mapping[Path, object]) -> None:
    for folder in plan.made:
        word = "wrote" if folder in changed else "current"
        print(f"{word}: {_seen(folder)} from {plan.origin[folder]}")
    for folder in plan.stale:
        print(f"removed: {_seen(folder)}")


def _some(count: int) -> str:
    return f"{count} generated package{' is' if count == 1 else 's are'}"


def _seen(folder: Path) -> str:
    return Path(os.path.relpath(folder)).as_posix()

"""``gantral diff``: what changed in authority between two versions of a spec."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.cli.output import tell
from gantral.cli.project import Project, find_project
from gantral.cli.specs import Checked, check_paths, check_read, uncollected
from gantral.compiler.program import Program

FORMATS = ("full", "json", "markdown")


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "diff",
        help="what changed in authority between two versions of a spec",
        description="Compare two versions of specs: who decides, what a yes sets off, on what "
        "data, after which checks. 1 when authority is weaker or can't be shown not to be, or "
        "when the version does not tell of a change.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="SPEC",
        help="OLD and NEW; with --against the specs to compare, none: those of the project",
    )
    parser.add_argument(
        "--against", metavar="GITREF", help="the older version is that of this commit or branch"
    )
    parser.add_argument(
        "--output-format", choices=FORMATS, default="full", help="how the comparison is told"
    )


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Tell what changed; 1 when a reviewer must look at it."""
    if "-" in args.paths:
        raise Failure("diff reads files, not standard input", "name files", MISUSE)
    if args.against is None:
        older, newer, read = _two_files(args.paths)
    else:
        older, newer, read = _against(args.paths, args.against)
    faulty = [
        replace(one, shown=tuple(each for each in one.shown if each.severity == "error"))
        for one in (*older, *newer)
        if any(each.severity == "error" for each in one.shown)
    ]
    if faulty:
        # Nothing can be said of what is not proved.
        if args.output_format == "markdown":
            from gantral.cli.differences import refused

            print(refused(faulty), end="")
            return FINDINGS
        return tell(faulty, "json" if args.output_format == "json" else "full", False)
    return _tell(older, newer, read, args.output_format)


_Read = Callable[[Checked, str], bytes | None]


def _two_files(paths: Sequence[str]) -> tuple[list[Checked], list[Checked], _Read]:
    if len(paths) != 2:
        raise Failure(
            "diff compares two files", "gantral diff OLD NEW, or diff --against GITREF", MISUSE
        )
    for path in paths:
        if Path(path).is_dir():
            raise Failure(f"{path} is a folder", "name two files, or use --against", MISUSE)
    older, newer = check_paths(paths[:1]), check_paths(paths[1:])
    return older, newer, lambda one, path: one.project.read(path)


def _against(paths: Sequence[str], name: str) -> tuple[list[Checked], list[Checked], _Read]:
    # Only here: comparing two files needs no git.
    from gantral.cli.revisions import Revision, revision

    newer = check_paths(paths)
    projects: dict[Path, Project] = {one.project.root: one.project for one in newer}
    if not paths:
        found = find_project(Path.cwd())
        projects[found.root] = found
    older: list[Checked] = []
    revisions: dict[Path, Revision] = {}
    for root, project in projects.items():
        commit = revisions[root] = revision(root, name)
        wanted = {one.path for one in newer if one.project.root == root}
        # Without names the project's specs are all there is: what the commit has besides is gone,
        # or has moved to another file.
        gone = (
            set()
            if paths
            else {
                one for one in commit.paths() if project.names(one) and not (root / one).is_file()
            }
        )
        older += [
            check_read(project, path, commit.read, f"{name}:")
            for path in sorted({*(wanted & set(commit.objects)), *gone})
        ]

    def read(one: Checked, path: str) -> bytes | None:
        return revisions[one.project.root].read(path) if one.at else one.project.read(path)

    return older, newer, read


def _tell(older: Sequence[Checked], newer: Sequence[Checked], read: _Read, format: str) -> int:
    from gantral.cli.differences import Difference, told
    from gantral.compiler.compare import compare, only_one

    before = _workflows(older)
    after = _workflows(newer)
    pairs = _pairs(before, after)
    found: list[Difference] = []
    for old, new in pairs:
        if old is None and new is not None:
            found.append(Difference(only_one(new[1], "new"), None, new[0]))
        elif new is None and old is not None:
            found.append(Difference(only_one(old[1], "gone"), old[0], None))
        elif old is not None and new is not None:
            compared = compare(
                old[1], new[1], _policies(*old, read=read), _policies(*new, read=read)
            )
            found.append(Difference(compared, old[0], new[0]))
    print(told(found, format), end="")
    return FINDINGS if any(one.comparison.fails for one in found) else CLEAN


_Workflow = tuple[Checked, Program]


def _workflows(files: Sequence[Checked]) -> list[_Workflow]:
    return [(file, one) for file in files for one in file.analysis.programs]


def _pairs(
    before: list[_Workflow], after: list[_Workflow]
) -> list[tuple[_Workflow | None, _Workflow | None]]:
    """Each workflow with its other version: of its name in the same file, else of its name, else
    what alone is left on both sides, so that no new name hides a change."""
    left = list(before)
    found: list[tuple[_Workflow | None, _Workflow | None]] = []
    lonely: list[_Workflow] = []
    for new in after:
        named = [one for one in left if one[1].name == new[1].name]
        named.sort(key=lambda one: one[0].path != new[0].path)
        if named:
            left.remove(named[0])
            found.append((named[0], new))
        else:
            lonely.append(new)
    if len(left) == len(lonely) == 1:
        return [*found, (left[0], lonely[0])]
    return [*found, *((None, new) for new in lonely), *((old, None) for old in left)]


def _policies(file: Checked, program: Program, read: _Read) -> Mapping[str, str]:
    """A digest of each policy's file; "" where there is none."""
    from gantral.compiler.manifest import policy_path

    texts = {name: read(file, policy_path(one)) for name, one in program.policies.items()}
    return {
        name: "" if data is None else hashlib.sha256(data).hexdigest()
        for name, data in texts.items()
    }

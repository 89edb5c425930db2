"""``gantral check``: prove that specs can never act without authority."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gantral.cli.beside import judged
from gantral.cli.failure import CLEAN, FINDINGS
from gantral.cli.main import Subparsers
from gantral.cli.specs import Checked, check_paths, uncollected
from gantral.compiler.plan import calls
from gantral.compiler.program import Program
from gantral.compiler.proofs import PROOFS
from gantral.dsl.diagnostics import FORMATS, Diagnostic, render


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "check",
        help="prove that specs can never act without authority",
        description="Check and prove specs: names, types, authority, flow. Nothing is written.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders, or - for standard input; none: the specs of the project",
    )
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """The options of every command that tells findings."""
    parser.add_argument(
        "--output-format", choices=FORMATS, default="full", help="how findings are told"
    )
    parser.add_argument(
        "--deny", choices=["warnings"], action="append", default=[], help="count these as errors"
    )


@uncollected()
def run(args: argparse.Namespace) -> int:
    """Tell the findings; 1 when there is an error, or a warning that is denied."""
    checked = [judged(one) for one in check_paths(args.paths)]
    status = tell(checked, args.output_format, bool(args.deny))
    if status == CLEAN and args.output_format in ("full", "concise"):
        for one in checked:
            print(summary(one))
    return status


def tell(checked: Sequence[Checked], format: str, deny: bool) -> int:
    """Print the findings of all files, each once, and return the exit status."""
    found = dict.fromkeys(one for file in checked for one in file.shown)
    sources = {name: text for file in checked for name, text in file.shown_sources.items()}
    color = format in ("full", "concise") and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(render(list(found), sources, format, color), end="")  # type: ignore[arg-type]
    denied = any(
        one.severity == "error" or deny or file.project.settings.deny_warnings
        for file in checked
        for one in file.shown
    )
    if found:
        print(_count(list(found)), file=sys.stderr)
    return FINDINGS if denied else CLEAN


def summary(checked: Checked) -> str:
    """One line of what was proved of a file."""
    programs = checked.analysis.programs
    if not programs:
        return f"ok: {checked.name}: no workflow in it, nothing to prove"
    return "\n".join(f"ok: {checked.name}: {_proved(one)}" for one in programs)


def _proved(program: Program) -> str:
    acts = [one for one in calls(program.run) if program.operations[one.operation].acts]
    return (
        f"{program.name} {program.version}: {_some(len(program.gates), 'gate')}, "
        f"{_some(len(acts), 'effect')}, "
        f"{len(PROOFS)} proofs hold ({' '.join(PROOFS)})"
    )


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _count(found: list[Diagnostic]) -> str:
    errors = sum(one.severity == "error" for one in found)
    parts = [(errors, "error"), (len(found) - errors, "warning")]
    return ", ".join(_some(count, what) for count, what in parts if count)

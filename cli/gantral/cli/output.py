"""How findings are told: the options, the forms, and where each goes (DESIGN section 9)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO, cast

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.specs import Checked
from gantral.dsl.diagnostics import FORMATS as RENDERED
from gantral.dsl.diagnostics import Diagnostic, Format, render
from gantral.dsl.front import is_spec

FORMATS = (*RENDERED[:3], "sarif", *RENDERED[3:])
# Those that a person reads: a line about success may follow them.
READ = ("full", "concise")


def add_output(parser: argparse.ArgumentParser) -> None:
    """The options of every command that tells findings."""
    parser.add_argument(
        "--output-format", choices=FORMATS, default="full", help="how findings are told"
    )
    parser.add_argument(
        "--output",
        type=_file,
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="tell them in this file too; can be repeated",
    )
    parser.add_argument(
        "--deny", choices=["warnings"], action="append", default=[], help="count these as errors"
    )


def tell(
    checked: Sequence[Checked],
    format: str = "full",
    deny: bool = False,
    outputs: Sequence[tuple[str, Path]] = (),
    out: TextIO | None = None,
) -> int:
    """Print the findings of all files, each once, on `out` (None: standard output), write those of
    `outputs` (what `--output` gave) and return the exit status.

    Raises:
        Failure: a file can't be written. The findings were printed before.
    """
    found = list(dict.fromkeys(one for file in checked for one in file.shown))
    sources = {name: text for file in checked for name, text in file.shown_sources.items()}
    _refuse(outputs, sources)
    out = sys.stdout if out is None else out
    show(found, sources, format, out)
    for form, path in outputs:
        from gantral.cli.files import write_whole

        write_whole(path, in_form(form, found, sources).encode())
    denied = any(
        one.severity == "error" or deny or file.project.settings.deny_warnings
        for file in checked
        for one in file.shown
    )
    return FINDINGS if denied else CLEAN


def show(found: Sequence[Diagnostic], sources: Mapping[str, str], format: str, out: TextIO) -> None:
    """Print the findings, and on standard error how many there are."""
    color = format in READ and out.isatty() and not os.environ.get("NO_COLOR")
    print(in_form(format, found, sources, color), end="", file=out)
    if found:
        print(count(found), file=sys.stderr)


def in_form(
    format: str, found: Sequence[Diagnostic], sources: Mapping[str, str], color: bool = False
) -> str:
    """The findings in one of :data:`FORMATS`; `color` is for those that a person reads."""
    if format != "sarif":
        return render(found, sources, cast(Format, format), color)
    # Only here: neither the pages nor the version are needed to tell findings otherwise.
    from importlib.metadata import version

    from gantral.cli.pages import page
    from gantral.dsl.render_sarif import sarif

    titles = {code: page(code).title for code in {one.code for one in found}}
    return sarif(found, sources, titles, version("gantral"))


def some(count: int, what: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def count(found: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(one.severity == "error" for one in found)
    parts = [(errors, "error"), (len(found) - errors, "warning")]
    return ", ".join(some(number, what) for number, what in parts if number)


def _file(given: str) -> tuple[str, Path]:
    format, sign, name = given.partition("=")
    if not sign or format not in FORMATS or not name:
        raise argparse.ArgumentTypeError(
            f"{given!r} is not FORMAT=FILE, where FORMAT is one of {', '.join(FORMATS)}"
        )
    if name == "-":
        raise argparse.ArgumentTypeError(
            f"- is no file: --output-format {format} tells it on standard output"
        )
    return format, Path(name)


def _refuse(outputs: Sequence[tuple[str, Path]], sources: Mapping[str, str]) -> None:
    """Nothing is written over what was read, nor over itself."""
    read = {os.path.realpath(name) for name in sources}
    written: set[str] = set()
    for _, path in outputs:
        real = os.path.realpath(path)
        if real in read or is_spec(path.name):
            raise Failure(f"--output: {path} is a spec", "name another file", MISUSE)
        if real in written:
            raise Failure(f"--output: {path} is named twice", "name another file", MISUSE)
        written.add(real)

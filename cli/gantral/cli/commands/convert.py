"""``gantral convert``: a spec in its other form (docs/yaml.md)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.files import write_whole
from gantral.cli.main import Subparsers
from gantral.cli.output import show
from gantral.cli.project import reason
from gantral.dsl.convert import NotTheSameError, UnwritableError, other_form
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.front import TEXT, YAML, is_spec, is_yaml, read


class ConversionError(Exception):
    """The other form would mean something else: our fault, seen before anything is written."""


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "convert",
        help="a spec in YAML, or one in YAML as text",
        description=f"Write a spec in its other form: a {TEXT} file in YAML, a {YAML} file as "
        "text. Both are one program: same digest, same generated code. Doc comments stay, other "
        "comments go above the line of what they stood at.",
    )
    parser.add_argument("spec", metavar="SPEC", help=f"a {TEXT} or {YAML} file")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="the file to write, which must be new; none: stdout"
    )


def run(args: argparse.Namespace) -> int:
    """Write the other form; 1 when the spec has errors in its form, or YAML can't say it."""
    name = Path(os.path.relpath(args.spec)).as_posix()
    if not is_spec(name):
        raise Failure(f"{name} is no spec", f"name a {TEXT} or {YAML} file", MISUSE)
    target = _target(args.output, name)
    text, found = decode(name, _data(Path(args.spec)))
    result = None if found else read(name, text)
    made = ""
    if result is not None:
        found = result.diagnostics
        try:
            made = other_form(name, text, result) if result.file is not None else ""
        except UnwritableError as error:
            help = "name each thing once, as the checker asks too"
            found = (Diagnostic("G0121", "error", str(error), error.span, help=help),)
        except NotTheSameError as error:
            raise ConversionError(
                f"{name} in its other form: {error}; nothing was written"
            ) from None
    if found:
        show(found, {name: text}, "full", sys.stderr)
        return FINDINGS
    if target is None:
        sys.stdout.write(made)
    else:
        write_whole(target, made.encode())
        print(f"wrote {args.output}")
    return CLEAN


def _target(given: str | None, source: str) -> Path | None:
    if given is None:
        return None
    wanted = TEXT if is_yaml(source) else YAML
    path = Path(given)
    if not given.endswith(wanted):
        raise Failure(
            f"{given} does not end with {wanted}, which tells the form",
            f"name it …{wanted}",
            MISUSE,
        )
    if path.exists() or path.is_symlink():
        raise Failure(f"{given} is there already", "name a new file")
    return path


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"{path} can't be read: {reason(error)}") from None

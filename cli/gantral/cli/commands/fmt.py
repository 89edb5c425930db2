"""``gantral fmt``: lay out specs in their one form (docs/formatting.md)."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.files import write_whole
from gantral.cli.main import Subparsers
from gantral.cli.output import show, some
from gantral.cli.project import files_at, find_project, reason
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.format import difference, format_text
from gantral.dsl.front import is_yaml
from gantral.dsl.parse import parse

_STDIN = "<stdin>"


class LayoutError(Exception):
    """A layout that would lose something: our fault, seen before anything is written."""


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "fmt",
        help="lay out specs in their one form",
        description="Lay out specs in their one form. Every comment is kept, and a spec means what "
        "it meant. A file that does not parse is left as it is, and so is a spec in "
        "YAML.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders, or - for standard input to standard output; none: the specs of the "
        "project",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--check",
        action="store_true",
        help="write nothing; name the files that would change, and fail when there are any",
    )
    only.add_argument(
        "--diff",
        action="store_true",
        help="write nothing; print what would change, and fail when anything would",
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """A spec before and after; `after` is None when it does not parse, and `found` says why."""

    name: str
    before: str
    after: str | None
    found: tuple[Diagnostic, ...]

    @property
    def changes(self) -> bool:
        return self.after is not None and self.after != self.before


def run(args: argparse.Namespace) -> int:
    """Lay out; 1 when a file does not parse, or with --check and --diff when one would change."""
    stdin = "-" in args.paths
    if stdin and len(args.paths) > 1:
        raise Failure("- is standard input and stands alone", "name files, or -", MISUSE)
    files: list[Path] = [] if stdin else _files(args.paths)
    # All are read and laid out before the first is written.
    pages = [_page(_seen(file), _read(file)) for file in files]
    if stdin:
        pages = [_page(_STDIN, sys.stdin.buffer.read())]
    found = [one for page in pages for one in page.found]
    show(found, {page.name: page.before for page in pages}, "full", sys.stderr)
    changed = [page for page in pages if page.changes]
    if args.check or args.diff:
        _tell(changed, args.diff)
    elif stdin:
        sys.stdout.write(pages[0].after or "")
        return FINDINGS if found else CLEAN
    else:
        for file, page in zip(files, pages, strict=True):
            if page.changes:
                write_whole(file, (page.after or "").encode())
                print(f"formatted: {page.name}")
    if found or (changed and (args.check or args.diff)):
        return FINDINGS
    if not changed and not args.diff:
        print(f"ok: {some(len(pages), 'file')} need{'s' * (len(pages) == 1)} no change")
    return CLEAN


def _files(paths: Sequence[str]) -> list[Path]:
    if not paths:
        found = find_project(Path.cwd()).specs()
    else:
        for given in paths:
            if is_yaml(given) and Path(given).is_file():
                raise Failure(
                    f"{given} is a spec in YAML, whose layout is its author's",
                    f"gantral convert {given} shows it in the one layout of text",
                    MISUSE,
                )
        found = list(dict.fromkeys(file for given in paths for file in files_at(Path(given))))
    return [file for file in found if not is_yaml(file.name)]


def _read(file: Path) -> bytes:
    try:
        if file.is_symlink():
            raise Failure(f"{file} is a symbolic link", "name the file that it leads to")
        if not file.is_file():
            raise Failure(f"{file} is no file")
        return file.read_bytes()
    except OSError as error:
        raise Failure(f"{file} can't be read: {reason(error)}") from None


def _page(name: str, data: bytes) -> _Page:
    text, refused = decode(name, data)
    if refused:
        return _Page(name, text, None, refused)
    result = parse(name, text)
    if result.file is None:
        return _Page(name, text, None, result.diagnostics)
    after = format_text(text, result.file)
    lost = difference(result, parse(name, after))
    if lost:
        raise LayoutError(f"{name} laid out anew: {lost}; nothing was written")
    return _Page(name, text, after, ())


def _tell(changed: Sequence[_Page], diff: bool) -> None:
    for page in changed:
        if diff:
            sys.stdout.writelines(_difference(page))
        else:
            print(page.name)
    if changed:
        verb = "is" if len(changed) == 1 else "are"
        print(
            f"error: {some(len(changed), 'file')} {verb} not formatted\n  help: run gantral fmt",
            file=sys.stderr,
        )


def _difference(page: _Page) -> list[str]:
    """A unified diff; a last line without its end is told as `diff` tells it."""
    before, after = ((text or "").split("\n") for text in (page.before, page.after))
    old, new = ([f"{line}\n" for line in lines[:-1]] + lines[-1:] for lines in (before, after))
    rows = difflib.unified_diff(
        [one for one in old if one],
        [one for one in new if one],
        f"a/{page.name}",
        f"b/{page.name}",
    )
    return [row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows]


def _seen(file: Path) -> str:
    return Path(os.path.relpath(file)).as_posix()

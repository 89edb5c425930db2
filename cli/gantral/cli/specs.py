"""Specs of a project, read and analysed: what `check` and `compile` share."""

from __future__ import annotations

import gc
import os
import posixpath
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.project import Project, find_project, reason, spec_files
from gantral.compiler import Analysis, analyse
from gantral.compiler import Project as Reader
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.span import Span

STDIN = "<stdin>"


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of circles: trees of syntax have none, and looking for some takes half
    the time of a large spec."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, analysed. `sources` has the text of each file it reads by its path from the
    project's root; `shown` and `shown_sources` are the same as the user sees paths. `at` stands
    before the names of files that are not read from the disk."""

    project: Project
    path: str
    analysis: Analysis
    sources: Mapping[str, str]
    shown: tuple[Diagnostic, ...]
    shown_sources: Mapping[str, str]
    at: str = ""

    @property
    def name(self) -> str:
        """The file as the user sees it."""
        return self.seen(self.path)

    def seen(self, path: str) -> str:
        """A file that it reads, as the user sees it."""
        return f"{self.at}{_seen(self.project, path)}"


def check_paths(paths: Sequence[str]) -> list[Checked]:
    """Analyse the files, folders or `-` that a command names; none: the project's specs.

    Raises:
        Failure: a path is not there or can't be read, or a setting is wrong.
    """
    if not paths:
        project = find_project(Path.cwd())
        return [_check(project, project.path_of(file)) for file in project.specs()]
    found: list[Checked] = []
    for given in dict.fromkeys(paths):
        if given == "-":
            found.append(_check(find_project(Path.cwd()), STDIN, _stdin()))
            continue
        for file in _files(Path(given)):
            project = find_project(file)
            found.append(_check(project, project.path_of(file)))
    return found


def _files(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            found = list(spec_files(path))
            if not found:
                raise Failure(f"{path}: there is no .gantral file in this folder")
            return found
        if not path.exists():
            raise Failure(f"{path}: there is no such file", code=MISUSE)
    except (OSError, ValueError) as error:
        raise Failure(f"{path} can't be read: {reason(error)}", code=MISUSE) from None
    return [path]


def _stdin() -> bytes:
    return sys.stdin.buffer.read()


def _check(project: Project, path: str, given: bytes | None = None) -> Checked:
    def read(wanted: str) -> bytes | None:
        return given if wanted == path and given is not None else project.read(wanted)

    return check_read(project, path, read)


def check_read(
    project: Project, path: str, bytes_of: Callable[[str], bytes | None], at: str = ""
) -> Checked:
    """Analyse one file of a project whose files are read by `bytes_of`, by their paths from the
    project's root; `at` is put before their names."""
    sources: dict[str, str] = {}
    refused: list[Diagnostic] = []

    def read(wanted: str) -> str | None:
        data = bytes_of(wanted)
        if data is None:
            return None
        text, found = decode(wanted, data)
        sources[wanted] = text
        refused.extend(found)
        return text

    analysis = analyse(Reader(read), path)
    if refused:
        # Nothing that was read otherwise than as it stands there is believed.
        analysis = Analysis((), tuple(refused), analysis.sources)
    shown = tuple(_moved(project, one, at) for one in analysis.diagnostics)
    return Checked(
        project,
        path,
        analysis,
        sources,
        shown,
        {f"{at}{_seen(project, name)}": text for name, text in sources.items()},
        at,
    )


def _seen(project: Project, path: str) -> str:
    """A path of the project as it is from where the user stands."""
    if path == STDIN:
        return path
    return posixpath.normpath(os.path.relpath(project.root / path).replace(os.sep, "/"))


def _moved(project: Project, found: Diagnostic, at: str) -> Diagnostic:
    def span(one: Span) -> Span:
        return replace(one, source=f"{at}{_seen(project, one.source)}")

    return replace(
        found,
        span=span(found.span),
        labels=tuple(replace(one, span=span(one.span)) for one in found.labels),
        path=tuple(replace(one, span=span(one.span)) for one in found.path),
        edits=tuple(replace(one, span=span(one.span)) for one in found.edits),
    )

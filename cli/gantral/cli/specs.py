"""Specs of a project, read and analysed: what the commands that read specs share."""

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
from gantral.cli.project import Project, files_at, find_project
from gantral.compiler import Analysis, analyse
from gantral.compiler import Project as Reader
from gantral.compiler.proofs import PROOFS
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic, render
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
    """One file, analysed, `data` its bytes. `sources` has the text of each file it reads by its
    path from the project's root; `shown` and `shown_sources` are the same as the user sees paths.
    `led_out` says that a link led there from another project. `at` stands before the names of files
    that are not read from the disk. `proved` names the proofs that hold when it has no error.
    """

    project: Project
    path: str
    data: bytes
    analysis: Analysis
    sources: Mapping[str, str]
    shown: tuple[Diagnostic, ...]
    shown_sources: Mapping[str, str]
    led_out: bool = False
    at: str = ""
    proved: tuple[str, ...] = tuple(PROOFS)

    @property
    def name(self) -> str:
        """The file as the user sees it."""
        return self.seen(self.path)

    def seen(self, path: str) -> str:
        """A file that it reads, as the user sees it."""
        return f"{self.at}{_seen(self.project, path)}"


@dataclass(frozen=True, slots=True)
class Work:
    """One file to check: by its path from the project's root, `given` as of :func:`check_file`."""

    project: Project
    path: str
    given: Mapping[str, bytes] | None = None
    led_out: bool = False

    def check(self) -> Checked:
        """Analyse it.

        Raises:
            Failure: a file can't be read.
        """
        found = check_file(self.project, self.path, self.given)
        return replace(found, led_out=True) if self.led_out else found


def check_paths(paths: Sequence[str]) -> list[Checked]:
    """Analyse the files, folders or `-` that a command names; none: the project's specs. Many of
    them in several processes, which changes nothing of what is returned.

    Raises:
        Failure: a path is not there or can't be read, or a setting is wrong.
    """
    work = _work(paths)
    if len(work) == 1:
        return [work[0].check()]
    # Only here: one file is checked without.
    from gantral.cli.many import check_many

    return check_many(work)


def _work(paths: Sequence[str]) -> list[Work]:
    if not paths:
        project = find_project(Path.cwd())
        return [Work(project, project.path_of(file)) for file in project.specs()]
    found: list[Work] = []
    for given in dict.fromkeys(paths):
        if given == "-":
            found.append(Work(find_project(Path.cwd()), STDIN, {STDIN: _stdin()}))
            continue
        for file in files_at(Path(given)):
            project = find_project(file)
            led_out = file.is_symlink() and find_project(file.parent).root != project.root
            found.append(Work(project, project.path_of(file), led_out=led_out))
    return found


def paths(given: Sequence[str]) -> list[Path]:
    """The files that :func:`check_paths` analyses, without what they import.

    Raises:
        Failure: as it does.
    """
    if not given:
        return find_project(Path.cwd()).specs()
    return [file for one in given if one != "-" for file in files_at(Path(one))]


def _stdin() -> bytes:
    return sys.stdin.buffer.read()


def check_file(project: Project, path: str, given: Mapping[str, bytes] | None = None) -> Checked:
    """Analyse one file by its path from the root. `given` has what files hold by the same paths,
    whatever is on disk.

    Raises:
        Failure: a file can't be read.
    """

    def read(wanted: str) -> bytes | None:
        data = (given or {}).get(wanted)
        return project.read(wanted) if data is None else data

    return check_read(project, path, read)


def check_read(
    project: Project, path: str, bytes_of: Callable[[str], bytes | None], at: str = ""
) -> Checked:
    """Analyse one file of a project whose files are read by `bytes_of`, by their paths from the
    project's root; `at` is put before their names."""
    sources: dict[str, str] = {}
    refused: list[Diagnostic] = []
    own: list[bytes] = []

    def read(wanted: str) -> str | None:
        data = bytes_of(wanted)
        if data is None:
            return None
        text, found = decode(wanted, data)
        if wanted == path:
            own.append(data)
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
        b"".join(own[:1]),
        analysis,
        sources,
        shown,
        {f"{at}{_seen(project, name)}": text for name, text in sources.items()},
        at=at,
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


def proved(path: str) -> Checked:
    """One file, proved, for what is told of its workflows. What is wrong with it goes to stderr.

    Raises:
        Failure: it is no one file, has an error, or holds no workflow.
    """
    found = check_paths([path])
    if len(found) != 1:
        raise Failure(f"{path} is a folder of {len(found)} specs", "name one file", MISUSE)
    (checked,) = found
    errors = [one for one in checked.shown if one.severity == "error"]
    if errors:
        print(render(errors, checked.shown_sources, "full", False), end="", file=sys.stderr)
        raise Failure(f"{checked.name} is not proved, so nothing is told of it")
    if not checked.analysis.programs:
        raise Failure(f"{checked.name}: there is no workflow in it", "name the file of a workflow")
    return checked

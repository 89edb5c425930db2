"""A project's files, read and parsed, with what each imports (LANGUAGE section 2)."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from gantral.compiler.names.findings import Findings
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Diagnostic, Label
from gantral.dsl.front import read
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

MAX_IMPORT_DEPTH = 32


@frozen
class Project:
    """Gives a file's text by its posix path from the project root; None when there is none.

    `read` is the caller's: nothing here touches a disk.
    """

    read: Callable[[str], str | None]


@dataclass(slots=True)
class Source:
    """One parsed file. `prefix` makes the names of its types unique in generated code."""

    path: str
    tree: syn.File
    prefix: str
    imports: dict[str, tuple[syn.Import, Source | None]] = field(default_factory=dict)


def imported_path(importer: str, written: str) -> str | None:
    """The path from the project root of the file that an import names; None when it leaves the
    project. Both paths are posix; `importer` is the file that imports."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), written))
    if written.startswith("/") or path == ".." or path.startswith("../") or "\\" in written:
        return None
    return path


class Loader:
    """Reads a file and all that it imports, each once."""

    def __init__(self, project: Project, findings: Findings) -> None:
        self._project = project
        self._findings = findings
        self._sources: dict[str, Source | None] = {}
        self._open: list[str] = []
        self._prefixes: set[str] = set()
        self.texts: dict[str, str] = {}
        """The text of every file read, by its path."""

    @property
    def loaded(self) -> tuple[Source, ...]:
        """Every file that parsed, those imported before those that import them."""
        return tuple(one for one in self._sources.values() if one is not None)

    def root(self, path: str) -> Source | None:
        """The file at `path`, or None after the findings that say why not."""
        path = posixpath.normpath(path)
        text = self._project.read(path)
        if text is None:
            self._findings.error(
                "G0213",
                Span(path, 0, 0),
                f"there is no file `{path}` in the project",
                "give a path from the project root",
            )
            return None
        return self._load(path, text, "")

    def _load(self, path: str, text: str, prefix: str) -> Source | None:
        parsed = read(path, text)
        self.texts[path] = text
        self._add(parsed.diagnostics)
        if parsed.file is None:
            self._sources[path] = None
            return None
        while prefix in self._prefixes:
            prefix += "_"
        self._prefixes.add(prefix)
        source = Source(path, parsed.file, prefix)
        self._open.append(path)
        for one in parsed.file.imports:
            if one.alias.text in source.imports:
                first = source.imports[one.alias.text][0]
                self._findings.error(
                    "G0203",
                    one.alias.span,
                    f"`{one.alias.text}` is bound twice in this file",
                    "give one of the two imports another name after `as`",
                    (Label(first.alias.span, "first bound here"),),
                )
                continue
            source.imports[one.alias.text] = (one, self._import(source, one))
        self._open.pop()
        self._sources[path] = source
        return source

    def _import(self, source: Source, one: syn.Import) -> Source | None:
        written = one.path.value
        path = imported_path(source.path, written)
        if path is None:
            self._findings.error(
                "G0214",
                one.path.span,
                f'"{written}" leaves the project',
                "import a file of this project by a relative path with `/`",
            )
            return None
        if path in self._open:
            around = " -> ".join([*self._open[self._open.index(path) :], path])
            self._findings.error(
                "G0214",
                one.path.span,
                f"the imports form a cycle: {around}",
                "put what both files need into a third one and import that",
            )
            return None
        if len(self._open) >= MAX_IMPORT_DEPTH:
            self._findings.error(
                "G0214",
                one.path.span,
                f"imports go more than {MAX_IMPORT_DEPTH} files deep",
                "import what is declared from where it is declared",
            )
            return None
        if path in self._sources:
            return self._sources[path]
        text = self._project.read(path)
        if text is None:
            self._findings.error(
                "G0213",
                one.path.span,
                f"there is no file `{path}` in the project",
                "correct the path; it is relative to this file's folder",
            )
            return None
        return self._load(path, text, f"{source.prefix}{one.alias.text}_")

    def _add(self, found: tuple[Diagnostic, ...]) -> None:
        self._findings.all += found
        self._findings.errors += sum(one.severity == "error" for one in found)

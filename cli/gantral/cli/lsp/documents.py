"""The open texts over the disk: projects whose files are read as the editor has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from gantral.cli.failure import Failure
from gantral.cli.project import Project, find_project
from gantral.compiler import Analysis, analyse
from gantral.compiler import Project as Reader
from gantral.compiler.index import Index, index
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Spec:
    """One open text: its place in its project. `root` is None for a text that has no file yet; it
    is then alone in its project."""

    uri: str
    path: str
    root: Path | None
    open: Mapping[Path, str] = field(default_factory=dict)
    """The address of each open file, as its editor writes it."""
    trouble: str = ""
    """What is wrong with the project's settings."""

    def uri_of(self, path: str) -> str:
        """The address of a file of the same project."""
        if self.root is None or path == self.path:
            return self.uri
        file = _resolved(self.root / path) or self.root / path
        return self.open.get(file) or file.as_uri()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in a text, and the texts that were read for it, by their paths."""

    spec: Spec
    analysis: Analysis
    texts: dict[str, str]


class Documents:
    """The open texts. Nothing found is kept past a change of any of them."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self._seen: dict[str, Seen] = {}

    @property
    def uris(self) -> tuple[str, ...]:
        """The open texts, in the order opened."""
        return tuple(self._open)

    def text(self, uri: str) -> str | None:
        """An open text; None when it is not open."""
        return self._open.get(uri)

    def put(self, uri: str, text: str) -> None:
        """A text was opened or changed."""
        self._open[uri] = text
        self._seen.clear()

    def close(self, uri: str) -> None:
        """A text was closed: its file is read from the disk again."""
        self._open.pop(uri, None)
        self._seen.clear()

    def changed_outside(self) -> None:
        """Something changed on the disk."""
        self._seen.clear()

    def seen(self, uri: str) -> Seen | None:
        """What the checker and the proofs find in an open text; None when it is not open."""
        if uri not in self._open:
            return None
        if uri not in self._seen:
            spec = self._spec(uri)
            texts: dict[str, str] = {}
            refused: list[Diagnostic] = []
            analysis = analyse(self._reader(spec, texts, refused), spec.path)
            if refused:
                # Nothing that was read otherwise than as it stands there is believed.
                analysis = Analysis((), tuple(refused), analysis.sources)
            self._seen[uri] = Seen(spec, analysis, texts)
        return self._seen[uri]

    def index(self, uri: str) -> tuple[Spec, Index, dict[str, str]] | None:
        """The names of an open text; None when it is not open or nothing of it can be read."""
        if uri not in self._open:
            return None
        spec = self._spec(uri)
        texts: dict[str, str] = {}
        found = index(self._reader(spec, texts, []), spec.path)
        return None if found is None else (spec, found, texts)

    def _spec(self, uri: str) -> Spec:
        """Where an open text belongs: the project of its file, found as `gantral check` does."""
        file = _file(uri)
        if file is None:
            name = unquote(urlsplit(uri).path).rpartition("/")[2]
            return Spec(uri, name or "untitled", None)
        opened = {found: one for one in self._open if (found := _file(one)) is not None}
        try:
            project = find_project(file.parent)
            return Spec(uri, project.path_of(file), project.root, opened)
        except Failure as failure:
            # The settings are wrong, the spec may not be: it is checked in its own folder.
            return Spec(uri, file.name, file.parent, opened, str(failure))

    def _reader(self, spec: Spec, texts: dict[str, str], refused: list[Diagnostic]) -> Reader:
        def read(path: str) -> str | None:
            text = self._open[spec.uri] if path == spec.path else self._other(spec, path, refused)
            if text is not None:
                texts[path] = text
            return text

        return Reader(read)

    def _other(self, spec: Spec, path: str, refused: list[Diagnostic]) -> str | None:
        """Another file of the project: as it is open, else as it lies on the disk."""
        if spec.root is None:
            return None
        file = _resolved(spec.root / path)
        if file is None or not file.is_relative_to(spec.root):
            return None
        uri = spec.open.get(file)
        return _from_disk(spec.root, path, refused) if uri is None else self._open[uri]


def _file(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return _resolved(Path(url2pathname(parts.path))) if parts.scheme == "file" else None


def _resolved(path: Path) -> Path | None:
    """The path without links; None where none leads (a circle of links, a name no system has)."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _from_disk(root: Path, path: str, refused: list[Diagnostic]) -> str | None:
    try:
        data = Project(root).read(path)
    except Failure:
        # It is there and can't be read: for the spec that is as if it were not.
        return None
    if data is None:
        return None
    text, found = decode(path, data)
    refused.extend(found)
    return text

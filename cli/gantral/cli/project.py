"""The writer's project: where its root is, and what [tool.gantral] of its pyproject.toml says."""

from __future__ import annotations

import difflib
import fnmatch
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantral.cli.failure import MISUSE, Failure
from gantral.dsl.front import is_spec

SETTINGS = "pyproject.toml"
_KEYS = ("requires", "specs", "policies", "generate", "check", "roster")
_PACKAGE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_REQUIREMENT = re.compile(r"(==|!=|<=|>=|<|>)\s*(\d+(?:\.\d+)*)")
# Where specs never are, however deep a project is searched.
_SKIPPED = {"node_modules", "build", "dist", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Settings:
    """[tool.gantral]. Paths are posix and relative to the root; None: not said."""

    specs: tuple[str, ...] | None = None
    policies: tuple[str, ...] = ("policies",)
    generate_to: str | None = None
    generate_package: str | None = None
    deny_warnings: bool = False
    roster: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project on disk. Without a pyproject.toml that has [tool.gantral] the root is the folder
    that was asked about."""

    root: Path
    settings: Settings = field(default_factory=Settings)
    configured: bool = False

    def specs(self) -> list[Path]:
        """The specs of the project, sorted: those that `specs` names, else every .gantral and
        .gantral.yaml file.

        Raises:
            Failure: a pattern matches nothing, or there is no spec at all.
        """
        try:
            return self._specs()
        except (OSError, ValueError) as error:
            raise Failure(f"{self.root} can't be searched for specs: {reason(error)}") from None

    def _specs(self) -> list[Path]:
        if self.settings.specs is None:
            found = sorted(spec_files(self.root))
            if not found:
                raise Failure(
                    f"there is no .gantral or .gantral.yaml file in {self.root}",
                    "name a file; or make a project: gantral new NAME",
                )
            return found
        found = []
        for pattern in self.settings.specs:
            matched = sorted(path for path in self.root.glob(pattern) if path.is_file())
            if not matched:
                raise Failure(
                    f"{self.root / SETTINGS}: [tool.gantral] specs: {pattern} matches no file",
                    "name spec files from the project's root, like specs/*.gantral",
                )
            found += matched
        return list(dict.fromkeys(found))

    def names(self, path: str) -> bool:
        """Whether a file at that posix path from the root would be one of the project's specs."""
        if self.settings.specs is not None:
            return any(_globbed(one.split("/"), path.split("/")) for one in self.settings.specs)
        hidden = any(part.startswith(".") or part in _SKIPPED for part in path.split("/"))
        return is_spec(path) and not hidden

    def path_of(self, file: Path) -> str:
        """The posix path of a file from the root.

        Raises:
            Failure: it lies outside.
        """
        try:
            return file.resolve().relative_to(self.root).as_posix()
        except ValueError:
            raise Failure(
                f"{file} is outside of the project {self.root}",
                "run the command in the project that the file belongs to",
            ) from None

    def read(self, path: str) -> bytes | None:
        """The bytes of a file by its posix path from the root; None when there is no such file, or
        it lies outside (a link may not leave the project either).

        Raises:
            Failure: it is there and can't be read.
        """
        file = self.root / path
        try:
            resolved = file.resolve()
            if not resolved.is_relative_to(self.root) or not resolved.is_file():
                return None
            return resolved.read_bytes()
        except RuntimeError:
            # Links in a circle, before Python 3.13; later ones find no file.
            return None
        except (OSError, ValueError) as error:
            raise Failure(f"{file} can't be read: {reason(error)}") from None


def find_project(start: Path) -> Project:
    """The project of a file or folder: the nearest folder upwards whose pyproject.toml has
    [tool.gantral], else the folder itself.

    Raises:
        Failure: a setting is wrong, or another version of gantral is required.
    """
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    for root in (folder, *folder.parents):
        table = _table(root / SETTINGS)
        if table is not None:
            return Project(root, _settings(root, table), configured=True)
    return Project(folder)


def spec_files(folder: Path) -> Iterable[Path]:
    """Every spec below a folder, hidden and built folders left out."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from spec_files(path)
        elif is_spec(path.name) and path.is_file():
            yield path


def files_at(path: Path) -> list[Path]:
    """The specs that a path given by a user stands for: itself, or what the folder holds.

    Raises:
        Failure: it is not there, can't be read, or is a folder without specs.
    """
    try:
        if path.is_dir():
            found = list(spec_files(path))
            if not found:
                raise Failure(f"{path}: there is no .gantral or .gantral.yaml file in this folder")
            return found
        if not path.exists():
            raise Failure(f"{path}: there is no such file", code=MISUSE)
    except (OSError, ValueError) as error:
        raise Failure(f"{path} can't be read: {reason(error)}", code=MISUSE) from None
    return [path]


def _globbed(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether Path.glob, with the parts of a pattern, would find a file with these parts."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(_globbed(pattern[1:], path[start:]) for start in range(len(path)))
    return fnmatch.fnmatchcase(path[0], pattern[0]) and _globbed(pattern[1:], path[1:])


def reason(error: OSError | ValueError) -> str:
    """What the system says of a file, in words."""
    said = getattr(error, "strerror", None)
    return str(said or error)


def _table(file: Path) -> Mapping[str, Any] | None:
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        raise Failure(f"{file} can't be read: {reason(error)}") from None
    if b"gantral" not in data:
        return None
    try:
        tool = tomllib.loads(data.decode("utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file} is not TOML: {error}", "mend the line it names") from None
    table = tool.get("gantral") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise Failure(f"{file}: tool.gantral is not a table", "write [tool.gantral]")
    return table


def _settings(root: Path, table: Mapping[str, Any]) -> Settings:
    read = _Reader(root / SETTINGS)
    read.known("", table, _KEYS)
    generate = read.table(table, "generate")
    read.known("generate.", generate, ("to", "package"))
    check = read.table(table, "check")
    read.known("check.", check, ("deny",))
    read.version(table)
    deny = read.texts(check, "deny", "check.") or ()
    for word in deny:
        if word != "warnings":
            read.fail(
                "check.deny", f'"{word}" is nothing to deny', 'write check.deny = ["warnings"]'
            )
    specs = read.texts(table, "specs")
    package = read.text(generate, "package", "generate.")
    if package is not None and _PACKAGE.fullmatch(package) is None:
        read.fail("generate.package", f'"{package}" is no package name', "write it like my_app.gen")
    to = read.text(generate, "to", "generate.")
    policies = read.texts(table, "policies")
    roster = read.text(table, "roster")
    named = (
        ("specs", specs),
        ("policies", policies),
        ("generate.to", (to,)),
        ("roster", (roster,)),
    )
    for key, paths in named:
        for path in paths or ():
            if path is not None:
                read.inside(key, path)
    return Settings(
        specs=specs,
        policies=("policies",) if policies is None else policies,
        generate_to=to,
        generate_package=package,
        deny_warnings="warnings" in deny,
        roster=roster,
    )


class _Reader:
    """Reads values of one file; what is wrong is told with the key and a remedy."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def fail(self, key: str, what: str, remedy: str) -> None:
        raise Failure(f"{self._file}: [tool.gantral] {key}: {what}", remedy)

    def known(self, prefix: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                remedy = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(keys)}"
                self.fail(f"{prefix}{key}", "there is no such setting", remedy)

    def table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, "a table is expected", f"write [tool.gantral.{key}]")
        found: Mapping[str, Any] = value
        return found

    def text(self, table: Mapping[str, Any], key: str, prefix: str = "") -> str | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            self.fail(f"{prefix}{key}", "a text is expected", f'write {prefix}{key} = "…"')
        return value

    def texts(self, table: Mapping[str, Any], key: str, prefix: str = "") -> tuple[str, ...] | None:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.fail(f"{prefix}{key}", "a list of texts is expected", f'{prefix}{key} = ["…"]')
        return tuple(value)

    def inside(self, key: str, path: str) -> None:
        parts = path.split("/")
        if path.startswith("/") or "\\" in path or ".." in parts or "\0" in path:
            self.fail(key, f"{path} leaves the project", "write a path from the project's root")

    def version(self, table: Mapping[str, Any]) -> None:
        wanted = self.text(table, "requires")
        if wanted is None:
            return
        # Costly to import, and few projects say what they require.
        from importlib.metadata import version

        ours = version("gantral")
        for part in wanted.split(","):
            found = _REQUIREMENT.fullmatch(part.strip())
            if found is None:
                self.fail("requires", f'"{part.strip()}" is no bound', 'write it like ">=0.1,<0.2"')
            elif not _holds(_numbers(ours), found[1], _numbers(found[2])):
                self.fail(
                    "requires",
                    f"this is gantral {ours}, and the project wants {wanted}",
                    f"install it: pip install 'gantral{wanted}'",
                )


def _numbers(text: str) -> tuple[int, ...]:
    digits = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in digits[0].split(".")] if digits else [0]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _holds(ours: tuple[int, ...], operator: str, wanted: tuple[int, ...]) -> bool:
    return {
        "==": ours == wanted,
        "!=": ours != wanted,
        "<": ours < wanted,
        "<=": ours <= wanted,
        ">": ours > wanted,
        ">=": ours >= wanted,
    }[operator]

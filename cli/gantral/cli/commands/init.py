"""``gantral init``: an existing repository learns to hold specs."""

from __future__ import annotations

import argparse
import re
import subprocess
import tomllib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gantral.cli.failure import CLEAN, Failure
from gantral.cli.files import write_whole
from gantral.cli.main import Subparsers
from gantral.cli.project import SETTINGS, find_project, reason

_CI = Path(__file__).parents[1] / "skeleton" / "ci.yml.txt"
_WORKFLOW = ".github/workflows/gantral.yml"
# What `gantral dev` and `policy build` write.
_IGNORED = "build/"
_STEPS = ("gantral check --deny warnings", "gantral fmt --check", "gantral compile --check")
_NO_PACKAGES = frozenset({"tests", "test", "docs", "examples", "scripts", "build", "dist"})


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "init",
        help="set an existing repository up",
        description="In a repository that has a pyproject.toml: say in it where generated code "
        "goes, ignore what gantral builds, add a CI step where GitHub's lie. What is there already "
        "is left as it is.",
    )
    parser.add_argument(
        "--package", metavar="NAME", help="the import package that generated code becomes a part of"
    )


def run(args: argparse.Namespace) -> int:
    """Write what is missing, and say each file.

    Raises:
        Failure: there is no pyproject.toml, or no package, or several; a file can't be written.
    """
    root = _root(Path.cwd())
    said = [_settings(root, args.package), _ignores(root), _ci(root)]
    for line in said:
        print(line)
    warning = _dropped(root)
    if warning:
        print(warning)
    print(
        "\nnext:\n"
        "  write a spec, NAME.gantral; `gantral new` in another folder makes one to copy from\n"
        "  gantral check      # prove it\n"
        "  gantral compile    # generate its package"
    )
    return CLEAN


def _root(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise Failure(
        f"there is no {SETTINGS} here or above",
        "gantral new NAME makes a whole project",
    )


def _settings(root: Path, wanted: str | None) -> str:
    file = root / SETTINGS
    try:
        text = file.read_text("utf-8")
        table: dict[str, Any] = tomllib.loads(text)
    except (OSError, ValueError) as error:
        said = reason(error) if isinstance(error, OSError) else str(error)
        raise Failure(f"{file} can't be read: {said}") from None
    if "gantral" in _table(table, "tool"):
        return f"current: {SETTINGS} has [tool.gantral]"
    folder = _package(root, wanted, _table(table, "project").get("name", ""))
    lines = [
        "[tool.gantral]",
        f'requires = ">={version("gantral")}"',
        f'generate.to = "{folder.relative_to(root).as_posix()}/gen"',
        f'generate.package = "{folder.name}.gen"',
    ]
    made = text + ("" if text.endswith("\n") or not text else "\n") + "\n" + "\n".join(lines) + "\n"
    write_whole(file, made.encode())
    return f"wrote: {SETTINGS}: [tool.gantral], generated code goes to {folder.name}.gen"


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key, {})
    return found if isinstance(found, dict) else {}


def _package(root: Path, wanted: str | None, project: object) -> Path:
    """The folder of the import package: the one that is named, else the only one, else that of the
    project's own name."""
    found = [
        file.parent
        for place in (root / "src", root)
        for file in sorted(place.glob("*/__init__.py"))
        if place != root or file.parent.name not in _NO_PACKAGES
    ]
    names = [one.name for one in found]
    if wanted is None and len(found) > 1:
        own = re.sub(r"[-.]+", "_", str(project)).lower()
        wanted = own if own in names else None
    if wanted is None and len(found) == 1:
        return found[0]
    if wanted in names:
        return found[names.index(wanted)]
    if not found:
        raise Failure(
            f"{root} has no import package: no folder with an __init__.py, in src/ or beside "
            f"{SETTINGS}",
            "make one, like src/my_app/__init__.py",
        )
    what = f"there is no package {wanted}" if wanted else "there are several packages"
    raise Failure(f"{root}: {what}", f"name one: gantral init --package {' or '.join(names)}")


def _ignores(root: Path) -> str:
    file = root / ".gitignore"
    data = file.read_bytes() if file.is_file() else b""
    line = _IGNORED.encode()
    if _git(root, ["check-ignore", "-q", "build/dev"]) == 0 or line in data.split():
        return f"current: .gitignore has {_IGNORED}"
    write_whole(file, data + (b"" if data.endswith(b"\n") or not data else b"\n") + line + b"\n")
    return f"wrote: .gitignore: {_IGNORED}, where gantral dev keeps keys and evidence"


def _ci(root: Path) -> str:
    file = root / _WORKFLOW
    if file.exists():
        return f"current: {_WORKFLOW}"
    if not (root / ".github").is_dir():
        return f"for CI: {' && '.join(_STEPS)}"
    file.parent.mkdir(exist_ok=True)
    write_whole(file, _CI.read_text("utf-8").replace("@version@", version("gantral")).encode())
    return f"wrote: {_WORKFLOW}"


def _dropped(root: Path) -> str:
    """A warning when git would leave generated code out (a rule like `gen/`)."""
    to = find_project(root).settings.generate_to
    if to is None or _git(root, ["check-ignore", "-q", f"{to}/x/workflow.py"]) != 0:
        return ""
    return (
        f"warning: git ignores {to}, and generated code is meant to be committed\n"
        f"  help: take the line that says so out of .gitignore, or add !{to}/ after it"
    )


def _git(root: Path, arguments: Sequence[str]) -> int:
    """The exit status of git in the repository; 1 without git, or without a repository."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False
        ).returncode
    except OSError:
        return 1

"""Every folder says what flows in and out; nothing names a machine or a package registry."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = ("grammar", "dsl", "compiler", "runtime", "cli")

# Written so that this file does not match itself.
FORBIDDEN = re.compile(
    r"pypi[.]org|python[h]osted[.]org|npm[j]s[.]org|golang[.]org|deb[i]an[.]org"
    r"|(?<![\w.$}])/(?:ro[o]t|wo[r]k|ho[m]e|Us[e]rs)/\w"
)


def folders() -> list[Path]:
    """The folders of the five roots that hold something to explain."""
    inner = [path for root in ROOTS for path in (ROOT / root / "gantral").rglob("*")]
    return [
        path
        for path in inner
        if path.is_dir() and path.name != "__pycache__" and _holds_something(path)
    ]


def _holds_something(folder: Path) -> bool:
    return any(child.is_file() and child.name != "py.typed" for child in folder.iterdir())


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("folder", folders(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_folder_has_a_readme(folder: Path) -> None:
    readme = folder / "README.md"
    assert readme.is_file(), f"{folder.relative_to(ROOT)} has no README.md: what flows in, what out"
    assert len(readme.read_text().splitlines()) >= 2


def test_every_leaf_is_typed() -> None:
    leaves = [path for root in ROOTS for path in (ROOT / root / "gantral").iterdir()]
    untyped = [path for path in leaves if path.is_dir() and not (path / "py.typed").is_file()]
    assert [path for path in untyped if path.name != "__pycache__"] == []


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    # Lock files name where each package was found; that is what they are for.
    found = []
    for path in committed():
        if path.name in ("uv.lock", "go.mod", "go.sum"):
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_the_wheel_packs_all_of_the_example_and_nothing_a_run_left() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert packed.pop("docs/codes") == "gantral/cli/codes"
    assert {path.suffix for path in (ROOT / "docs" / "codes").iterdir()} == {".md"}
    example = ROOT / "examples" / "refund"
    held = {path.relative_to(example).parts[0] for path in committed() if example in path.parents}
    assert set(packed) == {f"examples/refund/{name}" for name in held}
    assert all(into == f"gantral/cli/{source}" for source, into in packed.items())


@pytest.mark.parametrize(
    "line",
    ["see https://pypi" + ".org/p", "cd /ro" + "ot/x", "GOPROXY=proxy.golang" + ".org"],
)
def test_such_a_name_is_seen(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("line", ["#!/usr/bin/env bash", "docs/root/file", "/decisions/root"])
def test_other_text_is_not(line: str) -> None:
    assert not FORBIDDEN.search(line)

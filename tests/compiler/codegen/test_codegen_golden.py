"""The generated packages to the byte, and what ruff and mypy say of them as printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
SPECS = {
    "refund": (ROOT / "examples" / "refund", "refund.gantral"),
    "words": (GOLDEN / "words", "spec.gantral"),
    "choices": (GOLDEN / "choices", "spec.gantral"),
    "loops": (GOLDEN / "loops", "spec.gantral"),
    "lists": (GOLDEN / "lists", "spec.gantral"),
    "parallel": (GOLDEN / "parallel", "spec.gantral"),
    "waits": (GOLDEN / "waits", "spec.gantral"),
    "anew": (GOLDEN / "anew", "spec.gantral"),
    "rounds": (GOLDEN / "rounds", "spec.gantral"),
    "children": (GOLDEN / "children", "spec.gantral"),
    "documents": (GOLDEN / "documents", "spec.gantral"),
    "results": (GOLDEN / "results", "spec.gantral"),
    "leaving": (GOLDEN / "leaving", "spec.gantral"),
    "histories": (GOLDEN / "histories", "spec.gantral"),
}


def package(name: str) -> dict[str, bytes]:
    folder, path = SPECS[name]
    texts: dict[str, str] = {}

    def read(wanted: str) -> str | None:
        file = folder / wanted
        if not file.is_file():
            return None
        texts[wanted] = file.read_text("utf-8")
        return texts[wanted]

    analysis = analyse(Project(read), path)
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    # Last stands the one that runs the others.
    return dict(generate(analysis.programs[-1], texts).files)


@pytest.mark.parametrize("name", SPECS)
def test_the_package_is_the_golden_one(name: str) -> None:
    made = package(name)
    folder = GOLDEN / name
    if os.environ.get("GANTRAL_GOLDEN") == "write":
        for file, data in made.items():
            (folder / file).write_bytes(data)
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    kept.pop("spec.gantral", None)
    assert {file: data.decode() for file, data in made.items()} == {
        file: data.decode() for file, data in kept.items()
    }


def tool(*arguments: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=GOLDEN, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_ruff_has_nothing_to_format() -> None:
    tool("ruff", "format", "--no-cache", "--check", *SPECS)


def test_ruff_finds_nothing_under_the_rules_of_this_house() -> None:
    config = str(ROOT / "pyproject.toml")
    # What a package itself says need not be followed, must not.
    tool("ruff", "check", "--no-cache", "--config", config, "--extend-ignore", "B023", *SPECS)


def test_mypy_finds_nothing(tmp_path: Path) -> None:
    where = ["--cache-dir", str(tmp_path), "--config-file", os.devnull]
    tool("mypy", "--strict", *where, *SPECS)


def test_the_example_holds_the_same_package() -> None:
    folder = ROOT / "examples" / "refund" / "src" / "refund_app" / "gen" / "refund"
    assert {file: (folder / file).read_bytes() for file in package("refund")} == package("refund")


SAME = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_codegen_golden import SPECS, package
for name in SPECS:
    for file, data in sorted(package(name).items()):
        print(name, file, hashlib.sha256(data).hexdigest())
"""


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "31337")
    }
    assert len(told) == 1
    assert "words workflow.py" in told.pop()

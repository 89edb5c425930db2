"""Who may import whom (DESIGN section 2), read from the syntax trees: lazy imports count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = ("grammar", "dsl", "compiler", "runtime", "cli")

# part -> the parts of ours that it may import, besides itself.
LAW: dict[str, frozenset[str]] = {
    "authority": frozenset(),
    "grammar": frozenset(),
    "dsl": frozenset({"grammar"}),
    "compiler": frozenset({"dsl", "authority"}),
    "evidence": frozenset({"authority"}),
    "identity": frozenset({"authority", "evidence"}),
    "policy": frozenset({"authority", "evidence"}),
    "runtime": frozenset({"authority", "evidence", "policy", "identity"}),
    "api": frozenset({"runtime", "identity", "policy", "evidence", "authority"}),
    "simulation": frozenset({"api", "runtime", "identity", "policy", "evidence", "authority"}),
    "cli": frozenset(
        {"grammar", "dsl", "compiler", "authority", "evidence", "identity", "policy"}
        | {"runtime", "api", "simulation"}
    ),
}


def sources() -> list[Path]:
    return [path for root in ROOTS for path in sorted((ROOT / root / "gantral").rglob("*.py"))]


def imported(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import of ours in ``tree``, a module of ``package``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            # `from gantral import cli` names the part in the list of names.
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}"
        elif isinstance(node, ast.Call) and node.args:
            called = node.func
            name_of = (
                called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            )
            if name_of in ("import_module", "__import__"):
                yield from _named(node)


def _named(call: ast.Call) -> Iterator[tuple[int, str]]:
    first = call.args[0]
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0] if isinstance(first.values[0], ast.Constant) else first
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield call.lineno, first.value


def breaches(part: str, package: str, text: str) -> list[str]:
    found = []
    for line, module in imported(ast.parse(text), package):
        words = module.split(".")
        if words[0] != "gantral" or len(words) < 2 or words[1] == part:
            continue
        if words[1] not in LAW[part]:
            found.append(f"line {line}: {part} imports gantral.{words[1]}")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_obey_the_law(path: Path) -> None:
    below = path.relative_to(ROOT).parts[1:]
    assert breaches(below[1], ".".join(below[:-1]), path.read_text()) == []


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("runtime", "import gantral.cli.main"),
        ("runtime", "from gantral.cli import main"),
        ("runtime", "from gantral import cli"),
        ("runtime", "def lazily():\n    from gantral.cli import main"),
        ("runtime", "from ..cli import main"),
        ("compiler", "from gantral.runtime import Governed"),
        ("evidence", "import importlib\nimportlib.import_module('gantral.runtime.worker')"),
        ("evidence", "__import__('gantral.policy')"),
        ("evidence", "from importlib import import_module\nimport_module(f'gantral.api.{x}')"),
        ("authority", "from gantral.evidence import canonical"),
        ("dsl", "from gantral.compiler import check_text"),
        ("policy", "import gantral.api"),
    ],
)
def test_a_breach_is_seen(part: str, text: str) -> None:
    assert len(breaches(part, f"gantral.{part}", text)) == 1


def test_what_is_allowed_is_no_breach() -> None:
    assert breaches("compiler", "gantral.compiler", "from gantral.dsl import parse") == []
    assert breaches("dsl", "gantral.dsl", "from .span import Span\nimport json") == []


def test_every_part_has_its_law() -> None:
    parts = {path.name for root in ROOTS for path in (ROOT / root / "gantral").iterdir()}
    assert parts - {"__pycache__"} == set(LAW)


def test_gantral_is_a_namespace() -> None:
    # An __init__.py in one root would hide the other four (PEP 420).
    assert [root for root in ROOTS if (ROOT / root / "gantral" / "__init__.py").exists()] == []


def test_generated_code_imports_only_the_runtime_pydantic_and_the_standard_library() -> None:
    import sys

    allowed = {"gantral.runtime", "pydantic", *sys.stdlib_module_names}
    foreign = []
    for path in sorted((ROOT / "examples").glob("*/src/*/gen/*/*.py")):
        # Relative imports are its own: a package name of no one else.
        for line, module in imported(ast.parse(path.read_text()), "own.package"):
            words = module.split(".")
            if words[0] == "own":
                continue
            if words[0] not in allowed and ".".join(words[:2]) not in allowed:
                foreign.append(f"{path.relative_to(ROOT)}:{line}: {module}")
    assert foreign == []

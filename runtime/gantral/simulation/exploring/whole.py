"""Which values conditions may read as they are, and not only by their fields, their number or their
presence: of a record that is read by its fields alone, the fields are all that counts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from gantral.simulation.exploring.relevant import bound

# What reads of its arguments only what is always told apart: the type, how many there are.
_SHAPES = frozenset({"len", "isinstance"})


def whole(tree: ast.AST, conditions: Iterable[ast.expr], also: Iterable[str]) -> frozenset[str]:
    """The names, of fields too, that stand for such values. ``also``: more that are known."""
    made = [*_made(tree)]
    found = {*also, *(name for one in conditions for name in _ends(one))}
    while True:
        more = {name for target, of in made if target in found for name in of}
        if more <= found:
            return frozenset(found)
        found |= more


def _ends(node: ast.AST) -> Iterator[str]:
    """The names of an expression behind which nothing of it is chosen."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
        if not isinstance(node.value, (ast.Name, ast.Attribute)):
            yield from _ends(node.value)
    elif isinstance(node, ast.Call):
        if _called(node.func) not in _SHAPES:
            for part in (*node.args, *(one.value for one in node.keywords)):
                yield from _ends(part)
        if isinstance(node.func, ast.Attribute):
            yield from _ends(node.func.value)
    elif isinstance(node, ast.Compare) and all(
        isinstance(one, ast.Constant) and one.value is None for one in node.comparators
    ):
        # Whether it is there.
        if not isinstance(node.left, (ast.Name, ast.Attribute)):
            yield from _ends(node.left)
    elif isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        yield from _ends(node.elt)
        for each in node.generators:
            for test in each.ifs:
                yield from _ends(test)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _ends(child)


def _made(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """(name, the names whose values it may be)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from ((one, frozenset(_ends(node.value))) for one in bound(target))
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            yield from ((one, frozenset(_ends(node.value))) for one in bound(node.target))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield from ((one, frozenset(_ends(node.iter))) for one in bound(node.target))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for one in ast.walk(node):
                if isinstance(one, ast.Return) and one.value is not None:
                    yield node.name, frozenset(_ends(one.value))
        elif isinstance(node, ast.Call):
            yield from ((one.arg, frozenset(_ends(one.value))) for one in node.keywords if one.arg)


def _called(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))

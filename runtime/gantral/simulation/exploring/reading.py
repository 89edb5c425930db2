"""What of a program its ways can hang on: names and constants, read from the generated code.

It errs to one side: a name that stands in a condition anywhere counts everywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import getsource
from typing import Any

from gantral.runtime.programs import ProgramInfo


@dataclass(frozen=True)
class Reading:
    """``names``: of fields and values that conditions read. ``numbers``, ``texts``: what they are
    compared with. ``clock``: whether the program reads what time it is."""

    names: frozenset[str]
    numbers: frozenset[str]
    texts: frozenset[str]
    clock: bool


def read(program: ProgramInfo) -> Reading:
    """Read a program's generated workflow and its manifest."""
    tree = ast.parse(getsource(import_module(f"{program.package}.workflow")))
    conditions = [*_conditions(tree)]
    names = {name for one in conditions for name in _names(one)}
    numbers: set[str] = set()
    texts: set[str] = set()
    for one in conditions:
        for text, number in _constants(one):
            (numbers if number else texts).add(text)
    for gate in program.manifest["gates"].values():
        for expression in (*(case["when"] for case in gate["decide"]), *gate["amend"].values()):
            for kind, text in _terms(expression):
                if kind == "path":
                    names.update(text.split("/")[1:])
                elif kind in ("int", "decimal"):
                    numbers.add(text)
                elif kind in ("string", "enum"):
                    texts.add(text)
        for pointer in _pointers(gate):
            names.update(pointer.split("/")[1:])
    return Reading(
        _closed(tree, names), frozenset(numbers), frozenset(texts), _clock(tree, program)
    )


def merged(readings: Iterable[Reading]) -> Reading:
    """What any of them reads: a family of programs has one story."""
    found = list(readings)
    return Reading(
        frozenset().union(*(one.names for one in found)),
        frozenset().union(*(one.numbers for one in found)),
        frozenset().union(*(one.texts for one in found)),
        any(one.clock for one in found),
    )


def _conditions(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.BoolOp):
            yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("require", "each", "sleep", "sleep_until", "rounds"):
                yield from node.args[:1]
            for keyword in node.keywords:
                if keyword.arg in ("only_if", "within"):
                    yield keyword.value
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("still_"):
            yield from (one.value for one in node.body if isinstance(one, ast.Return) and one.value)


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def _constants(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Decimal" and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), True
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value, False
            elif type(node.value) is int:
                yield str(node.value), True


def _closed(tree: ast.AST, names: set[str]) -> frozenset[str]:
    """With the names that the values of these names are made of."""
    # What is awaited is told by the world, whatever it was asked with.
    made: list[tuple[str, set[str]]] = []
    for node in ast.walk(tree):
        if isinstance(getattr(node, "value", None), ast.Await):
            continue
        if isinstance(node, ast.Assign):
            made += [(_target(one), {*_names(node.value)}) for one in node.targets]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            made.append((_target(node.target), {*_names(node.value)}))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            made += [(one, {*_names(node.iter)}) for one in _names(node.target)]
        elif isinstance(node, ast.keyword) and node.arg is not None:
            made.append((node.arg, {*_names(node.value)}))
    found = set(names)
    while True:
        more = {name for target, of in made if target in found for name in of}
        if more <= found:
            return frozenset(found)
        found |= more


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _terms(expression: Any) -> Iterator[tuple[str, str]]:
    """("path", pointer) and (type, constant) of a manifest's expression."""
    if isinstance(expression, Mapping):
        for word, inside in expression.items():
            if word in ("path", "new", "old"):
                yield "path", inside[1] if isinstance(inside, list) else inside
            elif word == "const":
                yield inside[0], inside[1]
            else:
                yield from _terms(inside)
    elif isinstance(expression, list):
        for one in expression:
            yield from _terms(one)


def _pointers(tree: Any) -> Iterator[str]:
    """The pointers at which a gate names persons."""
    if isinstance(tree, Mapping):
        for word, inside in tree.items():
            if word in ("actor", "actors") and isinstance(inside, str):
                yield inside
            elif word in ("decide", "formula", "any", "all", "quorum", "points", "apart", "veto"):
                yield from _pointers(inside)
    elif isinstance(tree, list):
        for one in tree:
            yield from _pointers(one)


def _clock(tree: ast.AST, program: ProgramInfo) -> bool:
    read_there = {"now", "started_at", "at"} & {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    calendars = any(
        step[0] == "on" for gate in program.manifest["gates"].values() for step in gate["clock"]
    )
    return bool(read_there) or calendars

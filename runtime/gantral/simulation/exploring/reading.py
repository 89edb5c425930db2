"""What of a program its ways can hang on: names and constants, read from the generated code.

It errs to one side: a name that stands in a condition anywhere counts everywhere.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import getsource
from typing import Any, Final

from gantral.evidence.planned import statement_of
from gantral.runtime.programs import ProgramInfo
from gantral.simulation.exploring.relevant import Asks, Body, bodies, site_of
from gantral.simulation.exploring.shaped import Shape, shape_of
from gantral.simulation.exploring.whole import whole

# What reads its first argument to choose a way.
_READS: Final = frozenset({"require", "sleep", "sleep_until", "rounds", "read_json_"})


@dataclass(frozen=True)
class Reading:
    """``names``: of fields and values that conditions read. ``numbers``, ``texts``: what they are
    compared with. ``clock``: whether the program reads what time it is; ``deciders``: or who
    decided. ``later``: site -> the names that conditions read which may be met from there on.
    ``whole``: of the names those of records and lists that are read as they are. ``casts``: the
    shapes of the records that a `json` is read as.
    """

    names: frozenset[str]
    numbers: frozenset[str]
    texts: frozenset[str]
    clock: bool
    deciders: bool
    later: Mapping[str, frozenset[str]]
    whole: frozenset[str]
    casts: tuple[Shape, ...]

    def live(self, site: str) -> frozenset[str]:
        """What may still be read in a condition by a run that stands at this site."""
        return self.later.get(statement_of(site), self.names)


def read(program: ProgramInfo) -> Reading:
    """Read a program's generated workflow and its manifest."""
    module = import_module(f"{program.package}.workflow")
    tree = ast.parse(getsource(module))
    conditions = [*_conditions(tree)]
    names = {name for one in conditions for name in _names(one)}
    numbers: set[str] = set()
    texts: set[str] = set()
    for one in conditions:
        for text, number in _constants(one):
            (numbers if number else texts).add(text)
    for gate in program.manifest["gates"].values():
        # A bound of an amendment gives constants, and no names: see `_later`.
        whens = [case["when"] for case in gate["decide"]]
        for expression in (*whens, *gate["amend"].values()):
            for kind, text in _terms(expression):
                if kind == "path" and expression in whens:
                    names.update(text.split("/")[1:])
                elif kind in ("int", "decimal"):
                    numbers.add(text)
                elif kind in ("string", "enum"):
                    texts.add(text)
        for pointer in _pointers(gate):
            names.update(pointer.split("/")[1:])
    chosen = {path.split("/")[-1] for path in _read_by_gates(program)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return Reading(
        _closed(tree, names),
        frozenset(numbers),
        frozenset(texts),
        bool({"now", "started_at", "at"} & attributes),
        "deciders" in attributes,
        _later(tree, program),
        whole(tree, _conditions(tree, each=False), chosen),
        tuple(shape_of(getattr(module, name)) for name in sorted(_casts(tree))),
    )


def merged(readings: Iterable[Reading]) -> Reading:
    """What any of them reads: a family of programs has one story."""
    found = list(readings)
    return Reading(
        frozenset().union(*(one.names for one in found)),
        frozenset().union(*(one.numbers for one in found)),
        frozenset().union(*(one.texts for one in found)),
        any(one.clock for one in found),
        any(one.deciders for one in found),
        {site: names for one in found for site, names in one.later.items()}
        if len(found) == 1
        else {},
        frozenset().union(*(one.whole for one in found)),
        tuple(cast for one in found for cast in one.casts),
    )


def standing(
    programs: Iterable[ProgramInfo], reading: Reading
) -> tuple[dict[str, dict[str, Body | None]], bool]:
    """Of each workflow what counts where a run of it stands, and whether values name persons.
    ``reading``: of all of them."""
    found, named = {}, False
    for program in programs:
        tree = ast.parse(getsource(import_module(f"{program.package}.workflow")))
        gates = {gate: frozenset(_chooses(program, gate)) for gate in program.manifest["gates"]}
        found[program.workflow_id] = bodies(tree, Asks(gates, reading.names))
        named = named or '["person"]' in json.dumps(program.manifest)
    return found, named


def _conditions(tree: ast.AST, *, each: bool = True) -> Iterator[ast.expr]:
    """What ways hang on. ``each``: lists too that a loop goes through."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.BoolOp):
            yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _READS or (each and node.func.attr == "each"):
                yield from node.args[:1]
            for keyword in node.keywords:
                if keyword.arg in ("only_if", "within"):
                    yield keyword.value
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("still_"):
            yield from (one.value for one in node.body if isinstance(one, ast.Return) and one.value)


def _casts(tree: ast.AST) -> set[str]:
    """The names of the records that a `json` is read as."""
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "read_json_"
        and isinstance(node.value, ast.Name)
    }


def _later(tree: ast.AST, program: ProgramInfo) -> dict[str, frozenset[str]]:
    """For each site of a call, an ask or a wait: what the conditions behind it read, those of the
    loops around it too, and what chooses the case of `decide`. What only bounds an amendment is
    left out: how much may be amended is tried with the usual values alone."""
    loops = [
        (node.lineno, node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While))
    ]
    conditions = [
        (one.lineno, {*_names(one)}) for one in _conditions(tree) if not _again(tree, one)
    ]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in calls:
        for keyword in node.keywords:
            gate = site_of(keyword.value).split("/")[0]
            if keyword.arg == "site" and gate in program.manifest["gates"]:
                # Read where the gate is asked, and again about what is decided.
                conditions.append(((node.end_lineno or 0) + 1, _chooses(program, gate)))
    found: dict[str, frozenset[str]] = {}
    for node in calls:
        for keyword in node.keywords:
            if keyword.arg in ("call", "site"):
                here, around = (
                    node.end_lineno or 0,
                    [span for span in loops if span[0] <= node.lineno <= span[1]],
                )
                names = {
                    name
                    for line, read in conditions
                    if line > here or any(first <= line <= last for first, last in around)
                    for name in read
                }
                found[site_of(keyword.value)] = _closed(tree, names)
    return found


def _chooses(program: ProgramInfo, gate: str) -> set[str]:
    return {name for path in _paths(program, gate) for name in path.split("/")[1:]}


def _paths(program: ProgramInfo, gate: str) -> Iterator[str]:
    """The pointers to what chooses the case of `decide`, and to whom it names."""
    rules = program.manifest["gates"][gate]
    for case in rules["decide"]:
        yield from (text for kind, text in _terms(case["when"]) if kind == "path")
    yield from _pointers(rules)


def _read_by_gates(program: ProgramInfo) -> Iterator[str]:
    for gate in program.manifest["gates"]:
        yield from _paths(program, gate)


def _again(tree: ast.AST, condition: ast.expr) -> bool:
    return any(
        node.lineno <= condition.lineno <= (node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("still_")
    )


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
    """With the names that the values of these names are made of, and chosen by."""
    made = [*_made(tree, frozenset())]
    found = set(names)
    while True:
        more = {name for target, of in made if target in found for name in of}
        if more <= found:
            return frozenset(found)
        found |= more


def _made(tree: ast.AST, around: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    """(name, the names that it is made of), with those of the conditions around. What is awaited
    is told by the world, whatever it was asked with."""
    for node in ast.iter_child_nodes(tree):
        inside = around
        if isinstance(node, (ast.If, ast.IfExp, ast.While)):
            inside = around | {*_names(node.test)}
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            inside = around | {*_names(node.iter)}
            yield from ((one, {*inside}) for one in _names(node.target))
        told = isinstance(getattr(node, "value", None), ast.Await)
        if isinstance(node, ast.Assign):
            of = set() if told else {*_names(node.value)}
            yield from ((_target(one), of | inside) for one in node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            yield _target(node.target), (set() if told else {*_names(node.value)}) | inside
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for one in ast.walk(node):
                if isinstance(one, ast.Return) and one.value is not None:
                    yield node.name, {*_names(one)}
        elif isinstance(node, ast.Call) and _makes(node.func):
            yield from ((one.arg, {*_names(one.value)}) for one in node.keywords if one.arg)
        yield from _made(node, inside)


def _makes(called: ast.expr) -> bool:
    """Whether a call makes a record or a proposal: its keywords are fields that are read later."""
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Name) and called.value.id == "gates"
    return isinstance(called, ast.Name) and called.id[:1].isupper()


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

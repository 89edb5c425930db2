"""Whether the code of a generated workflow is one that a sandbox has nothing to keep from.

Temporal executes a workflow's module anew for each instance, so that it shares no state and finds
no clock, chance or file. Code as `gantral compile` writes it holds none of these: it names the
runtime and its own models, and no more. Such code is loaded once (docs/adr/0184); all other runs
in the sandbox.
"""

from __future__ import annotations

import ast
from typing import Final

_RUNTIME: Final = "gantral.runtime"
_OWN: Final = frozenset({"types", "services", "zones"})
# module -> the names that may come from it.
_STANDARD: Final = {
    "__future__": frozenset({"annotations"}),
    "typing": frozenset({"Annotated", "Any", "ClassVar", "Literal", "cast"}),
    "datetime": frozenset({"date", "datetime", "timedelta"}),
    "decimal": frozenset({"Decimal"}),
}
# Name -> the attributes that may be read of it: two could tell the time, one leads to modules.
_ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "date": frozenset(),
    "datetime": frozenset(),
    "contextlib": frozenset({"suppress"}),
}
_BUILTINS: Final = frozenset(
    "bool dict enumerate int isinstance len list range str tuple type".split()
)


def is_plain(source: str) -> bool:
    """Whether a module imports the runtime, its own models and names of values alone, and reads no
    other name that it does not bind itself. Of what can't be parsed nothing is known: False."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    nodes = list(ast.walk(tree))
    bound = {name for node in nodes for name in _binds(node)}
    return all(_may_stand(node, bound) for node in nodes)


def _binds(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
            return [name]
        case ast.arg(arg=name):
            return [name]
        case ast.alias(name=name, asname=other):
            return [other or name]
    return []


def _may_stand(node: ast.AST, bound: set[str]) -> bool:
    match node:
        case ast.Import(names=names):
            return all(one.name == "contextlib" and one.asname is None for one in names)
        case ast.ImportFrom(module=str(module), level=0, names=names):
            if module == _RUNTIME:
                return True
            # Under its own name, by which it is known below.
            allowed = _STANDARD.get(module, frozenset())
            return all(one.name in allowed and one.asname is None for one in names)
        case ast.ImportFrom(module=module, level=level):
            return level == 1 and module in _OWN
        case ast.Name(id=name, ctx=ast.Load()):
            return name in bound or name in _BUILTINS
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return not attribute.startswith("__") and (
                name not in _ATTRIBUTES or attribute in _ATTRIBUTES[name]
            )
        case ast.Attribute(attr=attribute):
            return not attribute.startswith("__")
        case ast.Global() | ast.Nonlocal() | ast.Delete():
            return False
    return True

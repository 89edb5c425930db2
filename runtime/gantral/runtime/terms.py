"""Manifest terms and pointers applied to spec-named wire values (docs/manifest.md). Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"[./]")


def pick(value: Any, path: str) -> Any:
    """The subtree at ``/a/b``, ``.a.b`` or ``a.b``; None where an optional is absent."""
    for step in filter(None, _STEP.split(path)):
        if value is None:
            return None
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    return value


def place(target: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted argument name ("amount.currency"); an absent value is left out."""
    *outer, last = name.split(".")
    for step in outer:
        target = target.setdefault(step, {})
    if value is not None:
        target[last] = value


def constant(kind: str, text: str) -> Any:
    """The wire value of a manifest constant."""
    if kind == "int":
        return int(text)
    if kind == "bool":
        return text == "true"
    return text


def undo_arguments(
    terms: Mapping[str, Any], arguments: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The arguments of an undo: from the arguments and the result of the call that it undoes.

    Raises:
        KeyError: for a term that an undo cannot have.
    """
    found: dict[str, Any] = {}
    for name, term in terms.items():
        ((kind, body),) = term.items()
        if kind == "result":
            value = pick(result, body[1])
        elif kind == "path":
            value = pick(arguments, body)
        elif kind == "const":
            value = constant(*body)
        else:
            raise KeyError(kind)
        place(found, name, copy.deepcopy(value))
    return found


def planned(plan: Mapping[str, Any], proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plan of a gate with the values of a proposal, for people: what a yes sets off.

    Each argument is [dotted name, wire value]; one that is known only later is
    [dotted name, {"result": call id}], one that another yes shows [dotted name, {"under": its gate,
    or its ask}], one that is computed [dotted name, {"computed": {}}], one of an element
    [dotted name, {"each": [list, loop, field, …]}] by its pointers.
    """
    shown = []
    for call, entry in sorted(plan.items()):
        arguments: list[list[Any]] = []
        for name, term in sorted(entry["arguments"].items()):
            ((kind, body),) = term.items()
            if kind == "path":
                arguments.append([name, pick(proposal, body)])
            elif kind == "const":
                arguments.append([name, constant(*body)])
            elif kind == "result":
                arguments.append([name, {"result": body[0]}])
            elif kind == "each":
                arguments.append([name, {"each": body}])
            elif kind == "under":
                arguments.append([name, {"under": body[0]}])
            else:
                arguments.append([name, {"computed": {}}])
        shown.append(
            {
                "call": call,
                "operation": entry["operation"],
                "at_most": entry["at_most"],
                "undo": entry["undo"],
                "arguments": arguments,
            }
        )
    return shown


def amended(
    proposal: Mapping[str, Any], amendment: Mapping[str, str], shape: list[Any]
) -> dict[str, Any]:
    """The proposal with amended leaves (pointer -> leaf text) in their wire form.

    ``shape`` is the gate's parameters in the manifest.

    Raises:
        KeyError: for a pointer that the shape does not have.
    """
    decided = copy.deepcopy(dict(proposal))
    for pointer, text in amendment.items():
        *outer, last = pointer.strip("/").split("/")
        target: Any = decided
        at = shape
        for step in (*outer, last):
            at = _field(at, step)
        for step in outer:
            target = target.setdefault(step, {})
        target[last] = constant(_bare(at)[0], text)
    return decided


def _bare(shape: list[Any]) -> list[Any]:
    return _bare(shape[1]) if shape[0] == "optional" else shape


def _field(shape: list[Any], name: str) -> list[Any]:
    for known, inner, *_ in _bare(shape)[1]:
        if known == name:
            found: list[Any] = inner
            return found
    raise KeyError(name)

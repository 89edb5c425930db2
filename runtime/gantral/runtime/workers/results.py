"""A result back from its leaves: a repeat finds the outcome and must give the same value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.policy.shapes import Shape, ShapeError

_ABSENT = "{}"
_EMPTY = "[]"


def wire_result(shape: Shape, values: Mapping[str, str], pointer: str = "") -> Any:
    """The spec-named wire value of ``pointer -> leaf value``; None for an absent optional.

    Raises:
        ShapeError: a leaf is missing; or it is a person, whose leaf holds the actor id alone.
    """
    kind = shape[0]
    if kind == "optional":
        return None if values.get(pointer) == _ABSENT else wire_result(shape[1], values, pointer)
    if kind == "record":
        fields = (
            (name, wire_result(inner, values, f"{pointer}/{name}")) for name, inner, _ in shape[1]
        )
        return {name: value for name, value in fields if value is not None}
    if kind == "list":
        if values.get(pointer) == _EMPTY:
            return []
        found: list[Any] = []
        while any(_under(path, f"{pointer}/{len(found)}") for path in values):
            found.append(wire_result(shape[2], values, f"{pointer}/{len(found)}"))
        return found
    if pointer not in values:
        raise ShapeError(pointer, "its leaf is missing")
    if kind == "person":
        raise ShapeError(pointer, "a person can't be told from evidence")
    text = values[pointer]
    return int(text) if kind == "int" else text == "true" if kind == "bool" else text


def _under(path: str, pointer: str) -> bool:
    return path == pointer or path.startswith(pointer + "/")

"""Values held against the manifest's shapes (docs/manifest.md).

A value is spec-named wire JSON: text, JSON integer, JSON boolean, list, object. A shape is the
manifest's text-only list, ``["decimal", {"scale": "2", "min": "0", "max": "none"}]``. Everything
here is strict: nothing is converted, trimmed or rounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gantral.evidence.errors import EvidenceError
from gantral.evidence.forms import duration_ms
from gantral.evidence.opaque import read_json_text

Shape = list[Any]
_NONE = "none"
_ABSENT = "{}"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class ShapeError(ValueError):
    """A value that does not have its shape. ``pointer`` says where, ``why`` in words."""

    def __init__(self, pointer: str, why: str) -> None:
        self.pointer = pointer
        self.why = why
        super().__init__(f"{pointer or '/'}: {why}")


def check(shape: Shape, value: Any, pointer: str = "") -> None:
    """Return when ``value`` has ``shape``, refinements included.

    Raises:
        ShapeError: at the first place where it has not.
    """
    _CHECKS[shape[0]](shape, value, pointer)


def leaves(shape: Shape, value: Any, pointer: str = "") -> dict[str, Any]:
    """The leaf values of a checked value: pointer -> text; absent is ``{}``, an empty list ``[]``.

    A person's leaf is its claim value here; :func:`persons` names those pointers, whose leaf in a
    context is the actor id instead.
    """
    return {path: text for path, text, _ in _walk(shape, value, pointer)}


def persons(shape: Shape, value: Any, pointer: str = "") -> dict[str, str]:
    """pointer -> claim value of every person in a checked value."""
    return {path: str(text) for path, text, kind in _walk(shape, value, pointer) if kind}


def at(shape: Shape, path: str) -> Shape:
    """The shape at a pointer of spec names, optionals stepped through.

    Raises:
        KeyError: the shape has no such place.
    """
    for step in path.split("/")[1:]:
        shape = bare(shape)
        if shape[0] == "record":
            shape = {name: inner for name, inner, _ in shape[1]}[step]
        elif shape[0] == "list" and step.isdigit():
            shape = shape[2]
        else:
            raise KeyError(path)
    return shape


def bare(shape: Shape) -> Shape:
    """The shape without the optional around it."""
    return bare(shape[1]) if shape[0] == "optional" else shape


def _walk(shape: Shape, value: Any, pointer: str) -> Iterator[tuple[str, Any, bool]]:
    kind = shape[0]
    if kind == "optional":
        yield from _walk(shape[1], value, pointer)
    elif kind == "record":
        if not shape[1] and pointer:
            yield pointer, {}, False
        for name, inner, _ in shape[1]:
            where = f"{pointer}/{name}"
            if name in value:
                yield from _walk(inner, value[name], where)
            else:
                yield where, {}, False
    elif kind == "list":
        if not value:
            yield pointer, [], False
        for index, item in enumerate(value):
            yield from _walk(shape[2], item, f"{pointer}/{index}")
    elif kind == "int":
        yield pointer, str(value), False
    elif kind == "bool":
        yield pointer, "true" if value else "false", False
    else:
        yield pointer, value, kind == "person"


def _text(value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise ShapeError(pointer, f"text is wanted, not {_kind(value)}")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ShapeError(pointer, "half a surrogate pair is no text")
    return value


def _kind(value: Any) -> str:
    names: Mapping[type, str] = {
        bool: "a boolean", int: "an integer", float: "a number with a point",
        dict: "an object", list: "a list", str: "text", type(None): "null",
    }  # fmt: skip
    return names.get(type(value), "something else")


def _bounds(pointer: str, number: Decimal | int, bounds: Mapping[str, str], what: str) -> None:
    low, high = bounds.get("min", _NONE), bounds.get("max", _NONE)
    if low != _NONE and number < Decimal(low):
        raise ShapeError(pointer, f"{what} is under the least, {low}")
    if high != _NONE and number > Decimal(high):
        raise ShapeError(pointer, f"{what} is over the most, {high}")


def _string(shape: Shape, value: Any, pointer: str) -> None:
    text = _text(value, pointer)
    _bounds(pointer, len(text), shape[1], "its length")
    pattern = shape[1].get("pattern", _NONE)
    if pattern != _NONE and re.fullmatch(pattern, text) is None:
        raise ShapeError(pointer, f"it does not match {pattern}")


def _int(shape: Shape, value: Any, pointer: str) -> None:
    if type(value) is not int:
        raise ShapeError(pointer, f"an integer is wanted, not {_kind(value)}")
    _bounds(pointer, value, shape[1], "it")


def _decimal(shape: Shape, value: Any, pointer: str) -> None:
    text, scale = _text(value, pointer), int(shape[1]["scale"])
    tail = rf"\.\d{{{scale}}}" if scale else ""
    if re.fullmatch(rf"-?(0|[1-9]\d{{0,200}}){tail}", text, re.ASCII) is None:
        raise ShapeError(pointer, f"a decimal with exactly {scale} places is wanted, as text")
    if text.startswith("-") and not Decimal(text):
        raise ShapeError(pointer, "zero has no sign")
    _bounds(pointer, Decimal(text), shape[1], "it")


def _bool(shape: Shape, value: Any, pointer: str) -> None:
    if type(value) is not bool:
        raise ShapeError(pointer, f"a boolean is wanted, not {_kind(value)}")


def _date(shape: Shape, value: Any, pointer: str) -> None:
    text = _text(value, pointer)
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise ShapeError(pointer, "a date is wanted, as 2026-11-23") from None


def _instant(shape: Shape, value: Any, pointer: str) -> None:
    text = _text(value, pointer)
    try:
        if _INSTANT.fullmatch(text) is None:
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError:
        raise ShapeError(pointer, "an instant is wanted, as 2026-11-23T10:00:00.000Z") from None


def _duration(shape: Shape, value: Any, pointer: str) -> None:
    text = _text(value, pointer)
    try:
        length = duration_ms(text)
    except EvidenceError:
        raise ShapeError(pointer, "a duration is wanted, as PT1H30M") from None
    bounds = shape[1] if len(shape) > 1 else {}
    for bound, wrong in (("min", length.__lt__), ("max", length.__gt__)):
        limit = bounds.get(bound, _NONE)
        if limit != _NONE and wrong(duration_ms(limit)):
            raise ShapeError(pointer, f"it is outside its bound, {limit}")


def _person(shape: Shape, value: Any, pointer: str) -> None:
    text = _text(value, pointer)
    if not text or len(text) > 256 or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ShapeError(pointer, "a person is wanted: one identity claim's value")


def _json(shape: Shape, value: Any, pointer: str) -> None:
    try:
        read_json_text(_text(value, pointer))
    except EvidenceError as error:
        raise ShapeError(pointer, f"no json: {error.message}") from None


def _enum(shape: Shape, value: Any, pointer: str) -> None:
    if _text(value, pointer) not in shape[1]:
        raise ShapeError(pointer, f"one of {', '.join(shape[1])} is wanted")


def _list(shape: Shape, value: Any, pointer: str) -> None:
    if not isinstance(value, list):
        raise ShapeError(pointer, f"a list is wanted, not {_kind(value)}")
    _bounds(pointer, len(value), shape[1], "its length")
    for index, item in enumerate(value):
        check(shape[2], item, f"{pointer}/{index}")


def _record(shape: Shape, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        raise ShapeError(pointer, f"an object is wanted, not {_kind(value)}")
    fields = {name: inner for name, inner, _ in shape[1]}
    for name in value:
        if name not in fields:
            raise ShapeError(f"{pointer}/{name}", "there is no such field")
    for name, inner in fields.items():
        if name in value:
            check(inner, value[name], f"{pointer}/{name}")
        elif inner[0] != "optional":
            raise ShapeError(f"{pointer}/{name}", "it is missing")


def _optional(shape: Shape, value: Any, pointer: str) -> None:
    # Absent is a key left out (docs/manifest.md): null never stands for it, nor does a text.
    if value == _ABSENT:
        raise ShapeError(pointer, "the text {} stands for absent in evidence, so it is no value")
    check(shape[1], value, pointer)


_CHECKS: dict[str, Callable[[Shape, Any, str], None]] = {
    "string": _string,
    "int": _int,
    "decimal": _decimal,
    "bool": _bool,
    "date": _date,
    "instant": _instant,
    "duration": _duration,
    "json": _json,
    "person": _person,
    "enum": _enum,
    "list": _list,
    "record": _record,
    "optional": _optional,
}

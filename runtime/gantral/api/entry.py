"""Values on their way in: brought to the one form, then held against the manifest's shape.

Text becomes NFC, a decimal comes to its scale (``40`` is ``40.00``; ``40.005`` is refused, DESIGN
section 5). Everything wrong is found, each with its JSON pointer, so that a form can show it all.
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any

from gantral.api.problems import FieldError, Problem
from gantral.evidence import EvidenceError
from gantral.evidence.opaque import json_text
from gantral.policy import ShapeError, shapes

_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,199})(\.\d{1,200})?", re.ASCII)


def read_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no member twice, no NaN, no fraction (a decimal is text).

    Raises:
        Problem: 400 body_not_json.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_no_double,
            parse_constant=_refuse,
            parse_float=_refuse,
        )
        # An escape can still make half a surrogate pair, which no answer of ours could repeat.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, _WrongError) else "it can't be read"
        raise Problem(
            400, "body_not_json", f"the body is no strict JSON: {why}", "send one JSON object"
        ) from None


def enter(shape: shapes.Shape, value: Any, pointer: str = "") -> tuple[Any, list[FieldError]]:
    """Bring ``value`` to the form of ``shape``; returns it with everything that is wrong in it."""
    kind = shape[0]
    if kind == "optional":
        return enter(shape[1], value, pointer)
    if kind == "record" and isinstance(value, dict):
        return _enter_record(shape, value, pointer)
    if kind == "list" and isinstance(value, list):
        return _enter_list(shape, value, pointer)
    if kind == "json":
        try:
            return json_text(value), []
        except EvidenceError as error:
            return value, [FieldError(pointer, error.message)]
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value)
    if kind == "decimal":
        value = _to_scale(value, int(shape[1]["scale"]))
    try:
        shapes.check(shape, value, pointer)
    except ShapeError as error:
        return value, [FieldError(error.pointer, error.why)]
    return value, []


def _enter_record(
    shape: shapes.Shape, value: dict[str, Any], pointer: str
) -> tuple[Any, list[FieldError]]:
    fields = {name: inner for name, inner, _ in shape[1]}
    found: dict[str, Any] = {}
    errors = [
        FieldError(f"{pointer}/{_escaped(name)}", "there is no such field")
        for name in value
        if name not in fields
    ]
    for name, inner in fields.items():
        where = f"{pointer}/{name}"
        if name in value:
            found[name], wrong = enter(inner, value[name], where)
            errors += wrong
        elif inner[0] != "optional":
            errors.append(FieldError(where, "it is missing"))
    return found, errors


def _enter_list(
    shape: shapes.Shape, value: list[Any], pointer: str
) -> tuple[Any, list[FieldError]]:
    pairs = [enter(shape[2], item, f"{pointer}/{index}") for index, item in enumerate(value)]
    items = [item for item, _ in pairs]
    errors = [error for _, wrong in pairs for error in wrong]
    if not errors:
        try:
            shapes.check(shape, items, pointer)
        except ShapeError as error:
            errors = [FieldError(error.pointer, error.why)]
    return items, errors


def _to_scale(value: Any, scale: int) -> Any:
    # Zeros may be added at the end and nothing else: no digit is ever dropped or rounded.
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        return value
    whole, _, part = text.partition(".")
    if len(part.rstrip("0")) > scale:
        return value
    text = f"{whole}.{part[:scale].ljust(scale, '0')}" if scale else whole
    return text.removeprefix("-") if not Decimal(text) else text


class _WrongError(ValueError):
    pass


def _refuse(text: str) -> Any:
    raise _WrongError(f'{text[:40]} is no number here; write a decimal as text, like "40.00"')


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _WrongError("a member stands twice")
    return found


def _escaped(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")

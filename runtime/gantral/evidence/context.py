"""Contexts: plain wire data to leaf values and back to the shape that must hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gantral.evidence import forms
from gantral.evidence.errors import EvidenceError
from gantral.evidence.hashes import leaf
from gantral.evidence.once import once
from gantral.evidence.opaque import read_json_text

ABSENT = "{}"
EMPTY = "[]"
_INT = re.compile(r"(?:0|-?[1-9][0-9]*)\Z")


def make_context(texts: Iterable[Sequence[str]]) -> list[list[str]]:
    """``[[pointer, leaf], …]``, sorted, of texts ``[salt, instance_id, path, value]``."""
    return sorted([text[2], leaf(text)] for text in texts)


def flatten(value: Any, shape: Sequence[Any], pointer: str = "") -> dict[str, str]:
    """Spec-named wire data as ``{pointer: leaf value}`` (docs/manifest.md, FORMAT section 4).

    Absent optionals are ``{}``, empty lists ``[]``. A person's value is taken as it is given:
    the caller puts actor ids there.

    Raises:
        EvidenceError: ``shape``, when the data does not have the shape.
    """
    return dict(_flatten(value, shape, pointer))


def _flatten(value: Any, shape: Sequence[Any], pointer: str) -> Iterator[tuple[str, str]]:
    kind = shape[0]
    if kind == "optional":
        if value is None:
            yield pointer, ABSENT
        else:
            yield from _flatten(value, shape[1], pointer)
    elif kind == "record":
        if not isinstance(value, dict):
            raise _misfit(pointer, "a record is wanted")
        fields = {name: (field, marks) for name, field, marks in shape[1]}
        for name in value.keys() - fields.keys():
            raise _misfit(pointer, f"unknown field {name!r:.40}")
        if not fields:
            yield pointer, ABSENT
        for name, (field, _) in fields.items():
            yield from _flatten(value.get(name), field, f"{pointer}/{name}")
    elif kind == "list":
        if not isinstance(value, list):
            raise _misfit(pointer, "a list is wanted")
        if not value:
            yield pointer, EMPTY
        for index, item in enumerate(value):
            yield from _flatten(item, shape[2], f"{pointer}/{index}")
    else:
        text = scalar_text(value, kind)
        if text is None:
            raise _misfit(pointer, f"no {kind}: {value!r:.60}")
        yield pointer, text


def scalar_text(value: Any, kind: str) -> str | None:
    """The leaf value of a scalar wire value, or None if it is none of this kind."""
    if kind == "int":
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
    if kind == "bool":
        return ("true" if value else "false") if isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def misfit(text: str, shape: Sequence[Any]) -> str:
    """Why the leaf value ``text`` is outside the scalar ``shape``, or the empty text.

    Patterns are not judged: the worker did, with an engine that is linear in time.
    """
    kind = shape[0]
    if kind == "optional":
        return "" if text == ABSENT else misfit(text, shape[1])
    try:
        return _misfit_scalar(text, kind, shape[1] if len(shape) > 1 else {})
    except (EvidenceError, ArithmeticError, ValueError):
        return f"{text[:40]!r} is no {kind}"


def _misfit_scalar(text: str, kind: str, limits: Any) -> str:
    size: Any = None
    if kind == "string":
        size = Decimal(len(text))
    elif kind == "int":
        if not _INT.match(text) or len(text) > 40:
            return f"{text[:40]!r} is no int"
        size = Decimal(text)
    elif kind == "decimal":
        scale = int(limits["scale"])
        form = r"-?(?:0|[1-9][0-9]{0,37})" + (rf"\.[0-9]{{{scale}}}" if scale else "")
        if not re.fullmatch(form, text) or (text.startswith("-") and Decimal(text) == 0):
            return f"{text[:40]!r} has not the scale {scale}"
        size = Decimal(text)
    elif kind == "bool":
        return "" if text in ("true", "false") else f"{text[:40]!r} is no bool"
    elif kind == "date":
        forms.date_days(text)
    elif kind == "instant":
        forms.instant_ms(text)
    elif kind == "duration":
        size = Decimal(forms.duration_ms(text))
    elif kind == "enum":
        return "" if text in limits else f"{text[:40]!r} is none of {', '.join(limits)}"
    elif kind == "json":
        read_json_text(text)
    elif kind == "person":
        return "" if forms.is_actor(text) else "a person is an actor id here"
    else:
        return f"{kind} holds no single value"
    if size is not None:
        for name, wrong in (("min", size.__lt__), ("max", size.__gt__)):
            bound = limits.get(name, "none")
            if bound != "none":
                edge = (
                    Decimal(forms.duration_ms(bound))
                    if kind == "duration"
                    else forms.decimal(bound)
                )
                if wrong(edge):
                    return f"{text[:40]!r} is outside {name} {bound}"
    return ""


def shape_at(shape: Sequence[Any], pointer: str) -> Sequence[Any] | None:
    """The shape at a JSON pointer below ``shape``, or None. Optionals are looked through, save
    at the end."""
    parts = pointer.split("/")[1:]
    for part in parts:
        while shape[0] == "optional":
            shape = shape[1]
        if shape[0] == "record":
            found = next((field for name, field, _ in shape[1] if name == part), None)
            if found is None:
                return None
            shape = found
        elif shape[0] == "list" and forms.is_number(part):
            shape = shape[2]
        else:
            return None
    return shape


def covers(shape: Sequence[Any], pointers: Iterable[str], prefix: str = "") -> str:
    """Why the leaves at ``pointers`` are not exactly those of a value of ``shape``, or "".

    Source: FORMAT section 4; a proposal with a field too few or too many was never shown.
    """
    given, only = list(pointers), _only(shape)
    if only is not None and given == [prefix + rest for rest in only]:
        return ""
    tree: dict[str, Any] = {}
    for pointer in given:
        if not pointer.startswith(prefix) or (
            pointer != prefix and pointer[len(prefix) : len(prefix) + 1] != "/"
        ):
            return f"{pointer[:80]} is no part of it"
        node = tree
        for part in pointer[len(prefix) :].split("/")[1:]:
            node = node.setdefault(part, {})
        if node:
            return f"{pointer[:80]} is a leaf and more"
        node[""] = {}
    return _covers(shape, tree, prefix)


@once
def _only(shape: Sequence[Any]) -> list[str] | None:
    """The pointers below a shape, sorted, when every value of it has the same ones."""
    kind = shape[0]
    if kind in ("optional", "list"):
        return None
    if kind != "record" or not shape[1]:
        return [""]
    found = []
    for name, field, _ in shape[1]:
        below = _only(field)
        if below is None:
            return None
        found += [f"/{name}{rest}" for rest in below]
    return sorted(found)


def _covers(shape: Sequence[Any], tree: Mapping[str, Any], pointer: str) -> str:
    is_leaf = "" in tree
    if is_leaf and len(tree) > 1:
        return f"{pointer} is a leaf and more"
    kind = shape[0]
    if kind == "optional":
        return "" if is_leaf else _covers(shape[1], tree, pointer)
    if kind == "record" and shape[1]:
        names = [name for name, _, _ in shape[1]]
        if is_leaf or set(names) != tree.keys():
            return f"{pointer or '/'} has not exactly the fields {', '.join(names)}"
        for name, field, _ in shape[1]:
            if wrong := _covers(field, tree[name], f"{pointer}/{name}"):
                return wrong
        return ""
    if kind == "list":
        if is_leaf:
            return ""
        if tree.keys() != {str(index) for index in range(len(tree))} or not tree:
            return f"{pointer} has not exactly its items"
        for index in range(len(tree)):
            if wrong := _covers(shape[2], tree[str(index)], f"{pointer}/{index}"):
                return wrong
        return ""
    return "" if is_leaf else f"{pointer} is no single value"


def _misfit(pointer: str, message: str) -> EvidenceError:
    return EvidenceError("shape", f"{pointer or '/'}: {message}")

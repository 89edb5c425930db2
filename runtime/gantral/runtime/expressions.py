"""The functions of the language that Python has not, or has otherwise (LANGUAGE section 4).

Generated code calls them as ``expressions.trim(x)``. All are total; text results are NFC, order is
by code point.
"""

from __future__ import annotations

import builtins
import unicodedata
from decimal import Decimal
from typing import Any, TypeVar

from gantral.runtime import forms
from gantral.runtime import values as _values

T = TypeVar("T")


def concat(*parts: str) -> str:
    """Join texts; the result is NFC (two NFC texts side by side need not be)."""
    return unicodedata.normalize("NFC", "".join(parts))


def text(value: Any) -> str:
    """The spec text of a scalar: what ``{expr}`` in a text shows."""
    return _values.text(value)


def len(value: str | tuple[Any, ...]) -> int:
    """Code points of a text, elements of a list."""
    return builtins.len(value)


def contains(value: str | tuple[Any, ...], item: Any) -> bool:
    """Whether a text holds a text, or a list an element."""
    return item in value


def starts_with(value: str, start: str) -> bool:
    """Whether a text begins with another."""
    return value.startswith(start)


def ends_with(value: str, end: str) -> bool:
    """Whether a text ends with another."""
    return value.endswith(end)


def lower(value: str) -> str:
    """Lower case by Unicode, no locale."""
    return concat(value.lower())


def upper(value: str) -> str:
    """Upper case by Unicode, no locale."""
    return concat(value.upper())


def trim(value: str) -> str:
    """Without white space at either end."""
    return value.strip()


def min(items: tuple[T, ...]) -> T | None:
    """The least element, none of an empty list."""
    return builtins.min(items, default=None)  # type: ignore[type-var]


def max(items: tuple[T, ...]) -> T | None:
    """The greatest element, none of an empty list."""
    return builtins.max(items, default=None)  # type: ignore[type-var]


def coalesce(value: T | None, default: T) -> T:
    """``a ?? b``."""
    return default if value is None else value


def as_json(*members: tuple[str, _values.Json]) -> _values.Json:
    """A record of json values as one json, under the names of the spec."""
    return _values.Json.of({name: value.value() for name, value in members})


def widen(value: int | Decimal, scale: int) -> Decimal:
    """A number as a decimal of this scale, which is no smaller than its own."""
    return forms.to_scale(Decimal(value), scale)

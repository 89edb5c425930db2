"""The functions of the language that Python has not, or has otherwise (LANGUAGE section 4).

Generated code calls them as ``expressions.trim(x)``. Text results are NFC, order is by code point,
arithmetic is exact: where a result has no value an ArithmeticError is raised, which ends the run as
a failed action.
"""

from __future__ import annotations

import builtins
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812 - `date` is a function here
from decimal import Decimal
from typing import Any, Literal, TypeAlias, TypeVar, overload

from gantral.runtime import forms
from gantral.runtime import kinds as _kinds
from gantral.runtime import values as _values
from gantral.runtime.zones import Zone

T = TypeVar("T")
U = TypeVar("U")
N = TypeVar("N", int, Decimal, timedelta)

Rounding: TypeAlias = Literal["ceiling", "down", "floor", "half_down", "half_even", "half_up", "up"]


def concat(*parts: str) -> str:
    """Join texts; the result is NFC (two NFC texts side by side need not be)."""
    return unicodedata.normalize("NFC", "".join(parts))


def within(value: T, *held: _kinds.Check) -> T:
    """The value, held to what the type that it enters refines, outermost first: a list's size, then
    its elements. What is absent is within.

    Raises:
        pydantic.ValidationError: it is outside.
    """
    _kinds.hold(value, held)
    return value


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


def join(items: Iterable[str], separator: str) -> str:
    """The texts with the separator between each two."""
    return concat(separator.join(items))


def sum(items: Iterable[N], zero: N) -> N:
    """The sum, ``zero`` of nothing."""
    total = zero
    for item in items:
        total = total + item
    return total


def count(items: Iterable[Any]) -> int:
    """How many elements there are."""
    return builtins.sum(1 for _ in items)


def min(items: Iterable[T]) -> T | None:
    """The least element, the first of equal ones; none of an empty list."""
    return builtins.min(items, default=None)  # type: ignore[type-var]


def max(items: Iterable[T]) -> T | None:
    """The greatest element, the first of equal ones; none of an empty list."""
    return builtins.max(items, default=None)  # type: ignore[type-var]


def any(items: Iterable[bool]) -> bool:
    """Whether one is true; no element after it is computed."""
    return builtins.any(items)


def all(items: Iterable[bool]) -> bool:
    """Whether none is false; no element after one is computed."""
    return builtins.all(items)


def first(items: Iterable[T]) -> T | None:
    """The first element, none of an empty list; no other is computed."""
    return next(iter(items), None)


def last(items: Iterable[T]) -> T | None:
    """The last element, none of an empty list."""
    found = None
    for item in items:
        found = item
    return found


def sorted(items: Iterable[T]) -> tuple[T, ...]:
    """The elements rising; equal ones keep their order."""
    return tuple(builtins.sorted(items))  # type: ignore[type-var]


def distinct(items: Iterable[T]) -> tuple[T, ...]:
    """Of equal elements the first, in order."""
    return tuple(dict.fromkeys(items))


@overload
def mod(value: int, *, by: int) -> int: ...
@overload
def mod(value: Decimal, *, by: int | Decimal) -> Decimal: ...
@overload
def mod(value: int | Decimal, *, by: Decimal) -> Decimal: ...
def mod(value: int | Decimal, *, by: int | Decimal) -> int | Decimal:
    """What ``div`` with ``floor`` leaves: zero or of the sign of ``by``.

    Raises:
        ZeroDivisionError: if ``by`` is zero.
    """
    if isinstance(value, int) and isinstance(by, int):
        return value % by
    scale = builtins.max(_scale(value), _scale(by))
    rest = _whole(value, scale) % _whole(by, scale)
    return _scaled(rest, scale)


@overload
def div(value: int | Decimal, *, by: int | Decimal, rounding: Rounding) -> int: ...
@overload
def div(value: int | Decimal, *, by: int | Decimal, scale: int, rounding: Rounding) -> Decimal: ...
def div(
    value: int | Decimal, *, by: int | Decimal, scale: int | None = None, rounding: Rounding
) -> int | Decimal:
    """The quotient, exact, brought to ``scale`` digits after the point, or to an int.

    Raises:
        ZeroDivisionError: if ``by`` is zero.
    """
    own = builtins.max(_scale(value), _scale(by))
    found = _rounded(_whole(value, own) * 10 ** (scale or 0), _whole(by, own), rounding)
    return found if scale is None else _scaled(found, scale)


@overload
def round(value: int | Decimal, *, rounding: Rounding) -> int: ...
@overload
def round(value: int | Decimal, *, scale: int, rounding: Rounding) -> Decimal: ...
def round(value: int | Decimal, *, scale: int | None = None, rounding: Rounding) -> int | Decimal:
    """The number brought to ``scale`` digits after the point, or to an int."""
    return (
        div(value, by=1, rounding=rounding)
        if scale is None
        else div(value, by=1, scale=scale, rounding=rounding)
    )


def date(value: datetime, *, zone: Literal["UTC"] | Zone) -> Date:
    """The day on which an instant is, in the zone. Raises OverflowError where the zone's table has
    no answer."""
    return zone.day(value) if isinstance(zone, Zone) else value.astimezone(UTC).date()


def instant(value: Date, *, zone: Literal["UTC"] | Zone) -> datetime:
    """The first instant of a day in the zone. Raises as ``date``, and for a day that the zone left
    out."""
    if isinstance(zone, Zone):
        return zone.first(value)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def maybe(value: T | None, read: Callable[[T], U]) -> U | None:
    """``read`` of the value, none where that is none."""
    return None if value is None else read(value)


def coalesce(value: T | None, default: T) -> T:
    """``a ?? b``."""
    return default if value is None else value


def as_json(*members: tuple[str, _kinds.Json]) -> _kinds.Json:
    """A record of json values as one json, under the names of the spec."""
    return _kinds.Json.of({name: value.value() for name, value in members})


def widen(value: int | Decimal, scale: int) -> Decimal:
    """A number as a decimal of this scale, which is no smaller than its own.

    Raises:
        OverflowError: where it then has more digits than any decimal.
    """
    try:
        return forms.to_scale(Decimal(value), scale)
    except ValueError as error:
        raise OverflowError(str(error)) from None


def _scale(value: int | Decimal) -> int:
    if isinstance(value, int):
        return 0
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # a value of the language is a finite number
    return builtins.max(-exponent, 0)


def _whole(value: int | Decimal, scale: int) -> int:
    """The number times ten to the scale, which is no smaller than its own."""
    if isinstance(value, int):
        shift: int = 10**scale
        return value * shift
    shifted: Decimal = value.scaleb(scale, forms.EXACT)
    return int(shifted)


def _scaled(value: int, scale: int) -> Decimal:
    return forms.to_scale(Decimal(value).scaleb(-scale, forms.EXACT), scale)


def _rounded(value: int, by: int, rounding: Rounding) -> int:
    """The quotient of two whole numbers, rounded."""
    found, rest = divmod(value, by)
    if not rest:
        return found
    # `found` is the floor; what decides is on which side of the middle the exact quotient is.
    middle = abs(2 * rest) - abs(by)
    negative = found < 0
    match rounding:
        case "floor":
            up = False
        case "ceiling":
            up = True
        case "down":
            up = negative
        case "up":
            up = not negative
        case "half_up":
            up = middle > 0 or (middle == 0 and not negative)
        case "half_down":
            up = middle > 0 or (middle == 0 and negative)
        case "half_even":
            up = middle > 0 or (middle == 0 and found % 2 == 1)
    return found + up

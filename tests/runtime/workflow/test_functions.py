"""The functions of the language against plain Python: exact, total, the same each time."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from gantral.runtime import expressions, forms, text
from gantral.runtime.expressions import Rounding
from gantral.runtime.values import wire
from hypothesis import given
from hypothesis import strategies as st

INTS = st.integers(-(10**30), 10**30)
DECIMALS = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-(10**20), 10**20),
    st.integers(0, 10),
)  # fmt: skip
NUMBERS = st.one_of(INTS, DECIMALS)
SMALL = st.one_of(st.integers(-12, 12), st.decimals(-3, 3, places=1))
SCALES = st.integers(0, 12)
ROUNDINGS: list[Rounding] = [
    "ceiling", "down", "floor", "half_down", "half_even", "half_up", "up",
]  # fmt: skip
# Wide enough that no digit of an exact or a half-way quotient is lost.
WIDE = Context(prec=400)


def by_decimal(value: Fraction, scale: int, rounding: Rounding) -> Decimal:
    """The reference: decimal's own rounding, of a quotient with 400 digits."""
    with localcontext(WIDE):
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        found = quotient.quantize(Decimal((0, (1,), -scale)), rounding=f"ROUND_{rounding.upper()}")
    return found.copy_abs() if found.is_zero() else found


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(value=st.one_of(NUMBERS, SMALL), by=st.one_of(NUMBERS, SMALL), scale=SCALES)
def test_div(rounding: Rounding, value: int | Decimal, by: int | Decimal, scale: int) -> None:
    if not by:
        with pytest.raises(ZeroDivisionError):
            expressions.div(value, by=by, scale=scale, rounding=rounding)
        return
    exact = Fraction(value) / Fraction(by)
    wanted = by_decimal(exact, scale, rounding)
    found = expressions.div(value, by=by, scale=scale, rounding=rounding)
    assert found == wanted
    assert found.as_tuple().exponent == -scale
    whole = expressions.div(value, by=by, rounding=rounding)
    assert type(whole) is int
    assert whole == by_decimal(exact, 0, rounding)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(value=st.one_of(NUMBERS, SMALL), scale=SCALES)
def test_round(rounding: Rounding, value: int | Decimal, scale: int) -> None:
    found = expressions.round(value, scale=scale, rounding=rounding)
    assert found == by_decimal(Fraction(value), scale, rounding)
    assert found.as_tuple().exponent == -scale
    assert expressions.round(value, rounding=rounding) == by_decimal(Fraction(value), 0, rounding)


@given(value=st.one_of(NUMBERS, SMALL), by=st.one_of(NUMBERS, SMALL))
def test_mod_is_what_div_with_floor_leaves(value: int | Decimal, by: int | Decimal) -> None:
    if not by:
        with pytest.raises(ZeroDivisionError):
            expressions.mod(value, by=by)
        return
    rest = expressions.mod(value, by=by)
    whole = expressions.div(value, by=by, rounding="floor")
    assert Fraction(value) == whole * Fraction(by) + Fraction(rest)
    assert rest == 0 or (rest > 0) == (by > 0)
    assert abs(rest) < abs(by)
    assert not (isinstance(rest, Decimal) and rest.is_zero() and rest.is_signed())


@given(st.lists(st.integers()), st.lists(st.booleans()), st.lists(st.text()))
def test_functions_of_lists(numbers: list[int], truths: list[bool], texts: list[str]) -> None:
    items = tuple(numbers)
    assert expressions.sum(items, 0) == sum(numbers)
    assert expressions.count(items) == len(numbers)
    assert expressions.min(items) == (min(numbers) if numbers else None)
    assert expressions.max(items) == (max(numbers) if numbers else None)
    assert expressions.first(items) == (numbers[0] if numbers else None)
    assert expressions.last(items) == (numbers[-1] if numbers else None)
    assert expressions.sorted(items) == tuple(sorted(numbers))
    assert expressions.any(truths) == any(truths)
    assert expressions.all(truths) == all(truths)
    # By code point, whatever the locale.
    assert expressions.sorted(texts) == tuple(sorted(texts, key=lambda one: [ord(c) for c in one]))
    distinct = expressions.distinct(texts)
    assert sorted(distinct) == sorted(set(texts))
    assert [texts.index(one) for one in distinct] == sorted(texts.index(one) for one in distinct)
    assert expressions.join(texts, "-") == unicodedata.normalize("NFC", "-".join(texts))


@given(st.lists(st.decimals(-(10**9), 10**9, places=2)))
def test_a_sum_of_decimals_has_their_scale(amounts: list[Decimal]) -> None:
    with localcontext(forms.EXACT):
        total = expressions.sum(amounts, Decimal("0.00"))
    assert total == sum((Fraction(one) for one in amounts), Fraction(0))
    assert total.as_tuple().exponent == -2


@given(st.text())
def test_functions_of_texts(value: str) -> None:
    assert expressions.trim(f" {value}\t") == value.strip()
    for found in (expressions.lower(value), expressions.upper(value)):
        assert found == unicodedata.normalize("NFC", found)


def test_times() -> None:
    late = datetime(2026, 2, 28, 23, 59, 59, 999000, tzinfo=UTC)
    assert expressions.date(late, zone="UTC") == date(2026, 2, 28)
    assert expressions.instant(date(2026, 3, 1), zone="UTC") == late + timedelta(milliseconds=1)
    assert expressions.sum((timedelta(hours=1),) * 2, timedelta()) == timedelta(hours=2)


def test_what_is_none_is_not_read() -> None:
    assert expressions.maybe(None, len) is None
    assert expressions.maybe("abc", len) == 3


@given(st.integers(0, 10), st.integers(0, 10), st.integers(-5, 5))
def test_a_zero_has_no_sign(one: int, other: int, factor: int) -> None:
    with localcontext(forms.EXACT):
        product = factor * Decimal((1, (0,), -one)) * Decimal((0, (0,), -other))
    assert text(product) == f"{0:.{one + other}f}"
    assert wire(product) == f"{0:.{one + other}f}"


def test_a_decimal_that_grows_too_long_is_a_failed_action() -> None:
    with pytest.raises(ArithmeticError):
        expressions.widen(Decimal("9" * 9_999), 5)


def test_an_int_that_cannot_be_written_is_a_failed_action() -> None:
    assert len(text(-(10**3_999))) == 4_001
    for write in (text, wire):
        with pytest.raises(ArithmeticError):
            write(10**4_300)

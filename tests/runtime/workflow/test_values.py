"""Values on their way in and out: strict, one text form, nothing rounded (docs/manifest.md)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Annotated, Any, ClassVar, Literal

import pytest
from gantral.runtime import (
    DateOf,
    DecimalOf,
    Document,
    DurationOf,
    InstantOf,
    IntOf,
    ListOf,
    Person,
    PersonOf,
    Record,
    StringOf,
    expressions,
    forms,
    text,
)
from gantral.runtime.calls import NotDone
from gantral.runtime.values import problem
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError


class Money(Record):
    amount: Annotated[Decimal, DecimalOf(scale=2, min="0")]
    currency: Literal["EUR", "USD"]


class Everything(Record):
    spec_names_: ClassVar[dict[str, str]] = {"class_": "class"}
    wire_names_: ClassVar[dict[str, str]] = {"class_": "klass", "who": "userId"}
    class_: Annotated[str, StringOf(min=1, max=5, pattern="[a-z]+")]
    money: Money
    many: Annotated[tuple[Annotated[int, IntOf(min=0, max=9)], ...], ListOf(max=2)]
    yes: bool
    day: Annotated[date, DateOf()]
    at: Annotated[datetime, InstantOf()]
    long: Annotated[timedelta, DurationOf(max="PT72H")]
    who: Annotated[Person, PersonOf()] | None = None


WIRE: dict[str, Any] = {
    "class": "abc",
    "money": {"amount": "40", "currency": "EUR"},
    "many": [],
    "yes": True,
    "day": "2026-11-23",
    "at": "2026-11-23T10:00:00.001Z",
    "long": "PT90S",
    "who": "carol",
}


def test_wire_forms() -> None:
    value = Everything.from_wire(WIRE)
    assert value.to_wire() == {
        **WIRE,
        "money": {"amount": "40.00", "currency": "EUR"},
        "long": "PT1M30S",
    }
    assert value.to_service()["klass"] == "abc"
    assert value.to_service()["userId"] == "carol"
    assert Everything.from_service(value.to_service()) == value
    assert value.leaves("/input") == {
        "/input/class": "abc",
        "/input/money/amount": "40.00",
        "/input/money/currency": "EUR",
        "/input/many": [],
        "/input/yes": "true",
        "/input/day": "2026-11-23",
        "/input/at": "2026-11-23T10:00:00.001Z",
        "/input/long": "PT1M30S",
    }
    assert value.persons("/input") == {"/input/who": "carol"}
    absent = Everything.from_wire({k: v for k, v in WIRE.items() if k != "who"})
    assert absent.leaves()["/who"] == {}
    assert "who" not in absent.to_wire()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"class": "ABC"}, "class"),
        ({"class": "abc\n"}, "class"),
        ({"class": "abcdef"}, "class"),
        ({"class": ""}, "class"),
        ({"money": {"amount": "40.005", "currency": "EUR"}}, "money.amount"),
        ({"money": {"amount": 40, "currency": "EUR"}}, "money.amount"),
        ({"money": {"amount": "1e2", "currency": "EUR"}}, "money.amount"),
        ({"money": {"amount": "NaN", "currency": "EUR"}}, "money.amount"),
        ({"money": {"amount": "-0.01", "currency": "EUR"}}, "money.amount"),
        ({"money": {"amount": "1.00", "currency": "GBP"}}, "money.currency"),
        ({"money": {"amount": "1.00"}}, "money.currency"),
        ({"money": {"amount": "1.00", "currency": "EUR", "x": 1}}, "unknown field x"),
        ({"many": [1, 2, 3]}, "many"),
        ({"many": [10]}, "many.0"),
        ({"many": [True]}, "many.0"),
        ({"many": ["1"]}, "many.0"),
        ({"many": [1.0]}, "many.0"),
        ({"yes": "yes"}, "yes"),
        ({"yes": 1}, "yes"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "20261123"}, "day"),
        ({"at": "2026-11-23T10:00:00Z"}, "at"),
        ({"at": "2026-11-23T10:00:00.000+01:00"}, "at"),
        ({"long": "PT73H"}, "long"),
        ({"long": "P3D"}, "long"),
        ({"long": "PT"}, "long"),
        ({"who": ""}, "who"),
        ({"who": None}, "who is null"),
        ({"class_": "abc"}, "unknown field class_"),
    ],
)
def test_what_is_outside_its_type_is_refused_by_place(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Everything.from_wire({**WIRE, **wrong})
    assert place in problem(refused.value).replace("class_:", "class:")
    assert "carol" not in str(refused.value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0))
def test_a_decimal_comes_to_its_scale_and_back(value: Decimal) -> None:
    made = Money(amount=value, currency="EUR")
    assert made.amount == value
    assert made.amount.as_tuple().exponent == -2
    assert Money.from_wire(made.to_wire()) == made


def test_arithmetic_that_would_round_raises() -> None:
    with localcontext(forms.EXACT):
        assert Decimal("1" * 60) * 3 == Decimal("3" * 60)
        with pytest.raises(ArithmeticError):
            Decimal(1) / Decimal(3)


def test_there_is_one_zero() -> None:
    assert Money(amount=Decimal("-0"), currency="EUR").to_wire()["amount"] == "0.00"


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_durations(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert forms.read_duration(forms.write_duration(length)) == length


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(), "PT0S"),
        (timedelta(hours=72), "PT72H"),
        (timedelta(minutes=1, seconds=30), "PT1M30S"),
        (timedelta(milliseconds=1500), "PT1.500S"),
        (timedelta(hours=1, milliseconds=1), "PT1H0.001S"),
    ],
)
def test_the_canonical_duration(length: timedelta, written: str) -> None:
    assert forms.write_duration(length) == written


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))
def test_instants_are_cut_to_the_millisecond(at: datetime) -> None:
    written = forms.write_instant(at)
    assert len(written) == 24
    assert timedelta() <= at - forms.read_instant(written) < timedelta(milliseconds=1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        forms.to_millisecond(datetime(2026, 11, 23))


def test_records_are_equal_by_their_fields() -> None:
    class Other(Record):
        currency: Literal["EUR", "USD"]
        amount: Annotated[Decimal, DecimalOf(scale=2)]

    money = Money(amount=Decimal(1), currency="EUR")
    other = Other.of(money)
    assert other == money
    assert hash(other) == hash(money)
    with pytest.raises(ValidationError):
        money.currency = "USD"


def test_expressions() -> None:
    assert expressions.trim(" a ") == "a"
    assert expressions.concat("e", "\u0301") == "\u00e9"
    assert expressions.min(()) is None
    assert expressions.max((1, 3, 2)) == 3
    assert expressions.contains(("a", "b"), "b")
    assert expressions.widen(3, 2) == Decimal("3.00")
    assert text(True) == "true"
    assert text(Decimal("1E+2").quantize(Decimal("0.01"))) == "100.00"
    with pytest.raises(TypeError):
        text(1.5)


class Contract(Document):
    name: Annotated[str, StringOf(min=1, max=255)]
    size: Annotated[int, IntOf(min=0)]
    sha256: Annotated[str, StringOf(pattern="[0-9a-f]{64}")]
    uri: Annotated[str, StringOf(min=1, max=2048)]


def test_a_document_gives_back_its_own_bytes_and_no_others() -> None:
    data = b"the bytes"
    made = Contract.of_bytes(data, name="a.txt", uri="s3://x/a")
    assert made.leaves() == {
        "/name": "a.txt",
        "/size": "9",
        "/sha256": "ed589341c9fd5da96aaff4c5efa008226282a716186608d5a032ac75895a9c2f",
        "/uri": "s3://x/a",
    }
    assert made.checked(data) == data
    for other in (b"the byteS", b"the bytes ", b""):
        with pytest.raises(NotDone, match="not those of the document ed589341") as refused:
            made.checked(other)
        assert "a.txt" not in str(refused.value)
        assert "s3" not in str(refused.value)
    with pytest.raises(ValidationError):
        Contract.of_bytes(data, name="", uri="x")
    # Of the size and of the digest each is held by itself.
    for wrong in ({"size": 8}, {"sha256": "0" * 64}):
        with pytest.raises(NotDone):
            made.model_copy(update=wrong).checked(data)

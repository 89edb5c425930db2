"""The types of the fields of generated models: strict on the way in.

Each is a class of metadata in an ``Annotated``. pydantic's validation context says which names and
forms the data has (``SPEC``, ``SERVICE``, ``JSON``); without one it is Python values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from gantral.evidence import EvidenceError
from gantral.evidence.opaque import json_text, read_json_text
from gantral.runtime import forms
from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationInfo
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

SPEC: Final = "spec"
SERVICE: Final = "service"
JSON: Final = "json"


class Person(str):
    """A person: the value of the deployment's one identity claim (LANGUAGE section 3)."""

    __slots__ = ()


class Json(str):
    """A `json` value: its canonical text. Opaque to the workflow; a service reads and makes it."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> Json:
        """The value of texts, whole numbers, truth values, None, lists and dicts.

        Raises:
            ValueError: for anything else; a number with a point is written as text.
        """
        try:
            return cls(json_text(value))
        except EvidenceError as error:
            raise ValueError(error.message) from None

    def value(self) -> Any:
        """What it holds, made anew each time."""
        return read_json_text(self)


def _reader(
    python: Callable[[Any], T], wire: Callable[[str], T], finish: Callable[[T], T]
) -> CoreSchema:
    """A validator that takes Python values from code and text from the wire."""

    def validate(value: object, info: ValidationInfo) -> T:
        if info.context is None:
            return finish(python(value))
        if type(value) is not str:
            raise ValueError("text expected")
        return finish(wire(value))

    return core_schema.with_info_plain_validator_function(validate)


def _typed(wanted: type[T]) -> Callable[[Any], T]:
    def check(value: object) -> T:
        # Exactly this type: a bool is no int here, a datetime is no date.
        if type(value) is not wanted:
            raise ValueError(f"{wanted.__name__} expected")
        return value

    return check


def _within(least: Any, most: Any, write: Callable[[Any], str]) -> Callable[[T], T]:
    def check(value: T) -> T:
        if least is not None and value < least:
            raise ValueError(f"at least {write(least)} is allowed")
        if most is not None and value > most:
            raise ValueError(f"at most {write(most)} is allowed")
        return value

    return check


@dataclass(frozen=True)
class StringOf:
    """``string(min, max, pattern)``: length in code points; the pattern matches the whole text."""

    min: int | None = None
    max: int | None = None
    pattern: str | None = None

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # pydantic searches; its engine is linear in the text and has no look-around.
        whole = None if self.pattern is None else f"^(?:{self.pattern})$"
        return core_schema.str_schema(
            strict=True,
            min_length=self.min,
            max_length=self.max,
            pattern=whole,
            regex_engine="rust-regex",
        )


@dataclass(frozen=True)
class IntOf:
    """``int(min, max)``."""

    min: int | None = None
    max: int | None = None

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.int_schema(strict=True, ge=self.min, le=self.max)


@dataclass(frozen=True)
class DecimalOf:
    """``decimal(scale, min, max)``; bounds are canonical text. Values come to their scale."""

    scale: int
    min: str | None = None
    max: str | None = None

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        bound = _within(
            None if self.min is None else Decimal(self.min),
            None if self.max is None else Decimal(self.max),
            forms.write_decimal,
        )
        return _reader(
            lambda value: forms.to_scale(_typed(Decimal)(value), self.scale),
            lambda value: forms.read_decimal(value, self.scale),
            bound,
        )


@dataclass(frozen=True)
class DurationOf:
    """``duration(min, max)``; bounds are canonical text. Whole milliseconds."""

    min: str | None = None
    max: str | None = None

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def whole(value: object) -> timedelta:
            length = _typed(timedelta)(value)
            if length % forms.MILLISECOND:
                raise ValueError("a duration has whole milliseconds")
            return length

        bound = _within(
            None if self.min is None else forms.read_duration(self.min),
            None if self.max is None else forms.read_duration(self.max),
            forms.write_duration,
        )
        return _reader(whole, forms.read_duration, bound)


@dataclass(frozen=True)
class InstantOf:
    """``instant``: an aware datetime, cut to the millisecond, in UTC."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _reader(
            lambda value: forms.to_millisecond(_typed(datetime)(value)),
            forms.read_instant,
            lambda value: value,
        )


@dataclass(frozen=True)
class DateOf:
    """``date``: a calendar day."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _reader(_typed(date), forms.read_date, lambda value: value)


@dataclass(frozen=True)
class PersonOf:
    """``person``: a claim value. Its evidence leaf is the actor id, which a worker computes."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def filled(value: Person) -> Person:
            if not 1 <= len(value) <= 256:
                raise ValueError("a person's claim has 1 to 256 characters")
            return value

        return _reader(_typed(Person), Person, filled)


@dataclass(frozen=True)
class JsonOf:
    """``json``: on the wire its canonical text."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def validate(value: object, info: ValidationInfo) -> Json:
            if info.context == JSON:
                # Inside of a json that is read, a json is any value; on the wire it is text.
                return Json.of(value)
            if info.context is None:
                return _typed(Json)(value)
            if type(value) is not str:
                raise ValueError("text expected")
            try:
                read_json_text(value)
            except EvidenceError as error:
                raise ValueError(f"no json: {error.message}") from None
            return Json(value)

        return core_schema.with_info_plain_validator_function(validate)


@dataclass(frozen=True)
class ListOf:
    """``list(min, max) of T``: an immutable tuple in code, an array on the wire."""

    min: int | None = None
    max: int | None = None

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def as_tuple(value: object, info: ValidationInfo) -> object:
            if type(value) is list or (info.context is None and type(value) is tuple):
                size = len(value)
                if (self.min is not None and size < self.min) or (
                    self.max is not None and size > self.max
                ):
                    raise ValueError(f"from {self.min or 0} to {self.max} elements are allowed")
                return tuple(value)
            raise ValueError("a list is expected")

        return core_schema.with_info_before_validator_function(as_tuple, handler(source))


Check: TypeAlias = StringOf | IntOf | DecimalOf | DurationOf | ListOf
_HELD: Final[Mapping[type[Check], Any]] = {
    StringOf: str,
    IntOf: int,
    DecimalOf: Decimal,
    DurationOf: timedelta,
    ListOf: tuple[Any, ...],
}


def hold(value: object, held: Sequence[Check]) -> None:
    """Hold a Python value to what its type refines: of a list its size, then each element; absent
    values are within. Raises pydantic.ValidationError."""
    if value is None or not held:
        return
    first, *rest = held
    _holder(first).validate_python(value)
    if isinstance(first, ListOf) and isinstance(value, tuple):
        for item in value:
            hold(item, rest)


@cache
def _holder(check: Check) -> TypeAdapter[Any]:
    held: Any = Annotated[_HELD[type(check)], check]
    return TypeAdapter(held, config=ConfigDict(strict=True, hide_input_in_errors=True))

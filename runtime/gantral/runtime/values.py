"""The types of generated models: strict on the way in, one text form on the way out.

A generated model is a frozen pydantic model whose fields carry one of the metadata classes below.
It is read from wire values (``Record.from_wire``: decimals, dates, instants and durations are text)
or built from Python values (``Decimal``, ``date``, aware ``datetime``, ``timedelta``, ``Person``).
Nothing is coerced: a float, a "yes" for a bool, a null or an unknown field is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Self, TypeAlias, TypeVar, get_args

from gantral.evidence import EvidenceError
from gantral.evidence.opaque import json_text, read_json_text
from gantral.runtime import forms
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

# pydantic's validation context says which names and forms the data has. None: Python values.
_SPEC: Final = "spec"
_SERVICE: Final = "service"
_JSON: Final = "json"


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
            if info.context == _JSON:
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


class Record(BaseModel):
    """The base of generated records: frozen, strict, closed.

    ``spec_names_`` maps a Python field name to the name in the spec, ``wire_names_`` to the name
    that a service sees, each only where they differ.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        protected_namespaces=(),
        # A refusal must not carry personal data into a log.
        hide_input_in_errors=True,
    )

    spec_names_: ClassVar[Mapping[str, str]] = {}
    wire_names_: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_wire(cls, data: object) -> Self:
        """Read spec-named wire values; text becomes NFC.

        Raises:
            pydantic.ValidationError: names each field that is missing, unknown or outside its type
                (``problem`` writes it for people).
        """
        return cls.model_validate(forms.nfc(data), context=_SPEC)

    @classmethod
    def from_service(cls, data: object) -> Self:
        """Read wire values under the names that services use. Raises as ``from_wire``."""
        return cls.model_validate(forms.nfc(data), context=_SERVICE)

    @classmethod
    def of(cls, value: Record) -> Self:
        """Rebuild a structurally equal record as this type. Raises as ``from_wire``."""
        return cls.from_wire(value.to_wire())

    @classmethod
    def read_json_(cls, value: Json) -> Self:
        """Read a `json` as this record: its members are the fields by their names in the spec; null
        is an absent optional. Raises as ``from_wire``."""
        return cls.model_validate(value.value(), context=_JSON)

    def to_wire(self) -> dict[str, Any]:
        """The wire object with spec names; an absent optional is left out."""
        return {name: wire(value) for name, value in self.entries_() if value is not None}

    def to_service(self) -> dict[str, Any]:
        """The wire object with the names that services use."""
        return {
            self.service_name_(name): wire(value, service=True)
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None
        }

    def leaves(self, prefix: str = "") -> dict[str, Any]:
        """JSON pointer -> leaf value (docs/manifest.md), persons left out."""
        return {
            pointer: leaf for pointer, leaf in _leaves(prefix, self) if not isinstance(leaf, Person)
        }

    def persons(self, prefix: str = "") -> dict[str, str]:
        """JSON pointer -> claim value, for every leaf that is a person."""
        return {
            pointer: str(leaf)
            for pointer, leaf in _leaves(prefix, self)
            if isinstance(leaf, Person)
        }

    def entries_(self) -> list[tuple[str, Any]]:
        """(spec name, Python value) in declared order, absent ones as None."""
        names = self.spec_names_
        return [(names.get(name, name), getattr(self, name)) for name in type(self).model_fields]

    @classmethod
    def service_name_(cls, name: str) -> str:
        """What a service calls the field with this Python name."""
        return cls.wire_names_.get(name, cls.spec_names_.get(name, name))

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: object, info: ValidationInfo) -> object:
        if info.context is None:
            return data
        if type(data) is not dict:
            raise ValueError("an object is expected")
        python = {
            (
                cls.service_name_(name)
                if info.context == _SERVICE
                else cls.spec_names_.get(name, name)
            ): name
            for name in cls.model_fields
        }
        unknown = sorted(str(name) for name in data if name not in python)
        if unknown:
            raise ValueError(f"unknown field {unknown[0]}; allowed: {', '.join(sorted(python))}")
        if info.context == _JSON:
            # An optional that is null; for any other field it is then missing.
            data = {name: value for name, value in data.items() if value is not None}
        empty = sorted(name for name, value in data.items() if value is None)
        if empty:
            raise ValueError(f"{empty[0]} is null; leave an absent value out")
        return {python[name]: value for name, value in data.items()}

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for name, field in type(self).model_fields.items():
            # An absent value's leaf is {}: this text, where it may be absent, would have the same.
            if getattr(self, name) == "{}" and type(None) in get_args(field.annotation):
                raise ValueError(
                    f"{self.spec_names_.get(name, name)} may be absent or a text, "
                    "but not the text {}, which stands for absent in evidence"
                )
        return self

    def __eq__(self, other: object) -> bool:
        # Records are the same when their fields are, whichever class was generated for them.
        if not isinstance(other, Record):
            return NotImplemented
        return dict(self.entries_()) == dict(other.entries_())

    def __hash__(self) -> int:
        return hash(frozenset(self.entries_()))


def wire(value: Any, *, service: bool = False) -> Any:
    """The wire value of a Python value. Raises TypeError for a foreign type."""
    if isinstance(value, Record):
        return value.to_service() if service else value.to_wire()
    if isinstance(value, tuple):
        return [wire(item, service=service) for item in value]
    return forms.writable(value) if isinstance(value, int) else text(value)


def text(value: Any) -> str:
    """A scalar as spec text: what a hole in a text shows, and what a leaf holds.

    Raises:
        TypeError: for a value that no scalar type of the language has.
        OverflowError: for an int of more than 4,000 digits.
    """
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(forms.writable(value))
        case Decimal():
            return forms.write_decimal(value)
        case datetime():
            return forms.write_instant(value)
        case date():
            return value.isoformat()
        case timedelta():
            return forms.write_duration(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no text form")


def _leaves(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    if value is None:
        yield pointer, {}
    elif isinstance(value, Record) and pointer and not value.entries_():
        # A record of nothing is bound too (``gantral.evidence.context.flatten``).
        yield pointer, {}
    elif isinstance(value, Record):
        for name, item in value.entries_():
            yield from _leaves(f"{pointer}/{name}", item)
    elif isinstance(value, tuple):
        if not value:
            yield pointer, []
        for index, item in enumerate(value):
            yield from _leaves(f"{pointer}/{index}", item)
    elif isinstance(value, Person):
        yield pointer, value
    else:
        yield pointer, text(value)


def problem(error: ValidationError) -> str:
    """What is wrong with a value, field by field, without the value itself."""
    parts = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(step) for step in item["loc"]) or "the value"
        parts.append(f"{place}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(parts)

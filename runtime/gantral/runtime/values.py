"""The base of generated models, and the one text form of a value on the way out.

A generated model is a frozen pydantic model whose fields carry the metadata of ``kinds``.
It is read from wire values (``Record.from_wire``: decimals, dates, instants and durations are text)
or built from Python values (``Decimal``, ``date``, aware ``datetime``, ``timedelta``, ``Person``).
Nothing is coerced: a float, a "yes" for a bool, a null or an unknown field is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self, get_args

from gantral.runtime import forms
from gantral.runtime.kinds import JSON, SERVICE, SPEC, Json, Person
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator


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
        return cls.model_validate(forms.nfc(data), context=SPEC)

    @classmethod
    def from_service(cls, data: object) -> Self:
        """Read wire values under the names that services use. Raises as ``from_wire``."""
        return cls.model_validate(forms.nfc(data), context=SERVICE)

    @classmethod
    def of(cls, value: Record) -> Self:
        """Rebuild a structurally equal record as this type. Raises as ``from_wire``."""
        return cls.from_wire(value.to_wire())

    @classmethod
    def read_json_(cls, value: Json) -> Self:
        """Read a `json` as this record: its members are the fields by their names in the spec; null
        is an absent optional. Raises as ``from_wire``."""
        return cls.model_validate(value.value(), context=JSON)

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
                if info.context == SERVICE
                else cls.spec_names_.get(name, name)
            ): name
            for name in cls.model_fields
        }
        unknown = sorted(str(name) for name in data if name not in python)
        if unknown:
            raise ValueError(f"unknown field {unknown[0]}; allowed: {', '.join(sorted(python))}")
        if info.context == JSON:
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

"""What an operation gives that is no record: a scalar, a list, or what may be absent.

Evidence holds records, whose leaves have names. So such a value is a record of the one field
``value`` wherever it is kept or sent between workers (ADR 0148); a service returns, generated code
reads, and a plain activity answers the bare value.
"""

from __future__ import annotations

from typing import Any, Final, Generic, Self, TypeVar

from gantral.runtime.values import Record

ValueT = TypeVar("ValueT")

FIELD: Final = "value"


class Returned(Record, Generic[ValueT]):
    """The record of one result. The generated subclass declares the field ``value``."""

    def __class_getitem__(cls, item: Any) -> Any:
        # The parameter is for type checkers; pydantic would build one more class for each.
        return cls

    @classmethod
    def holding(cls, value: object) -> Self:
        """The record of a value that a service returned. Raises pydantic.ValidationError."""
        return cls.of(cls.model_validate({FIELD: value}))

    @classmethod
    def from_service(cls, data: object) -> Self:
        """Read what a plain activity answered, the bare value. Raises as ``from_wire``."""
        return super().from_service({} if data is None else {FIELD: data})

    def to_service(self) -> Any:
        """The bare value, None when it is absent."""
        return super().to_service().get(FIELD)

    @property
    def held_(self) -> Any:
        """The value."""
        return getattr(self, FIELD)


def result(model: type[Record], data: Any) -> Any:
    """What a service returns, of the result's wire value. Raises as ``from_wire``."""
    if issubclass(model, Returned):
        return model.from_wire({} if data is None else {FIELD: data}).held_
    return model.from_wire(data)


def given(result: Record | None) -> Any:
    """What generated code is given of a result: the record, or the value that it stands for."""
    return result.held_ if isinstance(result, Returned) else result


def shape_of(result: list[Any]) -> list[Any]:
    """The shape of the record in which a result with this shape of the manifest is kept."""
    if result[0] == "record":
        return result
    return ["record", [[FIELD, result, {"personal": "false", "wire": FIELD}]]]

"""What a workflow takes, gives and shows, field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from gantral.cli.describe.text import code, length, listed, quoted
from gantral.compiler.program import (
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
    InstantType,
    IntType,
    JsonType,
    ListType,
    NothingType,
    OptionalType,
    PersonType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.shapes import decimal_text


def fields(record: RecordType, indent: str = "") -> list[str]:
    """One line of a list for each field, what is inside it indented below."""
    lines: list[str] = []
    for one in record.fields:
        lines.append(f"{indent}- {_name(one.name)}: {_field(one)}")
        lines += _inner(one.type, f"{indent}  ")
    return lines


def _inner(type: Type, indent: str) -> list[str]:
    match type:
        case OptionalType(inner=inner):
            return _inner(inner, indent)
        case ListType(element=element):
            return _inner(element, indent)
        case RecordType():
            return fields(type, indent)
        case _:
            return []


def _field(field: Field) -> str:
    optional = isinstance(field.type, OptionalType)
    said = of(field.type)
    notes = [*(["may be left out"] if optional else []), *(["personal"] if field.personal else [])]
    return f"{said} ({', '.join(notes)})" if notes else said


def of(type: Type) -> str:
    """A type in words; the fields of a record are told elsewhere."""
    match type:
        case StringType(least, most, pattern):
            matching = "" if pattern is None else f" that matches the pattern {code(pattern)}"
            return f"text{_of_many(least, most, 'character')}{matching}"
        case IntType(least, most):
            return f"a whole number{_between(_text(least), _text(most))}"
        case DecimalType(scale, lowest, highest):
            digits = f" with {scale} decimal{'' if scale == 1 else 's'}"
            return f"a number{digits}{_between(_digits(lowest, scale), _digits(highest, scale))}"
        case BoolType():
            return "yes or no"
        case DateType():
            return "a date"
        case InstantType():
            return "a point in time"
        case DurationType(least, most):
            return f"a length of time{_between(_length(least), _length(most))}"
        case PersonType():
            return "a person"
        case JsonType():
            return "data, shown as it is"
        case EnumType(words):
            return f"one of {listed(map(quoted, words), 'or')}"
        case ListType(element, least, most):
            return f"a list{_of_many(least, most, 'entry', 'entries')}, each {of(element)}"
        case RecordType():
            return "made of"
        case OptionalType(inner):
            return of(inner)
        case NothingType():
            return "nothing"
        case _:
            assert_never(type)


def _name(name: str) -> str:
    return name.replace("_", " ")


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _digits(number: Decimal | None, scale: int) -> str | None:
    return None if number is None else decimal_text(number, scale)


def _length(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else length(milliseconds)


def _between(least: str | None, most: str | None) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f", at least {least}"
    return "" if most is None else f", at most {most}"


def _of_many(least: int | None, most: int | None, one: str, many: str = "") -> str:
    def unit(count: int) -> str:
        return one if count == 1 else many or f"{one}s"

    if least is not None and most is not None:
        return f" of {least} to {most} {unit(most)}"
    if least is not None:
        return f" of at least {least} {unit(least)}"
    return "" if most is None else f" of at most {most} {unit(most)}"

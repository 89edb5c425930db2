"""Types of the language as Python annotations."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.compiler.codegen.layout import SUM, Atom, Chain, Invoke, Piece, literal
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.program import (
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
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
from gantral.compiler.shapes import decimal_text, duration_text


def plain(type: Type, names: PackageNames) -> Piece:
    """The type as code sees it: `tuple[Money, ...]`, `Literal["EUR"]`, `str | None`."""
    match type:
        case StringType():
            return Atom("str")
        case IntType():
            return Atom("int")
        case DecimalType():
            return Atom("Decimal")
        case BoolType():
            return Atom("bool")
        case DateType():
            return Atom("date")
        case InstantType():
            return Atom("datetime")
        case DurationType():
            return Atom("timedelta")
        case PersonType():
            return Atom("Person")
        case JsonType():
            return Atom("Json")
        case EnumType(words):
            return _subscript("Literal", *(Atom(literal(word)) for word in words))
        case ListType(element):
            return _subscript("tuple", plain(element, names), Atom("..."))
        case RecordType():
            return Atom(names.record(type))
        case OptionalType(inner):
            return either(plain(inner, names), Atom("None"))
        case NothingType():
            return Atom("None")


def variable(type: Type, names: PackageNames) -> Piece:
    """The type that a variable is declared with: words are text, which no assignment narrows."""
    match type:
        case EnumType():
            return Atom("str")
        case OptionalType(inner):
            return either(variable(inner, names), Atom("None"))
        case _:
            return plain(type, names)


def checks(type: Type) -> list[Piece]:
    """What a value is held to that enters the type, the outermost first: of a list its size, then
    its elements. A record is held by its class."""
    match type:
        case OptionalType(inner):
            return checks(inner)
        case ListType(element, least, most):
            return [Invoke("ListOf", tuple(_bounds(least, most))), *checks(element)]
        case StringType():
            return [Invoke("StringOf", tuple(_text(type)))]
        case IntType(least, most):
            return [Invoke("IntOf", tuple(_bounds(least, most)))]
        case DecimalType():
            return [Invoke("DecimalOf", tuple(_decimal(type)))]
        case DurationType():
            return [Invoke("DurationOf", tuple(_duration(type)))]
        case _:
            return []


def checked(type: Type, names: PackageNames) -> Piece:
    """The type of a model's field, with what the runtime checks as a value enters it."""
    match type:
        case OptionalType(inner):
            return either(checked(inner, names), Atom("None"))
        case ListType(element, least, most):
            elements = _subscript("tuple", checked(element, names), Atom("..."))
            return _annotated(elements, "ListOf", _bounds(least, most))
        case StringType():
            bounds = _text(type)
            return _annotated(Atom("str"), "StringOf", bounds) if bounds else Atom("str")
        case IntType(least, most):
            bounds = _bounds(least, most)
            return _annotated(Atom("int"), "IntOf", bounds) if bounds else Atom("int")
        case DecimalType():
            return _annotated(Atom("Decimal"), "DecimalOf", _decimal(type))
        case DurationType():
            return _annotated(Atom("timedelta"), "DurationOf", _duration(type))
        case DateType():
            return _annotated(Atom("date"), "DateOf", [])
        case InstantType():
            return _annotated(Atom("datetime"), "InstantOf", [])
        case PersonType():
            return _annotated(Atom("Person"), "PersonOf", [])
        case JsonType():
            return _annotated(Atom("Json"), "JsonOf", [])
        case _:
            return plain(type, names)


def either(one: Piece, other: Piece) -> Piece:
    """`one | other`."""
    return Chain((("", one), ("| ", other)), SUM)


def _bounds(least: int | None, most: int | None) -> list[tuple[str, Piece]]:
    given = (("min=", least), ("max=", most))
    return [(name, Atom(str(bound))) for name, bound in given if bound is not None]


def _text(type: StringType) -> list[tuple[str, Piece]]:
    bounds = _bounds(type.min, type.max)
    if type.pattern is not None:
        bounds.append(("pattern=", Atom(literal(type.pattern))))
    return bounds


def _decimal(type: DecimalType) -> list[tuple[str, Piece]]:
    limits: list[tuple[str, Piece]] = [("scale=", Atom(str(type.scale)))]
    for name, bound in (("min=", type.min), ("max=", type.max)):
        if bound is not None:
            limits.append((name, Atom(literal(decimal_text(bound, type.scale)))))
    return limits


def _duration(type: DurationType) -> list[tuple[str, Piece]]:
    given = (("min=", type.min), ("max=", type.max))
    return [(name, Atom(literal(duration_text(one)))) for name, one in given if one is not None]


def _annotated(python: Piece, check: str, bounds: Sequence[tuple[str, Piece]]) -> Piece:
    return _subscript("Annotated", python, Invoke(check, tuple(bounds)))


def _subscript(name: str, *parts: Piece) -> Piece:
    return Invoke(name, tuple(("", part) for part in parts), "[]")

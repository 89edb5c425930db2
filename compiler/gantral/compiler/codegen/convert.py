"""Values of one type as values of another (LANGUAGE section 3: values are rebuilt from the declared
fields alone, a decimal is written with the scale of its place)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gantral.compiler.codegen.constants import bare
from gantral.compiler.codegen.layout import (
    CHOICE,
    COMPARISON,
    Atom,
    Chain,
    Display,
    Invoke,
    Loop,
    Piece,
    Text,
    flat,
)
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.program import DecimalType, JsonType, ListType, OptionalType, RecordType, Type

# What can be written twice: it costs nothing and is the same each time.
PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def same(names: PackageNames, given: Type, wanted: Type) -> bool:
    """Whether a value of the one Python type is a value of the other."""
    match bare(given), bare(wanted):
        case RecordType() as one, RecordType() as other:
            return names.record(one) == names.record(other)
        case ListType(element=one), ListType(element=other):
            return same(names, one, other)
        case DecimalType(scale=one), DecimalType(scale=other):
            return one == other
        case RecordType(), JsonType():
            return False
        case _:
            return True


def convert(names: PackageNames, value: Piece, given: Type, wanted: Type) -> Piece:
    """A value of one type rebuilt as another's, with the same fields and larger scales."""
    match given, wanted:
        case OptionalType(inner=inner), OptionalType(inner=other):
            place = flat(value)
            if PLACE.fullmatch(place) is None:
                change = flat(convert(names, Atom("found"), inner, other))
                read = Atom(f"lambda found: {change}")
                return Invoke("expressions.maybe", (("", value), ("", read)))
            absent = Chain((("", value), ("is ", Atom("None"))), COMPARISON)
            some = convert(names, Atom(place), inner, other)
            return Chain((("", Atom("None")), ("if ", absent), ("else ", some)), CHOICE)
        case _, OptionalType(inner=other):
            return convert(names, value, given, other)
        case ListType(element=one), ListType(element=other):
            item = convert(names, Atom("item"), one, other)
            return Invoke("tuple", (("", Loop(item, "item", value)),))
        case RecordType(), JsonType():
            return Atom(f"expressions.as_json(*{flat(value)}.entries_())")
        case _, RecordType():
            return Invoke(f"{names.record(wanted)}.of", (("", value),))
        case _, DecimalType(scale=scale):
            return Invoke("expressions.widen", (("", value), ("", Atom(str(scale)))))
        case _:
            return value


def json_of(members: Sequence[tuple[str, Piece]]) -> Piece:
    """A json of json values by their names."""
    pairs = [Display((Text((name,)), value)) for name, value in members]
    return Invoke("expressions.as_json", tuple(("", pair) for pair in pairs))

"""The manifest's shape (docs/manifest.md) of a generated record: of a `json` that is read as one
the manifest says `json` alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from gantral.runtime.kinds import DecimalOf, DurationOf, IntOf, Json, ListOf, Person, StringOf
from gantral.runtime.values import Record

Shape = list[Any]
_BARE: Final[dict[object, Shape]] = {
    bool: ["bool"],
    str: ["string", {"min": "none", "max": "none", "pattern": "none"}],
    int: ["int", {"min": "none", "max": "none"}],
    date: ["date"],
    datetime: ["instant"],
    Json: ["json"],
    Person: ["person"],
}
_WORDS: Final = {StringOf: "string", IntOf: "int", DecimalOf: "decimal", DurationOf: "duration"}


def shape_of(record: type[Record]) -> Shape:
    """The shape of a record class, by the names in the spec."""
    names = record.spec_names_
    hints = get_type_hints(record, include_extras=True)
    fields = [[names.get(name, name), _shape(hints[name]), "none"] for name in record.model_fields]
    return ["record", fields]


def _shape(hint: Any) -> Shape:
    parts = get_args(hint)
    if NoneType in parts:
        (there,) = (one for one in parts if one is not NoneType)
        return ["optional", _shape(there)]
    if get_origin(hint) is Literal:
        return ["enum", list(parts)]
    if get_origin(hint) is not Annotated:
        return _BARE[hint] if hint in _BARE else shape_of(hint)
    bare, held = parts
    if isinstance(held, ListOf):
        return ["list", _limits(held, ("min", "max")), _shape(get_args(bare)[0])]
    if type(held) not in _WORDS:
        return _BARE[bare]
    return [_WORDS[type(held)], _limits(held, held.__dataclass_fields__)]


def _limits(held: Any, names: Sequence[str]) -> dict[str, str]:
    found = {name: getattr(held, name) for name in names}
    return {name: "none" if one is None else str(one) for name, one in found.items()}

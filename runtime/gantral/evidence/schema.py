"""The small part of JSON Schema in which statements are published, compiled to fast checks.

One source: what strangers read in docs/evidence/schemas is what the verifier runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from gantral.evidence.errors import EvidenceError

Schema = Mapping[str, Any]
# Returns "" or what is wrong and where.
Check = Callable[[Any], str]


def text(pattern: str) -> dict[str, Any]:
    """Text that matches ``pattern`` as a whole."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def words(*allowed: str) -> dict[str, Any]:
    """One of these words."""
    return {"enum": list(allowed)}


def items(schema: Schema) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": schema}


def row(*schemas: Schema) -> dict[str, Any]:
    """A list of exactly these, in order."""
    return {
        "type": "array",
        "prefixItems": list(schemas),
        "minItems": len(schemas),
        "maxItems": len(schemas),
    }


def members(**schemas: Schema) -> dict[str, Any]:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": dict(schemas),
        "required": sorted(schemas),
        "additionalProperties": False,
    }


def members_or(optional: Mapping[str, Schema], **schemas: Schema) -> dict[str, Any]:
    """An object with exactly these members, and perhaps the optional ones."""
    return {**members(**schemas), "properties": {**schemas, **optional}}


def table(values: Schema) -> dict[str, Any]:
    """An object of any members with these values."""
    return {"type": "object", "additionalProperties": values}


def either(*schemas: Schema) -> dict[str, Any]:
    """One of these."""
    return {"anyOf": list(schemas)}


def compile_schema(schema: Schema) -> Check:
    """A check for the forms that the functions above make."""
    if "pattern" in schema:
        # $ would let a line end pass; JSON Schema's engines do not.
        match = re.compile(schema["pattern"][1:-1] + r"\Z").match

        def check_text(value: Any) -> str:
            if isinstance(value, str) and match(value):
                return ""
            return f": {value!r:.60} does not have the form"

        return check_text
    if "enum" in schema:
        allowed = frozenset(schema["enum"])
        return lambda value: (
            ""
            if isinstance(value, str) and value in allowed
            else f": {value!r:.60} is not one of the words"
        )
    if "anyOf" in schema:
        if kinds := _kinds(schema["anyOf"]):
            return _by_kind(kinds)
        checks = [compile_schema(part) for part in schema["anyOf"]]

        def check_either(value: Any) -> str:
            for check in checks:
                if not check(value):
                    return ""
            return ": has none of the forms"

        return check_either
    if isinstance(schema.get("type"), list):
        # Any value of the profile: what parse let through.
        return lambda value: ""
    if schema.get("type") == "string":
        return lambda value: "" if isinstance(value, str) else ": text is wanted"
    if schema.get("type") == "array":
        return _array(schema)
    if "properties" in schema:
        return _object(schema)
    values = compile_schema(schema["additionalProperties"])

    def check_table(value: Any) -> str:
        if not isinstance(value, dict):
            return ": an object is wanted"
        for name, item in value.items():
            if wrong := values(item):
                return f"/{name}{wrong}"
        return ""

    return check_table


def _array(schema: Schema) -> Check:
    if "items" in schema:
        each = compile_schema(schema["items"])
        rows_fit = _rows_at_once(schema["items"])

        def check_items(value: Any) -> str:
            if not isinstance(value, list):
                return ": a list is wanted"
            if rows_fit(value):
                return ""
            for index, item in enumerate(value):
                if wrong := each(item):
                    return f"/{index}{wrong}"
            return ""

        return check_items
    places = [compile_schema(part) for part in schema["prefixItems"]]
    at_once = _at_once(schema["prefixItems"])

    def check_row(value: Any) -> str:
        if isinstance(value, list) and len(value) == len(places) and at_once(value):
            return ""
        if not isinstance(value, list) or len(value) != len(places):
            return f": a list of {len(places)} is wanted"
        for index, place in enumerate(places):
            if wrong := place(value[index]):
                return f"/{index}{wrong}"
        return ""

    return check_row


def _is_plain(schema: Schema) -> bool:
    """Whether the schema is of texts that ``_plain`` can tell without line ends."""
    pattern = schema.get("pattern")
    if pattern is not None:
        # A dot could match one; every other part of our patterns says what it matches.
        return "." not in pattern.replace("\\.", "")
    return "enum" in schema and all("\n" not in word for word in schema["enum"])


def _plain(schema: Schema) -> str:
    """A pattern of those texts of the schema in which no line end stands."""
    if "pattern" in schema:
        return str(schema["pattern"][1:-1]).replace("[^", "[^\\n")
    return f"(?:{'|'.join(map(re.escape, schema['enum']))})"


def _at_once(schemas: Sequence[Schema]) -> Callable[[Sequence[Any]], bool]:
    """A test of many texts in one match: joined by line ends, which none of them may hold. False
    says nothing but that each must be looked at."""
    if not schemas or not all(map(_is_plain, schemas)):
        return lambda values: not schemas
    match = re.compile("\n".join(map(_plain, schemas)) + r"\Z").match

    def fits(values: Sequence[Any]) -> bool:
        try:
            return match("\n".join(values)) is not None
        except TypeError:
            return False

    return fits


def _rows_at_once(schema: Schema) -> Callable[[list[Any]], bool]:
    """The same for a list of many rows of texts."""
    places = schema.get("prefixItems", ())
    if not places or not all(map(_is_plain, places)):
        return lambda rows: not rows
    width = len(places)
    match = re.compile("(?:" + "".join(f"{_plain(one)}\n" for one in places) + r")*\Z").match

    def fits(rows: list[Any]) -> bool:
        if not rows:
            return True
        if set(map(type, rows)) != {list} or set(map(len, rows)) != {width}:
            return False
        try:
            texts = "\n".join(chain.from_iterable(rows)) + "\n"
        except TypeError:
            return False
        # A text with a line end in it counts for more than one: no row may make up for another.
        return texts.count("\n") == width * len(rows) and match(texts) is not None

    return fits


def _kinds(schemas: Sequence[Schema]) -> dict[str, Check]:
    """The objects that one member, ``kind``, tells apart; empty when these are others."""
    words = [part.get("properties", {}).get("kind", {}).get("enum", ()) for part in schemas]
    if any(len(one) != 1 for one in words):
        return {}
    return {one[0]: compile_schema(part) for one, part in zip(words, schemas, strict=True)}


def _by_kind(checks: Mapping[str, Check]) -> Check:
    def check_kind(value: Any) -> str:
        kind = value.get("kind") if isinstance(value, dict) else None
        check = checks.get(kind) if isinstance(kind, str) else None
        return check(value) if check else ": has none of the forms"

    return check_kind


def _object(schema: Schema) -> Check:
    properties = schema["properties"]
    checks = {name: compile_schema(part) for name, part in properties.items()}
    names, required = checks.keys(), frozenset(schema["required"])
    plain = [name for name, part in properties.items() if _is_plain(part) and name in required]
    # itemgetter gives no tuple of one.
    plain = plain if len(plain) > 1 else []
    at_once = _at_once([properties[name] for name in plain])
    pick = itemgetter(*plain) if plain else lambda value: ()
    slow = {name: check for name, check in checks.items() if name not in plain}

    def check_object(value: Any) -> str:
        if not isinstance(value, dict):
            return ": an object is wanted"
        if value.keys() != required:
            if extra := sorted(value.keys() - names):
                return f": has the unknown member {extra[0][:60]}"
            if missing := required - value.keys():
                return f": lacks the member {min(missing)}"
        fast = at_once(pick(value))
        for name, check in (slow if fast else checks).items():
            if name in value and (wrong := check(value[name])):
                return f"/{name}{wrong}"
        return ""

    return check_object


class Form:
    """A named statement form: its published schema and its check."""

    def __init__(self, name: str, schema: Schema) -> None:
        self.name = name
        self.schema = schema
        self._check = compile_schema(schema)

    def require(self, value: Any) -> None:
        """Demand that ``value`` has the form.

        Raises:
            EvidenceError: ``form``, naming the place.
        """
        if wrong := self._check(value):
            raise EvidenceError("form", f"{self.name}{wrong}")

    def fits(self, value: Any) -> bool:
        """Whether ``value`` has the form."""
        return not self._check(value)

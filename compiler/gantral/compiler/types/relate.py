"""How types relate: what goes into what, what can be compared, how a type is called.

Refinements are no part of it (LANGUAGE section 3): they are checked where a value enters.
"""

from __future__ import annotations

from typing import Any, TypeVar

from gantral.compiler.program.types import (
    DOCUMENT,
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

_WORDS: dict[type[object], str] = {
    StringType: "string",
    IntType: "int",
    BoolType: "bool",
    DateType: "date",
    InstantType: "instant",
    DurationType: "duration",
    PersonType: "person",
    JsonType: "json",
    NothingType: "nothing",
}

_ORDERED = (StringType, IntType, DecimalType, DateType, InstantType, DurationType)


def describe(type_: Type) -> str:
    """The type as a message names it."""
    match type_:
        case DecimalType():
            return f"decimal(scale: {type_.scale})"
        case EnumType():
            return type_.name or " | ".join(f'"{word}"' for word in type_.words)
        case ListType():
            inner = describe(type_.element)
            return f"list of ({inner})" if inner.endswith("?") else f"list of {inner}"
        case RecordType():
            if type_.name is not None:
                return type_.name
            if type_ == DOCUMENT:
                return "document"
            listed = [f"{one.name}: {_inside(one.type)}" for one in type_.fields[:4]]
            if len(type_.fields) > len(listed):
                listed.append("…")
            return f"{{ {', '.join(listed)} }}" if listed else "{ }"
        case OptionalType():
            return describe(type_.inner) + "?"
        case _:
            return _WORDS[type(type_)]


def _inside(type_: Type) -> str:
    """A field's type, short: a record in it is not told field by field."""
    match type_:
        case RecordType():
            return type_.name or ("document" if type_ == DOCUMENT else "{ … }")
        case OptionalType():
            return _inside(type_.inner) + "?"
        case ListType():
            return f"list of {_inside(type_.element)}"
        case _:
            return describe(type_)


def fits(value: Type, wanted: Type) -> bool:
    """Whether a value of type `value` may stand where `wanted` is wanted."""
    match wanted:
        case OptionalType():
            if isinstance(value, OptionalType):
                return isinstance(value.inner, NothingType) or fits(value.inner, wanted.inner)
            return fits(value, wanted.inner)
        case DecimalType():
            return isinstance(value, DecimalType) and value.scale <= wanted.scale
        case StringType():
            return isinstance(value, (StringType, EnumType))
        case EnumType():
            return isinstance(value, EnumType) and set(value.words) <= set(wanted.words)
        case ListType():
            return isinstance(value, ListType) and (
                isinstance(value.element, NothingType) or fits(value.element, wanted.element)
            )
        case RecordType():
            return isinstance(value, RecordType) and _fields_fit(value, wanted)
        case JsonType() if isinstance(value, RecordType):
            # Any record of json values is a json (LANGUAGE section 3).
            return all(isinstance(one.type, JsonType) for one in value.fields)
        case _:
            return type(value) is type(wanted)


def _fields_fit(value: RecordType, wanted: RecordType) -> bool:
    if value is wanted:
        return True
    if len(value.fields) != len(wanted.fields):
        return False
    for one in wanted.fields:
        has = value.field(one.name)
        if has is None or not fits(has.type, one.type):
            return False
    return True


def difference(value: Type, wanted: Type) -> str:
    """Why one does not go into the other, for the help of a mismatch; or empty."""
    if isinstance(value, OptionalType) and fits(value.inner, wanted):
        return "it may be none: test it with `is some` before, or give a value with `??`"
    if isinstance(wanted, OptionalType) and not isinstance(value, OptionalType):
        return difference(value, wanted.inner)
    if {type(value), type(wanted)} == {IntType, DecimalType}:
        return "declare both as int or both as decimal: neither becomes the other"
    if isinstance(wanted, RecordType) and isinstance(value, RecordType):
        for one in wanted.fields:
            has = value.field(one.name)
            if has is None:
                return f"it lacks the field `{one.name}`"
            if not fits(has.type, one.type):
                return f"its field `{one.name}` is {describe(has.type)}, not {describe(one.type)}"
        extra = [one.name for one in value.fields if wanted.field(one.name) is None]
        return f"it has a field `{extra[0]}` too many" if extra else ""
    if isinstance(wanted, DecimalType) and isinstance(value, DecimalType):
        return f"declare the place with scale {value.scale}, or the value with {wanted.scale}"
    if isinstance(wanted, EnumType) and isinstance(value, EnumType):
        extra = [word for word in value.words if word not in wanted.words]
        return f'it may be "{extra[0]}", which is not among the words wanted'
    return ""


def alike(value: Type, wanted: Type) -> bool:
    """Whether a fitting value has the very form of `wanted`, so that nothing need be rebuilt."""
    match wanted:
        case OptionalType():
            inner = value.inner if isinstance(value, OptionalType) else value
            return isinstance(inner, NothingType) or alike(inner, wanted.inner)
        case DecimalType():
            return isinstance(value, DecimalType) and value.scale == wanted.scale
        case ListType():
            return isinstance(value, ListType) and (
                isinstance(value.element, NothingType) or alike(value.element, wanted.element)
            )
        case JsonType():
            return isinstance(value, JsonType)
        case RecordType():
            if value is wanted:
                return True
            return isinstance(value, RecordType) and None is not value.name == wanted.name
        case _:
            return True


def reveals(value: Type, wanted: Type) -> bool:
    """Whether something in `value` is marked as personal and has no mark where it goes."""
    match value, wanted:
        case OptionalType(), _:
            return reveals(value.inner, wanted)
        case _, OptionalType():
            return reveals(value, wanted.inner)
        case ListType(), ListType():
            return reveals(value.element, wanted.element)
        case _, JsonType():
            return names_somebody(value)
        case RecordType(), RecordType():
            return value is not wanted and any(
                one.personal or reveals(one.type, other.type)
                for one in value.fields
                if (other := wanted.field(one.name)) is not None and not other.personal
            )
        case _:
            return False


def names_somebody(value: Type) -> bool:
    """Whether a value of it holds a `person`, or something that is marked as personal."""
    match value:
        case PersonType():
            return True
        case OptionalType():
            return names_somebody(value.inner)
        case ListType():
            return names_somebody(value.element)
        case RecordType():
            return any(one.personal or names_somebody(one.type) for one in value.fields)
        case _:
            return False


def join(left: Type, right: Type) -> Type | None:
    """The least type that both fit, or None. What it refines holds of every value of both."""
    match left, right:
        case (OptionalType(), _) | (_, OptionalType()):
            inner = _join_inner(_some(left), _some(right))
            return None if inner is None else OptionalType(inner)
        case IntType(), IntType():
            return IntType(*_span(left, right))
        case DurationType(), DurationType():
            return DurationType(*_span(left, right))
        case DecimalType(), DecimalType():
            return DecimalType(max(left.scale, right.scale), *_span(left, right))
        case EnumType(), EnumType():
            if fits(right, left):
                return left
            if fits(left, right):
                return right
            return EnumType(tuple(dict.fromkeys(left.words + right.words)))
        case ((StringType() | EnumType()), (StringType() | EnumType())):
            one, other = _text(left), _text(right)
            pattern = one.pattern if one.pattern == other.pattern else None
            return StringType(*_span(one, other), pattern)
        case ListType(), ListType():
            element = _join_inner(left.element, right.element)
            return None if element is None else ListType(element, *_span(left, right))
        case RecordType(), RecordType():
            return _join_records(left, right)
        case _:
            return left if fits(right, left) else None


def _join_inner(left: Type, right: Type) -> Type | None:
    """Of `none` and of `[]` nothing is known of what they could hold."""
    if isinstance(left, NothingType):
        return right
    return left if isinstance(right, NothingType) else join(left, right)


_Bounded = TypeVar("_Bounded", StringType, IntType, DecimalType, DurationType, ListType)


def _span(left: _Bounded, right: _Bounded) -> tuple[Any, Any]:
    """The bounds that hold on either side: none where one side has none."""
    least = None if left.min is None or right.min is None else min(left.min, right.min)
    most = None if left.max is None or right.max is None else max(left.max, right.max)
    return least, most


def _text(type_: StringType | EnumType) -> StringType:
    if isinstance(type_, StringType):
        return type_
    lengths = [len(word) for word in type_.words]
    return StringType(min(lengths), max(lengths))


def _join_records(left: RecordType, right: RecordType) -> RecordType | None:
    if left is right or None is not left.name == right.name:
        return left
    if len(left.fields) != len(right.fields):
        return None
    fields: list[Field] = []
    for one in left.fields:
        other = right.field(one.name)
        type_ = None if other is None else join(one.type, other.type)
        if other is None or type_ is None:
            return None
        wire = one.wire if one.wire == other.wire else one.name
        fields.append(Field(one.name, type_, one.personal or other.personal, wire))
    for record in (left, right):
        if record.fields == tuple(fields):
            return record
    return RecordType(tuple(fields))


def _some(type_: Type) -> Type:
    return type_.inner if isinstance(type_, OptionalType) else type_


def comparable(left: Type, right: Type) -> bool:
    """Whether `==` between the two can ever hold and means one thing."""
    if isinstance(left, DecimalType) and isinstance(right, DecimalType):
        return True
    if isinstance(left, EnumType) and isinstance(right, EnumType):
        return bool(set(left.words) & set(right.words))
    if isinstance(left, OptionalType) or isinstance(right, OptionalType):
        return False
    if isinstance(left, ListType) and isinstance(right, ListType):
        empty = isinstance(left.element, NothingType) or isinstance(right.element, NothingType)
        return empty or comparable(_some(left.element), _some(right.element))
    if isinstance(left, RecordType) and isinstance(right, RecordType):
        names = {one.name for one in left.fields}
        if names != {one.name for one in right.fields}:
            return False
        return all(
            comparable(_some(one.type), _some(other.type))
            for one in left.fields
            if (other := right.field(one.name)) is not None
        )
    return fits(left, right) or fits(right, left)


def ordered(type_: Type) -> bool:
    """Whether `<` means something for it."""
    return isinstance(type_, _ORDERED)


MAX_DEPTH = 32
MAX_PARTS = 4096


def too_big(type_: Type) -> bool:
    """Whether a type made of types that are not too big is: values are shown to people whole, and
    every stage walks types. Depth counts records, lists and optionals; parts count scalars."""
    depth, parts = _size(type_)
    return depth > MAX_DEPTH or parts > MAX_PARTS


def _size(type_: Type) -> tuple[int, int]:
    match type_:
        case OptionalType():
            depth, parts = _size(type_.inner)
        case ListType():
            depth, parts = _size(type_.element)
        case RecordType():
            depth, parts = 0, 1
            for one in type_.fields:
                inner = _size(one.type)
                depth, parts = max(depth, inner[0]), parts + inner[1]
        case _:
            return 0, 1
    return depth + 1, parts

"""A value where it enters a declared type (LANGUAGE sections 3 and 4): what can never be of it is
an error, what may not be is held to it in the run."""

from __future__ import annotations

import re
from decimal import Decimal

from gantral.compiler.check.canonical import duration_ms, written
from gantral.compiler.check.env import Env
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    DecimalType,
    DurationType,
    IntType,
    JsonType,
    ListType,
    NothingType,
    OptionalType,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.shapes import decimal_text
from gantral.compiler.types.bounds import apart, holds, refined

ABSENT = "{}"


def entered(env: Env, value: ex.Expr | None, wanted: Type) -> ex.Expr | None:
    """The value, which fits `wanted`, where a `let` says that it is of it; None after a finding."""
    if value is None or not possible(env, value, wanted):
        return None
    if within(value, wanted):
        return value
    return ex.Within(span=value.span, type=wanted, personal=value.personal, base=value)


def possible(env: Env, value: ex.Expr, wanted: Type) -> bool:
    """Whether the value can be of the type: a finding where it certainly is not."""
    match value:
        case ex.RecordExpr(fields=fields):
            record = wanted.inner if isinstance(wanted, OptionalType) else wanted
            if not isinstance(record, RecordType):
                return True
            types = {one.name: one.type for one in record.fields}
            # Each of them is told, not the first alone.
            found = [possible(env, one, types[name]) for name, one in fields if name in types]
            return all(found)
        case ex.ListExpr(items=items):
            listed = wanted.inner if isinstance(wanted, OptionalType) else wanted
            if isinstance(listed, ListType):
                inner = [possible(env, one, listed.element) for one in items]
                if not all(inner):
                    return False
        case ex.Narrowed(base=base) | ex.Widen(base=base):
            return possible(env, base, wanted)
        case _:
            pass
    why = _never(value, wanted)
    if why is None:
        return True
    env.findings.error("G0264", value.span, why, "give another value, or declare a wider type")
    return False


def within(value: ex.Expr, wanted: Type) -> bool:
    """Whether it is seen from the expression that its value is within what the type refines."""
    if not refined(wanted):
        return True
    match value:
        case ex.Absent() | ex.RecordExpr() | ex.ReadJson():
            return True
        case ex.Widen(base=base) | ex.Narrowed(base=base):
            return within(base, wanted)
        case ex.Within():
            return holds(value.type, wanted)
        case ex.Conditional(then=then, otherwise=otherwise):
            return within(then, wanted) and within(otherwise, wanted)
        case ex.Coalesce(left=left, right=right):
            return within(left, wanted) and within(right, wanted)
        case ex.ListExpr(items=items):
            listed = wanted.inner if isinstance(wanted, OptionalType) else wanted
            assert isinstance(listed, ListType)
            parts = all(within(one, listed.element) for one in items)
            return parts and _sized(value.type, listed)
        case ex.Comprehension(element=element):
            listed = wanted.inner if isinstance(wanted, OptionalType) else wanted
            assert isinstance(listed, ListType)
            return within(element, listed.element) and _sized(value.type, listed)
        case _:
            return holds(exact(value), wanted)


def _sized(given: Type, wanted: ListType) -> bool:
    """Whether a list is as long as is wanted, whatever its elements are."""
    return isinstance(given, ListType) and holds(
        ListType(NothingType(), given.min, given.max),
        ListType(NothingType(), wanted.min, wanted.max),
    )


def exact(value: ex.Expr) -> Type:
    """The type of the expression; of a literal, with itself as its bounds."""
    if not isinstance(value, ex.Literal):
        return value.type
    match value.type:
        case IntType():
            return IntType(int(value.value), int(value.value))
        case DecimalType(scale=scale):
            return DecimalType(scale, Decimal(value.value), Decimal(value.value))
        case DurationType():
            length = duration_ms(value.value)
            return DurationType(length, length)
        case StringType():
            return StringType(len(value.value), len(value.value))
        case other:
            return other


def _never(value: ex.Expr, wanted: Type) -> str | None:
    """Why the value is never of the type, in words; None when it may be."""
    if isinstance(value, ex.Literal) and value.value == ABSENT and isinstance(wanted, OptionalType):
        kind = "json" if isinstance(value.type, JsonType) else "string"
        return f"in evidence {{}} stands for none: a {kind} that may be none is never this"
    if apart(exact(value), wanted):
        return f"this is never within `{_words(wanted)}`"
    bare = wanted.inner if isinstance(wanted, OptionalType) else wanted
    if isinstance(value, ex.Literal) and isinstance(bare, StringType) and bare.pattern is not None:
        text = value.value
        # Where the two engines could differ, the run decides.
        if text.isascii() and re.fullmatch(bare.pattern, text) is None:
            return f"this is never what the pattern `{bare.pattern}` matches"
    return None


def _words(wanted: Type) -> str:
    """The type with its refinements, as a spec writes it."""
    match wanted:
        case OptionalType(inner=inner):
            return _words(inner)
        case IntType():
            return f"int({_bounds(wanted.min, wanted.max)})"
        case StringType():
            return f"string({_bounds(wanted.min, wanted.max)})"
        case ListType():
            return f"list({_bounds(wanted.min, wanted.max)})"
        case DurationType():
            limits = [None if one is None else written(one) for one in (wanted.min, wanted.max)]
            return f"duration({_bounds(*limits)})"
        case DecimalType(scale=scale):
            bounds = [
                None if one is None else decimal_text(one, scale)
                for one in (wanted.min, wanted.max)
            ]
            return f"decimal(scale: {scale}, {_bounds(*bounds)})"
        case _:
            return "value of its type"


def _bounds(least: object, most: object) -> str:
    given = (("min", least), ("max", most))
    return ", ".join(f"{name}: {one}" for name, one in given if one is not None)

"""Built-in functions (LANGUAGE section 4). Those that round stand in `rounding.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from gantral.compiler.calendars.shifts import shifts
from gantral.compiler.calendars.zones import zones
from gantral.compiler.check import expressions, rounding, steps
from gantral.compiler.check.env import Env
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    SCALARS,
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    InstantType,
    IntType,
    ListType,
    NothingType,
    OptionalType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import describe, ordered
from gantral.dsl import syntax as syn

_NAMES: Mapping[str, ex.FunctionName] = {name: name for name in get_args(ex.FunctionName)}
BUILT: tuple[str, ...] = tuple(sorted((*_NAMES, "div", "now", "round")))
_TESTS = ("contains", "starts_with", "ends_with")
_TEXTS = (*_TESTS, "lower", "upper", "trim")
_TWO = (*_TESTS, "join")
# What the elements of the list are, in words.
_OF: Mapping[str, str] = {
    "sum": "numbers or durations",
    "min": "texts, numbers or times",
    "max": "texts, numbers or times",
    "sorted": "texts, numbers or times",
    "any": "truth values",
    "all": "truth values",
    "first": "values that are never none",
    "last": "values that are never none",
    "join": "texts",
    "count": "anything",
    "distinct": "anything",
}
_SHIFTS: Mapping[str, Type] = {"date": InstantType(), "instant": DateType()}


def call(env: Env, one: syn.Call, hint: Type | None) -> ex.Expr | None:
    """A call of a built-in."""
    word = one.function.text
    if word == "now":
        return _now(env, one)
    if word in ("div", "mod", "round"):
        return rounding.call(env, one)
    if word in _SHIFTS:
        return _shift(env, one, _NAMES[word])
    name = _NAMES.get(word)
    if name is None:
        help, edits = meant(one.function.span, word, BUILT, "use one of the built-in functions")
        env.findings.error(
            "G0201", one.function.span, f"there is no function `{word}`", help, (), edits
        )
        return None
    wanted = 2 if name in _TWO else 1
    if len(one.arguments) != wanted or any(each.name is not None for each in one.arguments):
        env.findings.error(
            "G0206",
            one.span,
            f"`{name}` takes {'one value' if wanted == 1 else 'two values'}, without names",
            f"write `{name}({', '.join(('a', 'b')[:wanted])})`",
        )
        return None
    values = [_argument(env, name, at, each.value, hint) for at, each in enumerate(one.arguments)]
    given = tuple(each for each in values if each is not None)
    if len(given) != wanted:
        return None
    type_ = _result(env, name, given[0])
    if type_ is None:
        return None
    made = ex.FunctionCall(
        span=one.span,
        type=type_,
        personal=any(each.personal for each in given),
        name=name,
        arguments=given,
    )
    return made if steps.few(env, made) else None


def _argument(
    env: Env, name: str, at: int, value: syn.Expression, hint: Type | None
) -> ex.Expr | None:
    if name in _TEXTS or (name == "join" and at == 1):
        return expressions.value(env, value, StringType())
    wanted: Type | None = None
    if name in ("sorted", "distinct"):
        wanted = hint
    elif name in ("min", "max", "first", "last", "sum") and hint is not None:
        wanted = ListType(hint.inner if isinstance(hint, OptionalType) else hint)
    return expressions.infer(env, value, wanted)


def _now(env: Env, one: syn.Call) -> ex.Expr | None:
    if one.arguments:
        env.findings.error("G0206", one.span, "`now` takes no value", "write `now()`")
        return None
    if env.timeless:
        env.findings.error(
            "G0225",
            one.span,
            "`now()` can't stand in a gate: each who reads it there would read another time",
            "read it before the `ask`, and give it to the gate as a parameter",
        )
        return None
    return ex.Now(span=one.span, type=InstantType())


def _shift(env: Env, one: syn.Call, name: ex.FunctionName) -> ex.Expr | None:
    """`date(i, zone: "UTC")`, `instant(d, zone: "Europe/Berlin")`."""
    wanted = _SHIFTS[name]
    named = {each.name.text: each for each in one.arguments if each.name is not None}
    bare = [each for each in one.arguments if each.name is None]
    if len(bare) != 1 or len(one.arguments) != 2 or "zone" not in named:
        env.findings.error(
            "G0206",
            one.span,
            f"`{name}` takes {describe(wanted)} and a zone",
            f'write `{name}(a, zone: "UTC")`',
        )
        return None
    value = expressions.value(env, bare[0].value, wanted)
    zone = expressions.value(env, named["zone"].value, StringType())
    if value is None or zone is None:
        return None
    type_: Type = DateType() if name == "date" else InstantType()
    if not isinstance(zone, ex.Literal):
        env.findings.error(
            "G0265",
            zone.span,
            "which zone this is would be known only in the run",
            'name one as in `zone: "Europe/Berlin"`',
        )
        return None
    if zone.value != "UTC":
        if zone.value not in zones():
            # The name stands in quotes, which no edit may take away.
            help, _ = meant(zone.span, zone.value, zones(), 'name one as in "Europe/Berlin"')
            env.findings.error("G0265", zone.span, f"there is no zone `{zone.value}`", help)
            return None
        return ex.ZonedCall(
            span=one.span,
            type=type_,
            personal=value.personal,
            name=name,
            arguments=(value, zone),
            zone=zone.value,
            shifts=shifts(zone.value),
        )
    return ex.FunctionCall(
        span=one.span, type=type_, personal=value.personal, name=name, arguments=(value, zone)
    )


def _result(env: Env, name: str, first: ex.Expr) -> Type | None:
    if name in _TESTS:
        return BoolType()
    if name in _TEXTS:
        return StringType()
    type_ = first.type
    if name == "len" and isinstance(type_, (StringType, EnumType, ListType)):
        return IntType()
    if name == "text" and isinstance(type_, SCALARS):
        return StringType()
    if isinstance(type_, ListType) and name in _OF:
        if name == "count" and isinstance(type_.element, (BoolType, OptionalType)):
            _miscounted(env, first, type_.element)
            return None
        found = _folded(name, type_)
        if found is not None:
            return found
    absent = isinstance(type_, OptionalType)
    wanted = {"len": "a text or a list", "text": "a plain value"}.get(name)
    if wanted is None:
        wanted = "a list" if _OF[name] == "anything" else f"a list of {_OF[name]}"
    env.findings.error(
        "G0207" if absent else "G0205",
        first.span,
        f"`{name}` takes {wanted}, and this is {describe(type_)}",
        "give a value with `??`" if absent else f"give it {wanted}",
    )
    return None


def _folded(name: str, listed: ListType) -> Type | None:
    """What a function of a list gives; None where its elements are not what it takes."""
    element = listed.element
    match name:
        case "count":
            return IntType()
        case "distinct":
            return ListType(element, None, listed.max)
        case "join":
            return StringType() if isinstance(element, (StringType, EnumType)) else None
        case "any" | "all":
            return BoolType() if isinstance(element, BoolType) else None
        case "sum":
            if isinstance(element, DecimalType):
                return DecimalType(element.scale)
            if isinstance(element, DurationType):
                return DurationType()
            return IntType() if isinstance(element, IntType) else None
        case "first" | "last":
            absent = isinstance(element, (OptionalType, NothingType))
            return None if absent else OptionalType(element)
        case "sorted":
            return listed if ordered(element) else None
        case _:
            return OptionalType(element) if ordered(element) else None


def _miscounted(env: Env, items: ex.Expr, element: Type) -> None:
    true = isinstance(element, BoolType)
    env.findings.error(
        "G0229",
        items.span,
        "`count` counts the false ones too" if true else "`count` counts what is none too",
        "write `count(x for x in xs where x)`, or `len` for all of them"
        if true
        else "write `count(x for x in xs where x is some)`, or `len` for all of them",
    )

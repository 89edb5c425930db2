"""Built-in functions (LANGUAGE section 4)."""

from __future__ import annotations

from typing import get_args

from gantral.compiler.check import expressions
from gantral.compiler.check.env import Env
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    InstantType,
    IntType,
    ListType,
    OptionalType,
    StringType,
    Type,
)
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn

BUILT: tuple[ex.FunctionName, ...] = get_args(ex.FunctionName)
LATER = (
    "sum", "count", "any", "all", "first", "last", "sorted", "distinct", "text", "join", "date",
    "instant", "now", "div", "mod", "round",
)  # fmt: skip
_TEXTS = {
    "contains": 2, "starts_with": 2, "ends_with": 2, "lower": 1, "upper": 1, "trim": 1
}  # fmt: skip
_TESTS = ("contains", "starts_with", "ends_with")
_FOLDED = (IntType, DecimalType, DateType, InstantType, DurationType)


def call(env: Env, one: syn.Call, hint: Type | None) -> ex.Expr | None:
    """A call of a built-in."""
    word = one.function.text
    if word in LATER:
        env.findings.not_built(one.function.span, f"the function `{word}`")
        return None
    name = next((built for built in BUILT if built == word), None)
    if name is None:
        help, edits = meant(one.function.span, word, BUILT, "use one of the built-in functions")
        env.findings.error(
            "G0201", one.function.span, f"there is no function `{word}`", help, (), edits
        )
        return None
    wanted = _TEXTS.get(name, 1)
    if len(one.arguments) != wanted or any(each.name is not None for each in one.arguments):
        env.findings.error(
            "G0206",
            one.span,
            f"`{name}` takes {'one value' if wanted == 1 else 'two values'}, without names",
            f"write `{name}({', '.join(('a', 'b')[:wanted])})`",
        )
        return None
    values: list[ex.Expr] = []
    for each in one.arguments:
        if name in _TEXTS:
            found = expressions.value(env, each.value, StringType())
        else:
            found = expressions.infer(env, each.value)
        if found is not None:
            values.append(found)
    if len(values) != wanted:
        return None
    type_ = _result(env, name, values[0])
    if type_ is None:
        return None
    return ex.FunctionCall(
        span=one.span,
        type=type_,
        personal=any(each.personal for each in values),
        name=name,
        arguments=tuple(values),
    )


def _result(env: Env, name: str, first: ex.Expr) -> Type | None:
    if name in _TESTS:
        return BoolType()
    if name in _TEXTS:
        return StringType()
    if name == "len" and isinstance(first.type, (StringType, EnumType, ListType)):
        return IntType()
    if name in ("min", "max") and isinstance(first.type, ListType):
        element = first.type.element
        if isinstance(element, _FOLDED):
            return OptionalType(element)
    absent = isinstance(first.type, OptionalType)
    wanted = "a text or a list" if name == "len" else "a list of numbers or times"
    env.findings.error(
        "G0207" if absent else "G0205",
        first.span,
        f"`{name}` takes {wanted}, and this is {describe(first.type)}",
        "give a value with `??`" if absent else f"give it {wanted}",
    )
    return None

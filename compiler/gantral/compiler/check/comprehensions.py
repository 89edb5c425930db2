"""Comprehensions (LANGUAGE section 4): `[x.id for x in xs where x.ok]`, also as the one argument
of a function."""

from __future__ import annotations

from gantral.compiler.check import expressions, steps
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import ListType, NothingType, OptionalType, Type
from gantral.compiler.types.relate import describe, too_big
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span


def comprehension(env: Env, one: syn.Generator, span: Span, hint: Type | None) -> ex.Expr | None:
    """The list of what `element` is for each element that `where` lets pass."""
    items = _items(env, one)
    type_: Type | None = None
    if items is not None and isinstance(items.type, ListType):
        type_ = items.type.element
    wanted = hint.inner if isinstance(hint, OptionalType) else hint
    with env.block():
        name = one.name
        personal = items is not None and items.personal
        if not env.bind(Binding("element", name.text, name.span, type_, personal)):
            return None
        condition = None if one.condition is None else expressions.condition(env, one.condition)
        env.learn(condition, True)
        inner = wanted.element if isinstance(wanted, ListType) else None
        element = expressions.infer(env, one.element, inner)
    if items is None or element is None:
        return None
    if condition is None and one.condition is not None:
        return None
    if isinstance(element.type, NothingType):
        env.findings.error("G0205", element.span, "this has no value", "give each element a value")
        return None
    assert isinstance(items.type, ListType)
    least = items.type.min if condition is None else None
    listed = ListType(element.type, least, items.type.max)
    if too_big(listed):
        env.findings.error(
            "G0218", span, "this list is too deep or has too many parts", "put less into one value"
        )
        return None
    made = ex.Comprehension(
        span=span,
        type=listed,
        # How many there are is told by what chose them.
        personal=items.personal
        or element.personal
        or (condition is not None and condition.personal),
        element=element,
        name=name.text,
        binding=name.span,
        items=items,
        condition=condition,
    )
    return made if steps.few(env, made) else None


def _items(env: Env, one: syn.Generator) -> ex.Expr | None:
    items = expressions.infer(env, one.items)
    if items is None:
        return None
    if isinstance(items.type, ListType) and not isinstance(items.type.element, NothingType):
        return items
    absent = isinstance(items.type, OptionalType)
    env.findings.error(
        "G0207" if absent else "G0205",
        items.span,
        f"what stands after `in` is a list, and this is {describe(items.type)}",
        "give a list with `??`, or test it with `is some` before" if absent else "give a list",
    )
    return None

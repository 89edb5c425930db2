"""Expressions (LANGUAGE section 4). Names and members, literals, operators and functions stand in
their own files, and come back here for what is inside them."""

from __future__ import annotations

from gantral.compiler.check import comprehensions, functions, literals, members, operators
from gantral.compiler.check.canonical import duration_text
from gantral.compiler.check.env import Env
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    BoolType,
    DurationType,
    EnumType,
    JsonType,
    OptionalType,
    RecordType,
    Type,
)
from gantral.compiler.types.relate import (
    alike,
    describe,
    difference,
    fits,
    join,
    reveals,
)
from gantral.dsl import syntax as syn


def value(env: Env, one: syn.Expression, wanted: Type) -> ex.Expr | None:
    """The expression where a value of type `wanted` is wanted; None after a finding."""
    found = infer(env, one, wanted)
    return None if found is None else fit(env, found, wanted)


def fit(env: Env, found: ex.Expr, wanted: Type) -> ex.Expr | None:
    """A typed expression where `wanted` is wanted; None after a finding."""
    if not fits(found.type, wanted):
        help = difference(found.type, wanted) or f"give a value of type {describe(wanted)}"
        code = "G0205"
        if isinstance(found.type, OptionalType) and fits(found.type.inner, wanted):
            code = "G0207"
        env.findings.error(
            code,
            found.span,
            f"{describe(wanted)} is wanted here, and this is {describe(found.type)}",
            help,
        )
        return None
    if alike(found.type, wanted):
        return found
    inner = wanted
    if isinstance(wanted, OptionalType) and not isinstance(found.type, OptionalType):
        inner = wanted.inner
    # What is personal stays so where the type does not say it.
    personal = found.personal or reveals(found.type, wanted)
    return ex.Widen(span=found.span, type=inner, personal=personal, base=found)


def read(env: Env, one: syn.Expression, wanted: Type) -> ex.Expr | None:
    """The right side of `let x: T = …`: as :func:`value`, and a `json` is read as the record T
    (LANGUAGE section 3)."""
    found = infer(env, one, wanted)
    if found is None:
        return None
    if isinstance(found.type, JsonType) and isinstance(wanted, RecordType):
        return ex.ReadJson(span=one.span, type=wanted, personal=found.personal, base=found)
    return fit(env, found, wanted)


def condition(env: Env, one: syn.Expression) -> ex.Expr | None:
    """A `bool`."""
    return value(env, one, BoolType())


def infer(env: Env, one: syn.Expression, hint: Type | None = None) -> ex.Expr | None:
    """The expression with the type it has by itself; `hint` only settles what literals mean."""
    match one:
        case syn.Name():
            return members.name(env, one)
        case syn.Member():
            return members.access(env, one)
        case syn.Text():
            return literals.text(env, one, hint)
        case syn.Integer():
            return literals.integer(one, hint)
        case syn.Decimal():
            return literals.decimal(one, hint)
        case syn.Duration():
            text = duration_text(one.milliseconds)
            return ex.Literal(span=one.span, type=DurationType(), value=text)
        case syn.Boolean():
            return ex.Literal(
                span=one.span, type=BoolType(), value="true" if one.value else "false"
            )
        case syn.NoneLiteral():
            return literals.absent(one, hint)
        case syn.Record():
            return literals.record(env, one, hint)
        case syn.ListLiteral():
            return literals.listed(env, one, hint)
        case syn.Call():
            return functions.call(env, one, hint)
        case syn.Comprehension():
            return comprehensions.comprehension(env, one.generator, one.span, hint)
        case syn.Generator():
            return comprehensions.comprehension(env, one, one.span, hint)
        case syn.Unary():
            return operators.unary(env, one, hint)
        case syn.Binary():
            return operators.binary(env, one, hint)
        case syn.Comparison():
            return operators.comparison(env, one)
        case syn.NoneTest():
            return operators.none_test(env, one)
        case syn.Conditional():
            return _conditional(env, one, hint)


def _declared(one: ex.Expr) -> Type:
    """The type to settle a literal beside it by: of an enum all its words, narrowed here or not."""
    if isinstance(one, ex.Narrowed) and isinstance(one.type, EnumType):
        return one.base.type
    return one.type


def _conditional(env: Env, one: syn.Conditional, hint: Type | None) -> ex.Expr | None:
    test = condition(env, one.condition)
    if hint is None and operators.plain(one.then) and not operators.plain(one.otherwise):
        with env.knowing(test, False):
            otherwise = infer(env, one.otherwise, hint)
        with env.knowing(test, True):
            then = infer(env, one.then, None if otherwise is None else _declared(otherwise))
    else:
        with env.knowing(test, True):
            then = infer(env, one.then, hint)
        with env.knowing(test, False):
            known = hint if hint is not None or then is None else _declared(then)
            otherwise = infer(env, one.otherwise, known)
    if test is None or then is None or otherwise is None:
        return None
    type_ = join(then.type, otherwise.type)
    if type_ is None:
        env.findings.error(
            "G0205",
            otherwise.span,
            f"this is {describe(otherwise.type)} and the other side {describe(then.type)}",
            "give both sides of `if … then … else …` one type",
        )
        return None
    left, right = fit(env, then, type_), fit(env, otherwise, type_)
    assert left is not None
    assert right is not None
    personal = test.personal or left.personal or right.personal
    return ex.Conditional(
        span=one.span, type=type_, personal=personal, condition=test, then=left, otherwise=right
    )

"""Operators: arithmetic, comparisons, logic, tests (LANGUAGE section 4)."""

from __future__ import annotations

from gantral.compiler.check import expressions, steps
from gantral.compiler.check.env import Env
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    BoolType,
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
from gantral.compiler.types.relate import comparable, describe, join, ordered
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

MAX_SCALE = 28


def plain(one: syn.Expression) -> bool:
    """Whether it is a literal whose meaning the other side of an operator settles."""
    if isinstance(one, syn.Unary):
        return one.operator == "-" and plain(one.operand)
    if isinstance(one, syn.Text):
        return all(isinstance(part, str) for part in one.parts)
    return isinstance(one, (syn.Integer, syn.NoneLiteral, syn.ListLiteral, syn.Record))


def unary(env: Env, one: syn.Unary, hint: Type | None) -> ex.Expr | None:
    """`-x`, `not x`."""
    if one.operator == "not":
        operand = expressions.condition(env, one.operand)
        if operand is None:
            return None
        return ex.Not(span=one.span, type=BoolType(), personal=operand.personal, operand=operand)
    operand = expressions.infer(env, one.operand, hint)
    if operand is None or not _present(env, operand):
        return None
    if isinstance(operand, ex.Literal) and isinstance(operand.type, (IntType, DecimalType)):
        text = operand.value
        text = text[1:] if text.startswith("-") else f"-{text}" if text.strip("0.") else text
        return ex.Literal(span=one.span, type=operand.type, value=text)
    type_: Type
    match operand.type:
        case IntType():
            type_ = IntType()
        case DecimalType():
            type_ = DecimalType(operand.type.scale)
        case DurationType():
            type_ = DurationType()
        case _:
            env.findings.error(
                "G0210",
                operand.span,
                f"`-` takes a number or a duration, and this is {describe(operand.type)}",
                "leave the sign out",
            )
            return None
    return ex.Negate(span=one.span, type=type_, personal=operand.personal, operand=operand)


def binary(env: Env, one: syn.Binary, hint: Type | None) -> ex.Expr | None:
    """`or and ?? + - *`."""
    # A long chain leans left: taken in a loop, so that its length is no depth.
    chain = [one]
    left_syntax: syn.Expression = one.left
    while isinstance(left_syntax, syn.Binary):
        chain.append(left_syntax)
        left_syntax = left_syntax.left
    left: ex.Expr | syn.Expression | None = left_syntax
    for step in reversed(chain):
        left = _step(env, step, left, hint)
    assert not isinstance(left, syn.Node)
    return left


_Left = ex.Expr | syn.Expression | None


def _step(env: Env, one: syn.Binary, left: _Left, hint: Type | None) -> ex.Expr | None:
    """One operator; its left side is syntax only at the bottom of a chain."""
    match one.operator:
        case "and" | "or":
            return _logic(env, one, left)
        case "??":
            return _coalesce(env, one, left, hint)
        case _:
            return _arithmetic(env, one, left, hint)


def _logic(env: Env, one: syn.Binary, left: _Left) -> ex.Expr | None:
    if isinstance(left, syn.Node):
        left = expressions.condition(env, left)
    elif left is not None:
        left = expressions.fit(env, left, BoolType())
    operator = "and" if one.operator == "and" else "or"
    with env.knowing(left, operator == "and"):
        right = expressions.condition(env, one.right)
    if left is None or right is None:
        return None
    personal = left.personal or right.personal
    return ex.Logic(
        span=one.span,
        type=BoolType(),
        personal=personal,
        operator="and" if operator == "and" else "or",
        left=left,
        right=right,
    )


def _coalesce(env: Env, one: syn.Binary, left: _Left, hint: Type | None) -> ex.Expr | None:
    if isinstance(left, syn.Node):
        wanted = hint if hint is None or isinstance(hint, OptionalType) else OptionalType(hint)
        left = expressions.infer(env, left, wanted)
    known = hint
    if left is not None and isinstance(left.type, OptionalType) and hint is None:
        known = left.type.inner
    right = expressions.infer(env, one.right, known)
    if left is None or right is None:
        return None
    if not isinstance(left.type, OptionalType):
        env.findings.error(
            "G0210",
            left.span,
            "the left of `??` is never none",
            "leave `??` and its right side out",
        )
        return None
    type_ = join(left.type.inner, right.type)
    if isinstance(left.type.inner, NothingType):
        type_ = right.type
    if type_ is None:
        env.findings.error(
            "G0205",
            right.span,
            f"this is {describe(right.type)}, and the left of `??` {describe(left.type.inner)}",
            "give both sides one type",
        )
        return None
    wide = type_ if isinstance(type_, OptionalType) else OptionalType(type_)
    first, second = expressions.fit(env, left, wide), expressions.fit(env, right, type_)
    if first is None or second is None:
        return None
    personal = first.personal or second.personal
    return ex.Coalesce(span=one.span, type=type_, personal=personal, left=first, right=second)


def _sides(
    env: Env, left: _Left, right: syn.Expression, hint: Type | None = None
) -> tuple[ex.Expr | None, ex.Expr | None]:
    """Both sides, a plain literal at the type of the other side."""
    if isinstance(left, syn.Node):
        if plain(left) and not (plain(right) and not isinstance(left, syn.Integer)):
            second = expressions.infer(env, right, hint)
            known = second.type if second is not None else hint
            return expressions.infer(env, left, known), second
        left = expressions.infer(env, left, hint)
    known = left.type if left is not None else hint
    return left, expressions.infer(env, right, known)


def _arithmetic(env: Env, one: syn.Binary, left: _Left, hint: Type | None) -> ex.Expr | None:
    if one.operator == "*":
        first, second = _factors(env, left, one.right)
    else:
        first, second = _sides(env, left, one.right, hint if _both_plain(left, one.right) else None)
    if first is None or second is None:
        return None
    if not (_present(env, first) and _present(env, second)):
        return None
    type_ = _result(one.operator, first.type, second.type)
    if type_ is None:
        env.findings.error(
            "G0210",
            one.span,
            f"`{one.operator}` between {describe(first.type)} and {describe(second.type)} "
            "has no meaning",
            _NUMBERS if _mixed(first.type, second.type) else "use values of one type",
        )
        return None
    if isinstance(type_, ListType):
        sides = (_elements(env, first, type_.element), _elements(env, second, type_.element))
        if sides[0] is None or sides[1] is None or not steps.short(env, one.span, type_):
            return None
        first, second = sides[0], sides[1]
    if isinstance(type_, DecimalType) and type_.scale > MAX_SCALE:
        env.findings.error(
            "G0210",
            one.span,
            f"the product has {type_.scale} digits after the point, more than {MAX_SCALE}",
            "multiply decimals of smaller scales",
        )
        return None
    return ex.Binary(
        span=one.span,
        type=type_,
        personal=first.personal or second.personal,
        operator="+" if one.operator == "+" else "-" if one.operator == "-" else "*",
        left=first,
        right=second,
    )


_NUMBERS = "declare both as int or both as decimal: neither becomes the other"


def _elements(env: Env, one: ex.Expr, element: Type) -> ex.Expr | None:
    """A side of a joined list, its elements at the type that those of both sides have."""
    assert isinstance(one.type, ListType)
    if isinstance(one.type.element, NothingType):
        return one
    return expressions.fit(env, one, ListType(element, one.type.min, one.type.max))


def _mixed(left: Type, right: Type) -> bool:
    numbers = (IntType, DecimalType)
    return isinstance(left, numbers) and isinstance(right, numbers)


def _both_plain(left: _Left, right: syn.Expression) -> bool:
    return isinstance(left, syn.Node) and plain(left) and plain(right)


def _factors(env: Env, left: _Left, right: syn.Expression) -> tuple[ex.Expr | None, ex.Expr | None]:
    """An integer literal beside a decimal is a decimal of scale 0: the product keeps the scale."""
    first = expressions.infer(env, left) if isinstance(left, syn.Node) else left
    second = expressions.infer(env, right)
    if first is None or second is None:
        return first, second
    if isinstance(second.type, DecimalType):
        first = _whole(first)
    if isinstance(first.type, DecimalType):
        second = _whole(second)
    return first, second


def _whole(one: ex.Expr) -> ex.Expr:
    if isinstance(one, ex.Literal) and isinstance(one.type, IntType):
        return ex.Literal(span=one.span, type=DecimalType(0), value=one.value)
    return one


def _result(operator: str, left: Type, right: Type) -> Type | None:
    match left, right:
        case IntType(), IntType():
            return IntType()
        case DecimalType(), DecimalType():
            if operator == "*":
                return DecimalType(left.scale + right.scale)
            return DecimalType(max(left.scale, right.scale))
        case IntType(), DurationType():
            return DurationType() if operator == "*" else None
        case DurationType(), IntType():
            return DurationType() if operator == "*" else None
        case DurationType(), DurationType():
            return DurationType() if operator != "*" else None
        case InstantType(), DurationType():
            return InstantType() if operator != "*" else None
        case DurationType(), InstantType():
            return InstantType() if operator == "+" else None
        case InstantType(), InstantType():
            return DurationType() if operator == "-" else None
        case ((StringType() | EnumType()), (StringType() | EnumType())):
            return StringType() if operator == "+" else None
        case ListType(), ListType():
            if operator != "+":
                return None
            element = left.element
            if not isinstance(right.element, NothingType):
                joined = join(left.element, right.element)
                element = right.element if isinstance(element, NothingType) else joined or element
                if joined is None and not isinstance(left.element, NothingType):
                    return None
            high = None if left.max is None or right.max is None else left.max + right.max
            return ListType(element, None, high)
        case _:
            return None


def comparison(env: Env, one: syn.Comparison) -> ex.Expr | None:
    """`== != < <= > >=`, `in`, `not in`."""
    if one.operator in ("in", "not in"):
        return _contained(env, one)
    for side in (one.left, one.right):
        if isinstance(side, syn.NoneLiteral):
            env.findings.error(
                "G0208",
                side.span,
                "nothing is compared with `none`",
                "write `is none` or `is some`",
            )
            return None
    left, right = _sides(env, one.left, one.right)
    if left is None or right is None:
        return None
    if not (_present(env, left) and _present(env, right)):
        return None
    operator = one.operator
    assert operator != "in"
    assert operator != "not in"
    if operator not in ("==", "!=") and not (ordered(left.type) and ordered(right.type)):
        _refuse(env, one.span, f"`{operator}` does not order", left.type, right.type)
        return None
    if not comparable(left.type, right.type):
        _refuse(env, one.span, f"`{operator}` can't compare", left.type, right.type)
        return None
    return ex.Compare(
        span=one.span,
        type=BoolType(),
        personal=left.personal or right.personal,
        operator=operator,
        left=left,
        right=right,
    )


def _refuse(env: Env, span: Span, what: str, left: Type, right: Type) -> None:
    never = isinstance(left, EnumType) and isinstance(right, EnumType)
    env.findings.error(
        "G0208",
        span,
        f"{what} {describe(left)} with {describe(right)}",
        "the two have no word in common"
        if never
        else _NUMBERS
        if _mixed(left, right)
        else "compare values of one type",
    )


def _contained(env: Env, one: syn.Comparison) -> ex.Expr | None:
    if isinstance(one.right, syn.ListLiteral):
        item = expressions.infer(env, one.left)
        wanted = None
        if item is not None:
            bare = item.type.inner if isinstance(item.type, OptionalType) else item.type
            wanted = ListType(bare)
        items = expressions.infer(env, one.right, wanted)
    else:
        items = expressions.infer(env, one.right)
        hint = (
            items.type.element if items is not None and isinstance(items.type, ListType) else None
        )
        item = expressions.infer(env, one.left, hint)
    if item is None or items is None:
        return None
    if not (_present(env, item) and _present(env, items)):
        return None
    if not isinstance(items.type, ListType):
        text = isinstance(items.type, StringType)
        env.findings.error(
            "G0210",
            items.span,
            f"the right of `in` is a list, and this is {describe(items.type)}",
            "write `contains(text, part)`" if text else "give a list",
        )
        return None
    element = items.type.element
    if not isinstance(element, NothingType) and not comparable(item.type, element):
        _refuse(env, one.span, f"`{one.operator}` can't compare", item.type, element)
        return None
    return ex.In(
        span=one.span,
        type=BoolType(),
        personal=item.personal or items.personal,
        item=item,
        items=items,
        negated=one.operator == "not in",
    )


def none_test(env: Env, one: syn.NoneTest) -> ex.Expr | None:
    """`x is none`, `x is some`."""
    operand = expressions.infer(env, one.operand)
    if operand is None:
        return None
    if not isinstance(operand.type, OptionalType):
        word = "true" if one.some else "false"
        env.findings.warning(
            "G0263",
            one.span,
            f"this is always {word}: the value is never none here",
            "leave it out",
        )
    return ex.Test(
        span=one.span,
        type=BoolType(),
        personal=operand.personal,
        operand=operand,
        some=one.some,
    )


def _present(env: Env, operand: ex.Expr) -> bool:
    if not isinstance(operand.type, OptionalType):
        return True
    env.findings.error(
        "G0207",
        operand.span,
        "this may be none",
        "test it with `is some` before, or give a value with `??`",
    )
    return False

"""Between what a duration lies, read off its expression (LANGUAGE section 7)."""

from __future__ import annotations

import math

from gantral.compiler.check.canonical import duration_ms
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import DurationType, IntType, OptionalType
from gantral.dsl.frozen import frozen


@frozen
class Between:
    """The least and the largest value, in ms for a duration; None: no bound is known."""

    least: int | None
    largest: int | None


_ANY = Between(None, None)


def between(one: ex.Expr) -> Between:
    """The bounds of an int or a duration, as far as its constants and declared types tell."""
    match one:
        case ex.Literal(value=text, type=DurationType()):
            exact = duration_ms(text)
            return Between(exact, exact)
        case ex.Literal(value=text, type=IntType()):
            return Between(int(text), int(text))
        case ex.Widen(base=base) | ex.Narrowed(base=base):
            return between(base)
        case ex.Negate(operand=operand):
            inner = between(operand)
            return Between(_minus(inner.largest), _minus(inner.least))
        case ex.Conditional(then=left, otherwise=right) | ex.Coalesce(left=left, right=right):
            return _either(between(left), between(right))
        case ex.Binary(operator="+", left=left, right=right):
            return _sum(between(left), between(right))
        case ex.Binary(operator="-", left=left, right=right):
            other = between(right)
            return _sum(between(left), Between(_minus(other.largest), _minus(other.least)))
        case ex.Binary(operator="*", left=left, right=right):
            return _product(between(left), between(right))
        case (
            ex.InputRef()
            | ex.Member()
            | ex.LetRef()
            | ex.VarRef()
            | ex.ApprovalRef()
            | ex.ProposedRef()
            | ex.ParamRef()
        ):
            type_ = one.type
            if isinstance(type_, OptionalType):
                type_ = type_.inner
            if isinstance(type_, IntType | DurationType):
                return Between(type_.min, type_.max)
            return _ANY
        case _:
            return _ANY


def _minus(value: int | None) -> int | None:
    return None if value is None else -value


def _either(one: Between, other: Between) -> Between:
    least = None if one.least is None or other.least is None else min(one.least, other.least)
    if one.largest is None or other.largest is None:
        return Between(least, None)
    return Between(least, max(one.largest, other.largest))


def _sum(one: Between, other: Between) -> Between:
    least = None if one.least is None or other.least is None else one.least + other.least
    if one.largest is None or other.largest is None:
        return Between(least, None)
    return Between(least, one.largest + other.largest)


def _product(one: Between, other: Between) -> Between:
    products = [_times(a, b) for a in _ends(one) for b in _ends(other)]
    least, largest = min(products), max(products)
    return Between(
        int(least) if isinstance(least, int) else None,
        int(largest) if isinstance(largest, int) else None,
    )


def _ends(one: Between) -> tuple[int | float, int | float]:
    return (
        -math.inf if one.least is None else one.least,
        math.inf if one.largest is None else one.largest,
    )


def _times(one: int | float, other: int | float) -> int | float:
    return 0 if 0 in (one, other) else one * other

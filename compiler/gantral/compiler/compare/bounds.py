"""Conditions as sets of claims, and when one claim holds wherever another does."""

from __future__ import annotations

from dataclasses import field, replace
from decimal import Decimal

from gantral.compiler.compare.meaning import Meaning
from gantral.compiler.program import (
    Compare,
    DecimalType,
    Expr,
    IntType,
    Literal,
    Logic,
    Negate,
    Not,
)
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@frozen
class Claim:
    """Something that holds. `key` tells it from others, `denies` is the key of its contrary; a
    comparison with a constant number also has what is compared, how, and with what."""

    key: str
    says: str = field(compare=False)
    span: Span = field(compare=False)
    subject: str = field(default="", compare=False)
    operator: str = field(default="", compare=False)
    value: Decimal = field(default=Decimal(0), compare=False)
    denies: str = field(default="", compare=False)


def claims(condition: Expr, holds: bool, of: Meaning) -> frozenset[Claim]:
    """What is known where the condition came out as `holds` says."""
    condition = of.resolved(condition)
    match condition:
        case Not(operand=operand):
            return claims(operand, not holds, of)
        case Logic(operator=operator) if (operator == "and") == holds:
            return claims(condition.left, holds, of) | claims(condition.right, holds, of)
        case Compare():
            return frozenset((_compared(condition, holds, of),))
        case _:
            return frozenset((_opaque(condition, holds, of),))


def implies(one: Claim, other: Claim) -> bool:
    """Whether `other` holds wherever `one` does: the same, or a narrower bound of one value."""
    if one.key == other.key:
        return True
    if not one.operator or not other.operator or one.subject != other.subject:
        return False
    have, want = one.value, other.value
    match other.operator:
        case "<=" | "<":
            strict = other.operator == "<" and one.operator != "<"
            return one.operator in ("<", "<=", "==") and (have < want if strict else have <= want)
        case ">=" | ">":
            strict = other.operator == ">" and one.operator != ">"
            return one.operator in (">", ">=", "==") and (have > want if strict else have >= want)
        case "!=":
            return {
                "==": have != want,
                "<": have <= want,
                "<=": have < want,
                ">": have >= want,
                ">=": have > want,
            }.get(one.operator, False)
        case _:
            return False


def contradict(one: Claim, other: Claim) -> bool:
    """Whether the two can't hold at once, as far as that shows."""
    if one.key == other.denies:
        return True
    if not one.operator or not other.operator or one.subject != other.subject:
        return False
    return implies(one, replace(other, key=other.denies, operator=_NEGATED[other.operator]))


def whole(condition: Expr, holds: bool, of: Meaning) -> Claim:
    """The condition as one claim, whatever it is made of."""
    return _opaque(of.resolved(condition), holds, of)


def _compared(condition: Compare, holds: bool, of: Meaning) -> Claim:
    operator: str = condition.operator if holds else _NEGATED[condition.operator]
    left, right = condition.left, condition.right
    value = _number(right, of)
    if value is None and (value := _number(left, of)) is not None:
        left, operator = right, _FLIPPED[operator]
    if value is None:
        # `not a < b` is `a >= b`, so that either way of writing it is one claim.
        name, denies = (
            f"{of.key(left)} {sign} {of.key(right)}" for sign in (operator, _NEGATED[operator])
        )
        return Claim(name, "condition", condition.span, denies=denies)
    subject = of.key(left)
    name, denies = (
        f"{subject} {sign} {value.normalize()}" for sign in (operator, _NEGATED[operator])
    )
    return Claim(name, "condition", condition.span, subject, operator, value, denies)


def _opaque(condition: Expr, holds: bool, of: Meaning) -> Claim:
    key = of.key(condition)
    says, denies = f"{key} is {holds}", f"{key} is {not holds}"
    return Claim(says, "condition", condition.span, denies=denies)


def _number(value: Expr, of: Meaning) -> Decimal | None:
    match of.resolved(value):
        case Negate(operand=operand):
            inner = _number(operand, of)
            return None if inner is None else -inner
        case Literal(type=IntType() | DecimalType(), value=text):
            return Decimal(text)
        case _:
            return None

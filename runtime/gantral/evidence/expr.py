"""Evaluate the manifest's expressions on leaf values, exactly (docs/manifest.md, EXPR)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Any

from gantral.evidence import forms
from gantral.evidence.errors import EvidenceError

Scalar = Decimal | int | str | bool

# Enough digits for any product of bounded decimals; a result that would not be exact raises.
_EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
_READS = ("new", "old", "path", "under")


def evaluate(expression: Mapping[str, Any], read: Callable[[str, str], str]) -> Scalar:
    """The value of an EXPR tree. ``read(source, pointer)`` gives the leaf value for source
    ``new``, ``old``, ``path`` or ``under`` (then ``gate:pointer``) and raises EvidenceError where
    there is none.

    Raises:
        EvidenceError: ``expression``, for what the closed tree does not hold and for values that
            have no such operation.
    """
    if not isinstance(expression, dict) or len(expression) != 1:
        raise EvidenceError("expression", "a node has exactly one operator")
    ((operator, operand),) = expression.items()
    if not isinstance(operand, (list, dict)):
        raise EvidenceError("expression", f"{operator} has no operands")
    if operator == "const":
        return _scalar(operand[0], operand[1])
    if operator in _READS:
        return _scalar(operand[0], read(operator, operand[1]))
    if operator == "not":
        return not _truth(evaluate(operand, read))  # type: ignore[arg-type]
    if operator == "and":
        return all(_truth(evaluate(part, read)) for part in operand)
    if operator == "or":
        return any(_truth(evaluate(part, read)) for part in operand)
    if not isinstance(operand, list) or len(operand) != 2:
        raise EvidenceError("expression", f"{operator} takes two operands")
    return _binary(operator, evaluate(operand[0], read), evaluate(operand[1], read))


def holds(expression: Mapping[str, Any], read: Callable[[str, str], str]) -> bool:
    """Whether a condition is true.

    Raises:
        EvidenceError: ``expression``.
    """
    return _truth(evaluate(expression, read))


def reads(expression: Any) -> Iterator[tuple[str, str]]:
    """Every ``(source, pointer)`` that the expression reads."""
    if isinstance(expression, dict):
        for operator, operand in expression.items():
            if operator in _READS:
                yield operator, operand[1]
            elif operator != "const":
                yield from reads(operand)
    elif isinstance(expression, list):
        for part in expression:
            yield from reads(part)


def _scalar(kind: str, text: str) -> Scalar:
    try:
        if kind == "decimal":
            return forms.decimal(text)
        if kind == "int":
            return int(forms.decimal(text, whole=True))
        if kind == "bool":
            return {"true": True, "false": False}[text]
        if kind == "date":
            return forms.date_days(text)
        if kind == "instant":
            return forms.instant_ms(text)
        if kind == "duration":
            return forms.duration_ms(text)
        if kind == "string":
            return text
    except KeyError:
        raise EvidenceError("expression", f"{text!r:.40} is no {kind}") from None
    raise EvidenceError("expression", f"unknown type {kind!r:.40}")


def _truth(value: Scalar) -> bool:
    if not isinstance(value, bool):
        raise EvidenceError("expression", "a condition is wanted")
    return value


def _binary(operator: str, left: Scalar, right: Scalar) -> Scalar:
    text = isinstance(left, str)
    if text != isinstance(right, str) or isinstance(left, bool) != isinstance(right, bool):
        raise EvidenceError("expression", f"{operator} of two different types")
    a: Any = left
    b: Any = right
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](a, b)
    if isinstance(left, bool) or operator not in _SUMS or (text and operator != "+"):
        raise EvidenceError("expression", f"no {operator} of these")
    if text:
        return str(a + b)
    try:
        found = _SUMS[operator](Decimal(a), Decimal(b))
        return int(found) if isinstance(left, int) and isinstance(right, int) else found
    except ArithmeticError:
        raise EvidenceError("expression", f"{operator} has no exact result") from None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_SUMS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
}

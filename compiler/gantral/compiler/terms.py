"""Expressions as the closed terms of the manifest (EXPR), or why they are none."""

from __future__ import annotations

from collections.abc import Callable

from gantral.compiler.digest import Tree
from gantral.compiler.program import (
    Binary,
    Compare,
    DecimalType,
    Expr,
    IntType,
    Literal,
    Logic,
    Member,
    Narrowed,
    Negate,
    NewRef,
    Not,
    OldRef,
    ParamRef,
    RecordType,
    Type,
    Widen,
)
from gantral.compiler.shapes import scalar_name
from gantral.dsl.span import Span

RESULT_FIELD = "value"
"""What a result that is no record is called, in evidence and in generated code."""


class NoTerm(Exception):  # noqa: N818 - it says what the expression is not
    """The expression at `span` is no term; `why` names the part in the reader's words."""

    def __init__(self, span: Span, why: str) -> None:
        self.span = span
        self.why = why
        super().__init__(why)


def pointer(steps: tuple[str, ...]) -> str:
    """A path as a JSON pointer (spec names hold neither `/` nor `~`)."""
    return "".join(f"/{step}" for step in steps)


def result_path(result: Type | None, steps: tuple[str, ...]) -> str:
    """`.a.b` in what evidence keeps of a result: one that is no record is the one field `value` of
    a record (ADR 0148)."""
    whole = steps if isinstance(result, RecordType) else (RESULT_FIELD, *steps)
    return "".join(f".{step}" for step in whole)


def expression_term(expression: Expr, leaf: Callable[[Expr], Tree | None]) -> Tree:
    """The EXPR of an expression whose reads `leaf` answers (None: it is no read).

    Raises:
        NoTerm: a verifier can't compute the expression.
    """
    found = leaf(expression)
    if found is not None:
        return found
    match expression:
        case Literal():
            return constant(expression)
        case Widen(base=Literal() as base) if isinstance(expression.type, DecimalType):
            return constant(base, expression.type)
        case Narrowed(base=base):
            return expression_term(base, leaf)
        case Widen(base=base) if isinstance(base.type, IntType | DecimalType):
            # Numbers are compared and added by value: the scale is no part of it.
            return expression_term(base, leaf)
        case Negate(operand=operand):
            zero = constant_of(
                expression, "PT0S" if scalar_name(operand.type) == "duration" else "0"
            )
            return {"-": [zero, expression_term(operand, leaf)]}
        case Not(operand=operand):
            return {"not": expression_term(operand, leaf)}
        case Logic():
            parts = [expression_term(part, leaf) for part in _flat(expression, expression.operator)]
            return {expression.operator: [*parts]}
        case Compare() | Binary():
            sides = [expression_term(one, leaf) for one in (expression.left, expression.right)]
            return {expression.operator: [*sides]}
        case _:
            raise NoTerm(expression.span, "only paths, constants, comparisons and `+ - *` can")


def constant(literal: Literal, wanted: DecimalType | None = None) -> Tree:
    """{"const": [TYPE, text]}; with `wanted`, the literal as a decimal of that scale."""
    if wanted is None:
        return constant_of(literal, literal.value)
    whole, _, digits = literal.value.partition(".")
    text = whole if wanted.scale == 0 else f"{whole}.{digits.ljust(wanted.scale, '0')}"
    return {"const": ["decimal", text]}


def constant_of(expression: Expr, text: str) -> Tree:
    """A constant of the expression's type."""
    return {"const": [scalar_name(expression.type), text]}


def clause_term(condition: Expr, amended: tuple[str, ...]) -> Tree:
    """The EXPR of `amend … where condition` (LANGUAGE section 6); `amended` is the field's path.

    Raises:
        NoTerm: as expression_term.
    """
    field = pointer(amended)

    def leaf(expression: Expr) -> Tree | None:
        if isinstance(expression, NewRef):
            return {"new": [scalar_name(expression.type), field]}
        if isinstance(expression, OldRef):
            return {"old": [scalar_name(expression.type), field]}
        steps = parameter_path(expression)
        return None if steps is None else {"path": [scalar_name(expression.type), pointer(steps)]}

    return expression_term(condition, leaf)


def proposal_term(condition: Expr) -> Tree:
    """The EXPR of `decide … when condition`, over the proposal alone (LANGUAGE section 6).

    Raises:
        NoTerm: as expression_term.
    """

    def leaf(expression: Expr) -> Tree | None:
        steps = parameter_path(expression)
        return None if steps is None else {"path": [scalar_name(expression.type), pointer(steps)]}

    return expression_term(condition, leaf)


def parameter_path(expression: Expr) -> tuple[str, ...] | None:
    """The path of a plain read below a gate's parameter; None when it is anything richer."""
    match expression:
        case ParamRef(name=name):
            return (name,)
        case Narrowed(base=base):
            return parameter_path(base)
        case Member(base=base, name=name):
            above = parameter_path(base)
            return None if above is None else (*above, name)
        case _:
            return None


def _flat(expression: Expr, operator: str) -> list[Expr]:
    if isinstance(expression, Logic) and expression.operator == operator:
        return [*_flat(expression.left, operator), *_flat(expression.right, operator)]
    return [expression]

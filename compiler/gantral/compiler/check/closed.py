"""Conditions that evidence can be judged by, offline: the bound of an `amend`, the `when` of a
`decide` (LANGUAGE section 6; the manifest's EXPR)."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    InstantType,
    IntType,
    JsonType,
    StringType,
)

BOUNDED = (
    StringType, EnumType, IntType, DecimalType, BoolType, DateType, InstantType, DurationType,
    JsonType,
)  # fmt: skip
"""Types whose values can be compared there."""
_CALCULATED = (IntType, DecimalType, DurationType, InstantType)


def misfit(test: ex.Expr) -> ex.Expr | None:
    """The first part of a condition that has another form; None when it has none."""
    match test:
        case ex.Literal() | ex.OldRef() | ex.NewRef():
            return None
        case ex.ParamRef() | ex.Member():
            good = isinstance(test.type, BOUNDED)
        case ex.Logic() | ex.Not():
            good = True
        case ex.Compare():
            good = isinstance(test.left.type, BOUNDED)
        case ex.Binary() | ex.Negate():
            good = isinstance(test.type, _CALCULATED)
        case ex.Narrowed():
            return misfit(test.base)
        case _:
            good = False
    if not good:
        return test
    if isinstance(test, ex.Member):
        return None
    return next((odd for part in ex.children(test) if (odd := misfit(part)) is not None), None)


def reads(test: ex.Expr) -> Iterator[ex.Expr]:
    """What a condition of that form reads of the proposal, in order."""
    if isinstance(test, ex.ParamRef | ex.Member):
        yield test
        return
    for part in ex.children(test):
        yield from reads(part)

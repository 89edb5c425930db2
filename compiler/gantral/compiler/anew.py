"""Where a run may go on in a new history: what the typed program alone can say of its loops.

The place is between two rounds of a loop in the list of `run` itself (LANGUAGE section 9). What
the rest of the run reads is carried over, so it must have a wire form, and the list of a `for
each` is computed again, so it must come out the same. Whether an approval is in scope, and whether
a new history is needed, is judged on the flow graph (`proofs/p6.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from gantral.compiler.program import (
    ApprovalMeta,
    ApprovalRef,
    Expr,
    ForEach,
    Let,
    LetRef,
    Now,
    OutcomeData,
    OutcomeTest,
    ProposedRef,
    Repeat,
    Run,
    Statement,
    VarRef,
    children,
)
from gantral.compiler.program.walk import expressions
from gantral.dsl.span import Span

Anew: TypeAlias = Literal["", "yes", "list", "child"]
"""Of a loop: `yes`, or why not: its list may come out otherwise, or the outcome of a child that
ended before is read in it or after it. Empty: it stands in another block."""


def places(run: tuple[Statement, ...]) -> Mapping[str, Anew]:
    """Site -> word for each loop in the list of `run` itself."""
    found: dict[str, Anew] = {}
    for position, statement in enumerate(run):
        loop = loop_of(statement)
        if loop is None:
            continue
        outcomes = {
            one.binding
            for one in run[:position]
            if isinstance(one, Let) and isinstance(one.value, Run)
        }
        if isinstance(loop, ForEach) and not stays(loop.items, approved=True):
            found[loop.site] = "list"
        elif outcomes & set(read(run[position:])):
            found[loop.site] = "child"
        else:
            found[loop.site] = "yes"
    return found


def loop_of(statement: Statement) -> ForEach | Repeat | None:
    """The loop that a statement is, or that it binds."""
    one = statement.value if isinstance(statement, Let) else statement
    return one if isinstance(one, ForEach | Repeat) else None


def stays(expression: Expr, *, approved: bool = False) -> bool:
    """Whether it comes out the same whenever it is computed from the same names: it reads no
    variable, no clock, no outcome of a child; and, unless ``approved``, no approval."""
    return all(
        not isinstance(one, VarRef | Now | OutcomeTest | OutcomeData)
        and (approved or not isinstance(one, ApprovalRef | ApprovalMeta | ProposedRef))
        for one in _all(expression)
    )


def read(statements: tuple[Statement, ...]) -> Iterator[Span]:
    """The bindings of `let` and `var` that the statements read."""
    for one in expressions(statements):
        yield from _bindings(one)


def read_by(expression: Expr) -> Iterator[Span]:
    """The bindings of `let` and `var` that an expression reads."""
    for one in _all(expression):
        yield from _bindings(one)


def _bindings(one: Expr) -> Iterator[Span]:
    if isinstance(one, LetRef | VarRef):
        yield one.binding
    elif isinstance(one, OutcomeTest | OutcomeData):
        yield one.child.binding


def _all(expression: Expr) -> Iterator[Expr]:
    yield expression
    for child in children(expression):
        yield from _all(child)

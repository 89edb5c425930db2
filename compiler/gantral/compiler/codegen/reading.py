"""What has to be known of statements before they are written."""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.program import (
    ApprovalMeta,
    ApprovalRef,
    BoolType,
    Collect,
    Compare,
    Comprehension,
    EnumType,
    Expr,
    FailureRef,
    Give,
    If,
    Let,
    LetRef,
    Literal,
    OutcomeTest,
    ProposedRef,
    Set,
    Statement,
    Test,
    Typed,
    Var,
    VarRef,
    WaitStatement,
    children,
)
from gantral.compiler.program.walk import blocks, calls, expressions, leaves
from gantral.dsl.span import Span


def leaves_last(statements: tuple[Statement, ...], kind: type[Give] | type[Collect]) -> bool:
    """Whether every `give`, or `collect`, of the block is the last step on its way through it."""
    for position, statement in enumerate(statements):
        last = position == len(statements) - 1
        match statement:
            case Give() | Collect():
                if isinstance(statement, kind) and not last:
                    return False
            case If(then=then, otherwise=otherwise):
                if not last and leaves((statement,), kind):
                    return False
                if not (leaves_last(then, kind) and leaves_last(otherwise, kind)):
                    return False
            case WaitStatement() if leaves((statement,), kind):
                if not last or not all(leaves_last(block, kind) for block in blocks(statement)):
                    return False
            case _ if leaves((statement,), kind):
                # Where a call is done the block goes on, and so it does after a loop.
                return False
            case _:
                pass
    return True


def narrows(condition: Expr) -> bool:
    """Whether the condition can show that something is some, or one of fewer words."""
    if isinstance(condition, Test | OutcomeTest):
        return True
    if (
        isinstance(condition, Compare)
        and isinstance(condition.left.type, EnumType)
        and isinstance(condition.left, Literal) != isinstance(condition.right, Literal)
    ):
        return True
    if isinstance(condition, Comprehension):
        return False
    return any(narrows(part) for part in children(condition))


def used(statements: tuple[Statement, ...]) -> frozenset[Span]:
    """The bindings that generated code reads."""
    found: set[Span] = set()
    for one in expressions(statements):
        match one:
            case LetRef(binding=binding) | VarRef(binding=binding) | ApprovalRef(binding=binding):
                found.add(binding)
            case ApprovalMeta(binding=binding) | ProposedRef(binding=binding):
                found.add(binding)
            case FailureRef(binding=Span() as binding):
                found.add(binding)
            case _:
                pass
    return frozenset(found | _approvals(statements))


def silent(used: frozenset[Span], statements: Iterable[Statement]) -> bool:
    """Whether the block prints nothing: names that nobody reads."""
    for statement in statements:
        match statement:
            case Let(value=value) if not isinstance(value, Typed):
                return False
            case Let(binding=binding) | Var(binding=binding) | Set(binding=binding):
                if binding in used:
                    return False
            case If(then=then, otherwise=otherwise):
                if not (silent(used, then) and silent(used, otherwise)):
                    return False
            case _:
                return False
    return True


def _approvals(statements: Iterable[Statement]) -> set[Span]:
    return {one.binding for call in calls(tuple(statements)) for one in call.under}


def truth_of(expression: Compare) -> tuple[Expr, bool] | None:
    """`x == true` is x: what is compared with a truth value, and whether it is to be true."""
    for one, other in (
        (expression.left, expression.right),
        (expression.right, expression.left),
    ):
        if isinstance(other, Literal) and isinstance(other.type, BoolType):
            return one, (other.value == "true") == (expression.operator == "==")
    return None

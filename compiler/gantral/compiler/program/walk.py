"""One walk over typed statements: what stands in a statement, and everything of a block."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.program.statements import (
    Do,
    Give,
    If,
    Let,
    Run,
    ServiceCall,
    Set,
    Statement,
    Var,
)


def blocks(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks that stand directly in a statement, in source order."""
    match statement:
        case If(then=then, otherwise=otherwise):
            return (then, otherwise)
        case Do(call=call) | Let(value=ServiceCall() as call) if call.handler is not None:
            return (call.handler.body,)
        case _:
            return ()


def everything(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement, in source order, those of the blocks inside too."""
    for statement in statements:
        yield statement
        for block in blocks(statement):
            yield from everything(block)


def calls(statements: tuple[Statement, ...]) -> Iterator[ServiceCall]:
    """Every call site, in source order, handlers' included."""
    for statement in everything(statements):
        match statement:
            case Do(call=call) | Let(value=ServiceCall() as call):
                yield call
            case _:
                pass


def runs(statements: tuple[Statement, ...]) -> Iterator[Run]:
    """Every child that is run, in source order."""
    for statement in bindings(statements):
        if isinstance(statement.value, Run):
            yield statement.value


def bindings(statements: tuple[Statement, ...]) -> Iterator[Let]:
    """Every `let`, in source order."""
    return (one for one in everything(statements) if isinstance(one, Let))


def assigned(statements: tuple[Statement, ...]) -> Iterator[Var | Set]:
    """Every `var` and `set`, in source order."""
    return (one for one in everything(statements) if isinstance(one, Var | Set))


def variables(statements: tuple[Statement, ...]) -> Iterator[Var]:
    """Every `var`, in source order."""
    return (one for one in everything(statements) if isinstance(one, Var))


def gives(statements: tuple[Statement, ...]) -> Iterator[Give]:
    """Every `give` of a block that gives to what is around the block, in source order: those of a
    construct inside that nothing binds too."""
    for statement in statements:
        if isinstance(statement, Give):
            yield statement
        elif not isinstance(statement, Let):
            for block in blocks(statement):
                yield from gives(block)

"""One walk over typed statements: what stands in a statement, and everything of a block."""

from __future__ import annotations

from collections.abc import Iterator

from gantral.compiler.program.expressions import Expr, RecordExpr, children
from gantral.compiler.program.statements import (
    Ask,
    AskOnlyIf,
    AskStatement,
    Collect,
    Complete,
    Do,
    ForEach,
    Give,
    If,
    Let,
    Parallel,
    Repeat,
    Require,
    Run,
    ServiceCall,
    Set,
    Sleep,
    Statement,
    Terminate,
    Var,
    Wait,
    WaitStatement,
)


def blocks(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks that stand directly in a statement, in source order."""
    match statement:
        case If(then=then, otherwise=otherwise):
            return (then, otherwise)
        case Do(call=call) | Let(value=ServiceCall() as call) if call.handler is not None:
            return (call.handler.body,)
        case WaitStatement(wait=wait) | Let(value=Wait() as wait):
            return (*(one.body for one in wait.arrivals), wait.otherwise)
        case ForEach(body=body) | Let(value=ForEach(body=body)):
            return (body,)
        case Repeat(body=body, otherwise=rest) | Let(value=Repeat(body=body, otherwise=rest)):
            return (body, rest)
        case Parallel(branches=branches) | Let(value=Parallel(branches=branches)):
            return tuple(one.body for one in branches)
        case _:
            return ()


def everything(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement, in source order, those of the blocks inside too."""
    for statement in statements:
        yield statement
        for block in blocks(statement):
            yield from everything(block)


def within(
    statements: tuple[Statement, ...], around: tuple[ForEach | Repeat, ...] = ()
) -> Iterator[tuple[Statement, tuple[ForEach | Repeat, ...]]]:
    """Every statement, in source order, with the loops that it runs in, outermost first. The `else`
    of a `repeat` runs after its rounds."""
    for statement in statements:
        yield statement, around
        match statement:
            case (ForEach() as loop) | Let(value=ForEach() as loop):
                yield from within(loop.body, (*around, loop))
            case (Repeat() as loop) | Let(value=Repeat() as loop):
                yield from within(loop.body, (*around, loop))
                yield from within(loop.otherwise, around)
            case _:
                for block in blocks(statement):
                    yield from within(block, around)


def looped(
    statements: tuple[Statement, ...],
) -> Iterator[tuple[ServiceCall, tuple[ForEach | Repeat, ...]]]:
    """Every call site with the loops it runs in, outermost first."""
    for statement, around in within(statements):
        match statement:
            case Do(call=call) | Let(value=ServiceCall() as call):
                yield call, around
            case _:
                pass


def run_within(
    statements: tuple[Statement, ...],
) -> Iterator[tuple[Run, tuple[ForEach | Repeat, ...]]]:
    """Every child that is run with the loops it is run in, outermost first."""
    for statement, around in within(statements):
        if isinstance(statement, Let) and isinstance(statement.value, Run):
            yield statement.value, around


def asked(
    statements: tuple[Statement, ...],
) -> Iterator[tuple[Ask, tuple[ForEach | Repeat, ...]]]:
    """Every ask with the loops it stands in, outermost first."""
    for statement, around in within(statements):
        match statement:
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                yield ask, around
            case _:
                pass


def asks(statements: tuple[Statement, ...]) -> Iterator[Ask]:
    """Every ask, in source order."""
    for statement in everything(statements):
        match statement:
            case AskStatement(ask=ask) | Let(value=Ask() as ask):
                yield ask
            case _:
                pass


def calls(statements: tuple[Statement, ...]) -> Iterator[ServiceCall]:
    """Every call site, in source order, handlers' included."""
    for statement in everything(statements):
        match statement:
            case Do(call=call) | Let(value=ServiceCall() as call):
                yield call
            case _:
                pass


def waits(statements: tuple[Statement, ...]) -> Iterator[Wait]:
    """Every `wait`, in source order."""
    for statement in everything(statements):
        match statement:
            case WaitStatement(wait=wait) | Let(value=Wait() as wait):
                yield wait
            case _:
                pass


def loops(statements: tuple[Statement, ...]) -> Iterator[ForEach | Repeat]:
    """Every loop, in source order."""
    for statement in everything(statements):
        match statement:
            case ForEach() | Repeat():
                yield statement
            case Let(value=ForEach() | Repeat() as loop):
                yield loop
            case _:
                pass


def parallels(statements: tuple[Statement, ...]) -> Iterator[Parallel]:
    """Every `parallel`, in source order."""
    for statement in everything(statements):
        match statement:
            case Parallel():
                yield statement
            case Let(value=Parallel() as parallel):
                yield parallel
            case _:
                pass


def waits_beside(statements: tuple[Statement, ...]) -> dict[str, set[str]]:
    """The waits that may be open beside one, in other branches of a `parallel`, by id. One that
    none may be open beside is not there."""
    found: dict[str, set[str]] = {}
    for parallel in parallels(statements):
        sites = [{one.id for one in waits(branch.body)} for branch in parallel.branches]
        for at, own in enumerate(sites):
            others = set().union(*sites[:at], *sites[at + 1 :])
            for site in own if others else ():
                found.setdefault(site, set()).update(others)
    return found


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
        for block in leaving(statement, Give):
            yield from gives(block)


def leaves(statements: tuple[Statement, ...], kind: type[Give] | type[Collect]) -> bool:
    """Whether a `give`, or `collect`, in the block is for what the block is a part of."""
    return any(
        isinstance(one, kind) or any(leaves(block, kind) for block in leaving(one, kind))
        for one in statements
    )


def leaving(
    statement: Statement, kind: type[Give] | type[Collect]
) -> tuple[tuple[Statement, ...], ...]:
    """The blocks in a statement out of which a `give`, or `collect`, is for what is around it: a
    `for each` that is bound takes what is collected, anything else that is bound what is given."""
    match statement:
        case Let(value=ForEach()):
            return blocks(statement) if kind is Give else ()
        case Parallel() | Let(value=Parallel()):
            return ()
        case Let():
            return () if kind is Give else blocks(statement)
        case _:
            return blocks(statement)


def expressions(statements: tuple[Statement, ...]) -> Iterator[Expr]:
    """Every expression in the statements, the inner ones too."""
    for statement in everything(statements):
        for one in _direct(statement):
            yield from parts(one)


def _direct(statement: Statement) -> tuple[Expr, ...]:
    match statement:
        case Do(call=call) | Let(value=ServiceCall() as call):
            return tuple(value for _, value in call.arguments)
        case AskStatement(ask=ask) | Let(value=Ask() as ask):
            asked = (ask.only_if,) if isinstance(ask, AskOnlyIf) else ()
            return (*(value for _, value in ask.arguments), *asked)
        case WaitStatement(wait=wait) | Let(value=Wait() as wait):
            return (wait.within,)
        case Let(value=Run() as run):
            return tuple(value for _, value in run.arguments)
        case ForEach(items=items) | Let(value=ForEach(items=items)):
            return (items,)
        case Repeat() | Parallel() | Let(value=Repeat() | Parallel()):
            return ()
        case Collect(value=value) | Sleep(value=value):
            return (value,)
        case Let(value=value) | Give(value=value) | Var(value=value) | Set(value=value):
            return (value,)  # type: ignore[return-value]
        case If(condition=condition):
            return (condition,)
        case Require(condition=condition, message=message):
            return (condition, message)
        case Terminate(message=message):
            return (message,)
        case Complete(output=RecordExpr(fields=fields)):
            return tuple(value for _, value in fields)
        case Complete(output=output):
            return (output,)
        case _:
            return ()


def parts(expression: Expr) -> Iterator[Expr]:
    """An expression and all inside it."""
    yield expression
    for child in children(expression):
        yield from parts(child)

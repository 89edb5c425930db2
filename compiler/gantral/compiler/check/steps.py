"""How much work an expression can be: told before it is done."""

from __future__ import annotations

from gantral.compiler.check.env import Env
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import ListType, OptionalType, Type
from gantral.dsl.span import Span

MAX_STEPS = 100_000
# The one list without a `max` that a spec can read: who decided. A run takes so many votes.
_UNTOLD = 2_000


def few(env: Env, one: ex.Expr) -> bool:
    """Whether the expression takes at most MAX_STEPS steps; False after a finding (G0226)."""
    if _steps(one) <= MAX_STEPS:
        return True
    _refuse(env, one.span, "this may take")
    return False


def short(env: Env, span: Span, type_: ListType) -> bool:
    """Whether a list that an expression makes has at most MAX_STEPS elements; False after a
    finding (G0226)."""
    if most(type_) <= MAX_STEPS:
        return True
    _refuse(env, span, "this list may have")
    return False


def most(type_: Type) -> int:
    """How many elements a list can have, 1 for any other value."""
    if isinstance(type_, OptionalType):
        return most(type_.inner)
    if isinstance(type_, ListType):
        return _UNTOLD if type_.max is None else type_.max
    return 1


def _steps(one: ex.Expr) -> int:
    """A step is one value computed or passed; it stops counting past MAX_STEPS."""
    total = 0
    pending: list[tuple[ex.Expr, int]] = [(one, 1)]
    while pending and total <= MAX_STEPS:
        part, times = pending.pop()
        match part:
            case ex.Comprehension():
                each = times * most(part.items.type)
                total += each
                pending.append((part.items, times))
                pending.append((part.element, each))
                if part.condition is not None:
                    pending.append((part.condition, each))
                continue
            case ex.FunctionCall(arguments=(first, *_)) | ex.In(items=first):
                total += times * most(first.type)
            case ex.Binary() | ex.Widen():
                total += times * most(part.type)
            case _:
                total += times
        pending += [(inner, times) for inner in ex.children(part)]
    return total


def _refuse(env: Env, span: Span, what: str) -> None:
    of = "elements" if what.endswith("have") else "steps"
    env.findings.error(
        "G0226",
        span,
        f"{what} more than {MAX_STEPS:,} {of}",
        "declare the lists it reads with a smaller `max`",
    )
